from framecap.model.media import Plane

def gather(view: Plane, target: Plane) -> None:
    """Fills `target` with `view`, whose rows and columns may stand apart in any direction."""
