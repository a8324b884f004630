from framecap.model.media import Plane

def gather(view: Plane, dst: Plane) -> None:
    """Fills `dst` with `view`, whose rows and columns may stand apart in any direction."""
