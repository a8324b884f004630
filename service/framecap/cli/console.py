"""Console output of a capture: one line per image, and a sentence at the end."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from framecap.cli.progress import ProgressBar, counted
from framecap.model.names import visible
from framecap.storage.buckets import Buckets
from framecap.timebase import format_time
from framecap.v1 import event_pb2


class Console:
    """Shows a capture's events to a person.

    Standard output has one line per image, `PATH TAB TIME`, so that a script can split it;
    invisible characters of a path are escaped. Everything else goes to standard error.

    Args:
        bar: The progress bar; it shares the terminal with the lines.
        buckets: The buckets, to show an object of a local bucket as a file.
        quiet: True when standard output has another use; then images have no lines.
    """

    def __init__(self, bar: ProgressBar, *, buckets: Buckets, quiet: bool) -> None:
        self._bar = bar
        self._buckets = buckets
        self._quiet = quiet
        self._folders: set[str] = set()
        self._replaced = 0
        self._finished = event_pb2.CaptureEvent().finished

    @property
    def finished(self) -> event_pb2.CaptureFinished:
        """The last event; empty until it arrives."""
        return self._finished

    def show(self, event: event_pb2.CaptureEvent) -> None:
        """Shows one event."""
        match event.WhichOneof("event"):
            case "accepted":
                for warning in event.accepted.warnings:
                    self._warn(warning)
            case "warning":
                self._warn(event.warning)
            case "progress":
                self._bar.update(event.progress)
            case "frame":
                self._image(event.frame)
            case "finished":
                self._finished = event.finished

    def closing(self) -> str:
        """Returns the closing sentence of a successful capture."""
        finished = self._finished
        sentence = counted(finished.captured_count)
        if len(self._folders) == 1:
            sentence += f" in {min(self._folders) or 'the current directory'}"
        elif self._folders:
            sentence += f" in {len(self._folders)} folders"
        if self._replaced:
            sentence += f", only the last of them stored ({self._replaced} had the same name)"
        parts = [sentence + "."]
        if finished.explanation:
            parts.append(finished.explanation)
        damage = finished.damage
        if damage.damaged_count or damage.undecodable_count:
            parts.append(
                f"The video is damaged: {counted(damage.damaged_count)} affected, "
                f"{damage.undecodable_count} packets not decodable."
            )
        return " ".join(parts)

    def _image(self, frame: event_pb2.FrameCaptured) -> None:
        if frame.superseded:
            self._replaced += 1
            return
        path = visible(readable(frame.uri, self._buckets))
        self._folders.add(os.path.dirname(path))
        if self._quiet:
            return
        line = f"{path}\t{format_time(frame.media_time.ToNanoseconds())}"
        if self._bar.shown and sys.stdout.isatty():
            self._bar.print(line)
        else:
            print(line, flush=True)

    def _warn(self, warning: event_pb2.CaptureWarning) -> None:
        line = f"framecap: warning: {warning.message}"
        if self._bar.shown:
            self._bar.print(line)
        else:
            print(line, file=sys.stderr)


def readable(uri: str, buckets: Buckets) -> str:
    """Returns the path of the file that an image's URI names, relative if below this directory.

    An object of a remote store has no path; its URI is returned.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        key = uri.removeprefix(f"s3://{parts.netloc}/")
        return buckets.find(parts.netloc).path_of(key) or uri
    path = Path(unquote(parts.path, errors="surrogateescape"))
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
