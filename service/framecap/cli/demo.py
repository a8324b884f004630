"""`framecap demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
import grpc

from framecap.cli.exits import Exit
from framecap.cli.progress import ProgressBar, counted
from framecap.cli.sample.client import Capture, capture
from framecap.cli.sample.clip import write_clip
from framecap.cli.sample.contact_sheet import Section, Shot, draw_contact_sheet
from framecap.cli.sample.service import running_service
from framecap.v1 import event_pb2

CAPTURES: Final = (
    ("even", "Twelve images, spread evenly", "video/snapshots,f_jpg,m_avg,num_12"),
    ("change", "Where the picture changes", "video/snapshots,f_jpg,m_dhash,inter_200,thr_25"),
)
"""Name of the images, title on the contact sheet, request."""


@click.command
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("framecap-demo"),
    envvar="FRAMECAP_OUTPUT",
    show_envvar=True,
    show_default=True,
    metavar="DIR",
    help="Where the sample video and the images go.",
)
def demo(output: Path) -> Exit:
    """Start a service, capture from a sample video, show the images.

    Runs on free ports of this machine, takes some seconds, and ends its service.
    """
    output.mkdir(parents=True, exist_ok=True)
    clip, sheet = output / "sample.mp4", output / "contact-sheet.png"
    with running_service(output) as channel:
        _step("service", "started, on a free port of this machine")
        write_clip(clip)
        _step("video", f"{clip}, drawn and encoded")
        captures = [_capture(channel, clip, request) for _, _, request in CAPTURES]
    for (name, _, request), got in zip(CAPTURES, captures, strict=True):
        for frame, image in zip(got.frames, got.images, strict=True):
            (output / f"{name}_{frame.index:02}.jpg").write_bytes(image)
        _step("capture", f"{counted(len(got.images))} for {request}")
    _draw(sheet, captures)
    _step("images", f"{output}/, all of them on {sheet}")
    return Exit.DONE


def _step(label: str, words: str) -> None:
    click.echo(f"{label:<9} {words}")


def _capture(channel: grpc.Channel, clip: Path, request: str) -> Capture:
    with ProgressBar(sys.stderr) as bar:
        try:
            return capture(channel, clip.resolve(), request, bar.update)
        except grpc.RpcError as error:
            raise click.ClickException(f"{error.details()} ({error.code().name})") from error


def _draw(sheet: Path, captures: list[Capture]) -> None:
    """Writes the contact sheet."""
    media = captures[0].media
    sections = [
        Section(title=title, request=request, shots=tuple(_shots(name, got)))
        for (name, title, request), got in zip(CAPTURES, captures, strict=True)
    ]
    duration = media.duration.ToNanoseconds()
    subtitle = (
        f"sample.mp4   {media.codec}   {media.width} x {media.height}   {duration // 10**9} s"
    )
    draw_contact_sheet(sections, subtitle=subtitle, duration=duration).save(sheet)


def _shots(name: str, got: Capture) -> list[Shot]:
    return [
        Shot(
            data=bytes(image),
            time=frame.media_time.ToNanoseconds(),
            note=_note(frame) if name == "change" else f"{frame.size_bytes // 1000} kB",
        )
        for frame, image in zip(got.frames, got.images, strict=True)
    ]


def _note(frame: event_pb2.FrameCaptured) -> str:
    return f"change {frame.change:.0f} %" if frame.index > 1 else "first"
