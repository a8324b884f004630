"""A mode is named in `modes/` and a format in `formats/`, and neither anywhere else in the code."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.architecture.layers import modules
from support.architecture.one_place import EXCEPTIONS, formats_in, modes_in

ROOT = Path(__file__).parents[2]

OUTSIDE = "framecap.pipeline.video"


def mentions(source: str, module: str) -> list[str]:
    """Returns the words of a source file that name a mode or a format, where none may."""
    return [
        mention.word
        for mention in (*modes_in(source, module), *formats_in(source, module))
        if (module, mention.word) not in EXCEPTIONS
    ]


def test_modes_and_formats_are_named_in_their_own_places_only() -> None:
    found = [
        f"{module}:{mention.line}: names {mention.word}"
        for path, module in modules(ROOT / "service")
        for search in (modes_in, formats_in)
        for mention in search(path.read_text(), module)
        if (module, mention.word) not in EXCEPTIONS
    ]
    assert not found, "\n".join(found)


def test_exceptions_are_few_used_and_have_reasons() -> None:
    used = {
        (module, mention.word)
        for path, module in modules(ROOT / "service")
        for search in (modes_in, formats_in)
        for mention in search(path.read_text(), module)
    }
    assert EXCEPTIONS.keys() <= used
    assert len(EXCEPTIONS) <= 12
    assert all(EXCEPTIONS.values())


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("from framecap.model.spec import IntervalSelection", "IntervalSelection"),
        ("if isinstance(selection, spec.KeyframeSelection): ...", "KeyframeSelection"),
        ("match selection:\n    case AverageSelection(): ...", "AverageSelection"),
        ("match selection:\n    case pb.ChangeSelection(): ...", "ChangeSelection"),
        ("RANKED = {InstantSelection: 1}", "InstantSelection"),
        ("def f(selection: IntervalSelection) -> None: ...", "IntervalSelection"),
        ("from framecap.modes.change import ChangeMode", "ChangeMode"),
        ("if isinstance(selector, KeyframeSelector | Other): ...", "KeyframeSelector"),
        ("if isinstance(selector, (compared.RankedSelector,)): ...", "RankedSelector"),
        ("match selector:\n    case InstantSelector(): ...", "InstantSelector"),
        ("if mode.name == 'dhash': ...", "dhash"),
        ("match mode.name:\n    case 'avg': ...", "avg"),
        ("COSTS = {'instants': 1}", "instants"),
        ("if message.WhichOneof('selection') == 'average': ...", "average"),
        ("getattr(message, 'keyframe')", "keyframe"),
        ("if spec.format is ImageFormat.JPG: ...", "ImageFormat.JPG"),
        ("match spec.format:\n    case ImageFormat.PNG: ...", "ImageFormat.PNG"),
        ("number = capture_pb2.IMAGE_FORMAT_PNG", "IMAGE_FORMAT_PNG"),
        ("from framecap.v1.capture_pb2 import IMAGE_FORMAT_JPG", "IMAGE_FORMAT_JPG"),
        ("quality = message.jpeg.quality", "jpeg"),
        ("CaptureSpec(jpeg=JpegEncoding())", "jpeg"),
        ("if spec.format.value == 'jpg': ...", "jpg"),
        ("TYPES = {'x': 'image/jpeg'}", "image/jpeg"),
        ("match extension:\n    case 'jfif': ...", "jfif"),
        ("print('PNG')", "PNG"),
        ("name = f'{stem}_{index}.jpg'", ".jpg"),
        ("name = 'poster.png'", ".png"),
        ("data.startswith(b'\\xff\\xd8\\xff')", repr(b"\xff\xd8\xff")),
    ],
)
def test_a_planted_mention_is_found(source: str, word: str) -> None:
    assert mentions(source, OUTSIDE) == [word]
    assert mentions(source, "framecap.spec.text") == [word]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("framecap.modes.interval", "from framecap.model.spec import IntervalSelection"),
        ("framecap.model.spec", "DEFAULT = IntervalSelection()\nJPG = 'jpg'"),
        ("framecap.formats.jpg", "TYPE, SIGNATURE = 'image/jpeg', b'\\xff\\xd8\\xff'"),
        ("framecap.formats.encode", "format = ImageFormat.JPG"),
        # A codec of the source is no format of images.
        ("framecap.media.decoding.intra", "CODECS = {'mjpeg', 'png'}"),
        (OUTSIDE, '"""Makes a JPEG of each interval.\n\n    film.jpg\n"""'),
        (OUTSIDE, "row = FORMATS[spec.format]"),
        (OUTSIDE, "selector = RankedSelector(samples)"),
        (OUTSIDE, "if isinstance(wanted, PtsRange): ..."),
        (OUTSIDE, "metadata = {'key': key}"),
        (OUTSIDE, "if frame.keyframe: ..."),
        (OUTSIDE, "from framecap.model.spec import Selection"),
    ],
)
def test_what_is_allowed_is_not(module: str, source: str) -> None:
    assert mentions(source, module) == []


@pytest.mark.parametrize("module", ["framecap.formatsx", "framecap.model.specs", "framecap.mode"])
def test_a_place_is_a_whole_name(module: str) -> None:
    assert mentions("x = IntervalSelection, ImageFormat.JPG", module) != []
