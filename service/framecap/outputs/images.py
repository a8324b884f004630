"""`images`: one image of each frame."""

from __future__ import annotations

from typing import Any

from framecap.model.output import ImagesOutput
from framecap.outputs.row import Output
from framecap.v1 import capture_pb2 as pb


class Images(Output[ImagesOutput]):
    """One image of each frame."""

    kind = ImagesOutput
    case = "images"
    maker = "framecap.outputs.images_maker"

    def read_proto(self, message: Any) -> ImagesOutput:
        """Returns the kind; it has no options."""
        return ImagesOutput()

    def write_proto(self, kind: ImagesOutput, message: pb.Output) -> None:
        """Writes the case."""
        message.images.SetInParent()
