"""The maker of `images`."""

from __future__ import annotations

from collections.abc import Iterator

from framecap.model.capture import Image, OutputFile
from framecap.model.output import ImagesOutput


class Maker:
    """Passes every image on.

    Args:
        kind: The output's options.
    """

    def __init__(self, kind: ImagesOutput) -> None:
        del kind

    def add(self, image: Image) -> Iterator[Image]:
        """Yields the image."""
        yield image

    def finish(self) -> Iterator[OutputFile]:
        """Yields nothing: no file is made of several frames."""
        return iter(())
