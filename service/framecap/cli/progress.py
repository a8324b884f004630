"""The progress bar."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
)

from framecap.timebase import format_time
from framecap.v1 import event_pb2

PHASES: Final[Mapping[int, str]] = {
    event_pb2.CAPTURE_PHASE_QUEUED: "waiting",
    event_pb2.CAPTURE_PHASE_OPENING: "opening",
    event_pb2.CAPTURE_PHASE_MEASURING: "measuring",
    event_pb2.CAPTURE_PHASE_HASHING: "comparing",
    event_pb2.CAPTURE_PHASE_DECODING: "capturing",
    event_pb2.CAPTURE_PHASE_UPLOADING: "storing",
    event_pb2.CAPTURE_PHASE_DONE: "done",
}


class ProgressBar:
    """Shows the progress of a capture on a terminal, and nothing elsewhere. Disappears at the end.

    Args:
        stream: The stream to draw on.
    """

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TaskProgressColumn(),
            TextColumn("{task.fields[detail]}"),
            console=self._console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("opening", total=None, detail="")

    @property
    def shown(self) -> bool:
        """True on a terminal."""
        return not self._bar.disable

    def update(self, progress: event_pb2.CaptureProgress) -> None:
        """Shows a progress event."""
        done = progress.done.ToNanoseconds()
        total = progress.total.ToNanoseconds() if progress.HasField("total") else None
        detail = [format_time(done)]
        if progress.captured_count:
            detail.append(counted(progress.captured_count))
        if progress.HasField("time_left"):
            detail.append(f"{progress.time_left.ToSeconds()} s left")
        self._bar.update(
            self._task,
            description=PHASES.get(progress.phase, "working"),
            completed=min(done, total or done),
            total=total or None,
            detail="  ".join(detail),
        )

    def print(self, line: str) -> None:
        """Writes a line above the bar."""
        self._bar.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()


def counted(count: int) -> str:
    """Returns a number of images in words."""
    return "1 image" if count == 1 else f"{count} images"
