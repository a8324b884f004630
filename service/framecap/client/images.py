"""Whole images of events whose bytes came in parts."""

from __future__ import annotations

from framecap.v1.event_pb2 import CaptureEvent, FrameCaptured, OutputFile


class WholeImages:
    """Puts the chunks of images and files back into their events."""

    def __init__(self) -> None:
        self._waiting: CaptureEvent | None = None

    def add(self, event: CaptureEvent) -> CaptureEvent | None:
        """Returns an event once it is whole: this one, or that of the image it completes."""
        if event.HasField("chunk"):
            assert self._waiting is not None, "a chunk follows its image"
            _image_of(self._waiting).data += event.chunk.data
        elif event.HasField("frame") or event.HasField("output_file"):
            self._waiting = event
        else:
            return event
        image = _image_of(self._waiting)
        missing = bool(image.data) and len(image.data) < image.size_bytes
        return None if missing else self._waiting


def _image_of(event: CaptureEvent) -> FrameCaptured | OutputFile:
    return event.frame if event.HasField("frame") else event.output_file
