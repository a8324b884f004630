"""The recipes of docs/architecture.md are carried out, and name every file to touch."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image, ImageSequence

from support.architecture.layers import modules, violations
from support.architecture.recipes import Copy, in_tree, recipe
from support.clips import make_clip, read_number

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = Path(ROOT, "docs/architecture.md").read_text()
PATCHES: Final = Path(__file__).with_name("recipes")
CAPTURE: Final = ROOT / "tests/support/architecture/recipe_capture.py"

TITLES: Final = {
    "mode": "Add a mode",
    "format": "Add a format",
    "output": "Add an output",
    "store": "Add a store",
}
MOST: Final = {"mode": 4, "format": 4, "output": 5, "store": 2}
"""The most files that each recipe may touch outside its new member's own."""

NEW: Final = {"mode": "middle", "format": "avif", "output": "animation", "store": "flat"}
"""The new member of each recipe's patch."""

FRAMES: Final = 50

Event = dict[str, Any]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds, 25 frames a second."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=FRAMES)


def carried_out(kind: str, folder: Path) -> Copy:
    """Returns a copy of the tree after the recipe."""
    copy = Copy(ROOT, folder)
    copy.apply(PATCHES / f"{kind}.patch")
    return copy


def captured(copy: Copy, clip: Path, *requests: Event, **environment: str) -> list[list[Event]]:
    """Returns the events of each request, captured by the package of the copy."""
    output = copy.folder / "captured"
    output.mkdir()
    sent = json.dumps([{"source": str(clip), **request} for request in requests])
    ran = subprocess.run(
        [sys.executable, str(CAPTURE), str(output)],
        input=sent,
        env={**os.environ, "PYTHONPATH": str(copy.folder / "service"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    events: list[list[Event]] = []
    for event in map(json.loads, ran.stdout.splitlines()):
        if "accepted" in event:
            events.append([])
        events[-1].append(event)
    assert len(events) == len(requests)
    return events


def of(events: list[Event], case: str) -> list[Event]:
    return [event[case] for event in events if case in event]


def stored(payload: Event) -> bytes:
    data = Path(unquote(urlsplit(payload["uri"]).path)).read_bytes()
    assert len(data) == int(payload["sizeBytes"])
    return data


def assert_follows(kind: str, copy: Copy) -> None:
    """Asserts that the patch touched what the recipe says, and no more files than allowed."""
    named = recipe(PAGE, TITLES[kind])
    assert copy.touched() == named.touched
    assert len(copy.touched()) <= MOST[kind]
    new = copy.new()
    assert {path for path in new if not named.is_own(path, NEW[kind])} == set()
    for own in named.own:
        assert any(path.startswith(own.replace("NAME", NEW[kind])) for path in new)
    found = [
        violation
        for path, module in modules(copy.folder / "service")
        if str(path.relative_to(copy.folder)) in new | copy.touched()
        for violation in violations(path.read_text(), module)
    ]
    assert not found, "\n".join(found)


def assert_readme_has_the_options(copy: Copy) -> None:
    """Asserts what tests/cli/test_readme.py does, of the copy."""
    ran = subprocess.run(
        [sys.executable, "-c", "from framecap.spec.options import table; print(table(), end='')"],
        env={**os.environ, "PYTHONPATH": str(copy.folder / "service")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout in Path(copy.folder, "README.md").read_text()


@pytest.mark.external("git")
def test_a_mode(tmp_path: Path, clip: Path) -> None:
    copy = carried_out("mode", tmp_path)
    assert_follows("mode", copy)
    assert_readme_has_the_options(copy)
    text, structured = captured(
        copy,
        clip,
        {"text": "video/snapshots,f_png,m_middle"},
        {"spec": {"middle": {}, "png": {}, "range": {"endOffset": "1s"}}},
    )
    assert [read_number(stored(frame)) for frame in of(text, "frame")] == [FRAMES // 2]
    assert text[0]["accepted"]["text"] == "video/snapshots,f_png,m_middle"
    (frame,) = of(structured, "frame")
    assert (frame["mediaTime"], frame["requestedTime"]) == ("0.480s", "0.500s")


@pytest.mark.external("git")
def test_a_format(tmp_path: Path, clip: Path) -> None:
    copy = carried_out("format", tmp_path)
    assert_follows("format", copy)
    assert_readme_has_the_options(copy)
    text, structured = captured(
        copy,
        clip,
        {"text": "video/snapshots,f_avif,inter_1000"},
        {"spec": {"interval": {"maxCount": 1}, "avif": {"quality": 10}}},
    )
    frames = of(text, "frame")
    assert [frame["uri"].rpartition("/")[2] for frame in frames] == [
        "clip_0_1.avif",
        "clip_0_2.avif",
    ]
    for frame, number in zip(frames, (0, 25), strict=True):
        with Image.open(BytesIO(stored(frame))) as image:
            assert (image.format, image.size) == ("AVIF", (192, 108))
        assert read_number(stored(frame)) == number
    (coarse,) = of(structured, "frame")
    assert int(coarse["sizeBytes"]) < int(frames[0]["sizeBytes"])


@pytest.mark.external("git")
def test_an_output(tmp_path: Path, clip: Path) -> None:
    copy = carried_out("output", tmp_path)
    assert_follows("output", copy)
    spec = {"interval": {"spacing": "0.4s"}, "jpeg": {}}
    animated, images = captured(
        copy,
        clip,
        {"outputs": {"outputs": [{"name": "moving", "spec": spec, "animation": {}}]}},
        {"spec": spec},
    )
    (file,) = of(animated, "outputFile")
    assert of(animated, "frame") == []
    assert (file["output"], file["index"], file["mediaType"]) == ("moving", 1, "image/gif")
    assert file["range"] == {"startOffset": "0s", "endOffset": "2s"}
    with Image.open(BytesIO(stored(file))) as image:
        numbers = [
            read_number(_png(frame.convert("RGB"))) for frame in ImageSequence.Iterator(image)
        ]
        assert (image.format, image.size, image.info["duration"]) == ("GIF", (192, 108), 400)
    assert numbers == [0, 10, 20, 30, 40]
    (finished,) = of(animated, "finished")
    assert (finished["capturedCount"], finished["imageBytes"]) == ("5", file["sizeBytes"])
    assert len(of(images, "frame")) == 5
    assert animated[0]["accepted"]["key"] != images[0]["accepted"]["key"]


@pytest.mark.external("git")
def test_a_store(tmp_path: Path, clip: Path) -> None:
    copy = carried_out("store", tmp_path)
    assert_follows("store", copy)
    films, shots = tmp_path / "films", tmp_path / "shots"
    films.mkdir()
    shots.mkdir()
    shutil.copyfile(clip, films / "trips%2Fa.mp4")
    buckets = tmp_path / "buckets.toml"
    buckets.write_text(f'[buckets.films]\nflat = "{films}"\n[buckets.shots]\nflat = "{shots}"\n')
    (events,) = captured(
        copy,
        clip,
        {
            "source": "flat://films/trips/a.mp4",
            "text": "video/snapshots,f_png,inter_1000",
            "delivery": {"object": {"bucket": "shots", "keyTemplate": "{barename}/{index}.png"}},
        },
        FRAMECAP_BUCKETS=str(buckets),
    )
    assert events[0]["accepted"]["source"] == "flat://films/trips/a.mp4"
    assert [read_number(stored(frame)) for frame in of(events, "frame")] == [0, 25]
    assert sorted(path.name for path in shots.iterdir()) == ["a%2F1.png", "a%2F2.png"]


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.external("git")
def test_a_patch_that_no_longer_applies_says_what_to_do(tmp_path: Path) -> None:
    copy = Copy(ROOT, tmp_path)
    registry = tmp_path / "service/framecap/modes/registry.py"
    registry.write_text("")
    with pytest.raises(AssertionError, match=r"mode\.patch no longer applies.*Renew it"):
        copy.apply(PATCHES / "mode.patch")


@pytest.mark.parametrize("kind", TITLES)
def test_a_recipe_names_files_there_are_and_few(kind: str) -> None:
    named = recipe(PAGE, TITLES[kind])
    assert named.own
    assert 1 <= len(named.touched) <= MOST[kind]
    assert [path for path in named.touched if not Path(ROOT, path).is_file()] == []


def test_every_patch_is_carried_out() -> None:
    assert {path.stem for path in PATCHES.glob("*.patch")} == NEW.keys()


# What names an existing format, and an existing output, in identifiers and in strings.
PNG: Final = re.compile(r"(?<![a-z])png(?![a-z])", re.IGNORECASE)
PNG_ENCODING: Final = re.compile(r"\bPngEncoding\b")
IMAGES: Final = re.compile(r"\A(ImagesOutput|Images|images_maker|outputs\.images|\"images\")\Z")
IMAGES_FIELD: Final = re.compile(r"\bImagesOutput\b")

ELSEWHERE: Final = {
    "png": {
        "media/containers/streams.py": "a cover in the file, and advice on its format",
        "media/containers/unread_covers.py": "advice on a cover's format",
        "media/decoding/skipping/intra.py": "PNG as a codec of video",
        "media/pictures/cover.py": "advice on a cover's format",
        "media/pictures/still.py": "PNG files that are read",
        "cli/demo.py": "the demo's own contact sheet",
    },
    "images": {"cli/demo.py": "a word that the demo prints"},
}
"""Where an existing format or output is named that no new one need be, each with its reason."""


def mentions(python: re.Pattern[str], proto: re.Pattern[str]) -> Iterator[str]:
    """Yields the files that name something in code, comments and docstrings apart."""
    for path in sorted(Path(ROOT, "service").rglob("*.py")):
        if "_pb2" not in path.name and any(map(python.search, _code(path.read_text()))):
            yield str(path.relative_to(ROOT))
    for path in sorted(Path(ROOT, "proto/framecap").rglob("*.proto")):
        if proto.search(re.sub("//.*", "", path.read_text())):
            yield str(path.relative_to(ROOT))


def _code(source: str) -> Iterator[str]:
    prose = {
        node.value.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME or (
            token.type == tokenize.STRING and token.start[0] not in prose
        ):
            yield token.string


@pytest.mark.parametrize(
    ("kind", "existing", "python", "proto"),
    [("format", "png", PNG, PNG_ENCODING), ("output", "images", IMAGES, IMAGES_FIELD)],
)
def test_a_recipe_names_every_file_that_names_an_existing_member(
    kind: str, existing: str, python: re.Pattern[str], proto: re.Pattern[str]
) -> None:
    named = recipe(PAGE, TITLES[kind])
    found = set(mentions(python, proto))
    own = {path for path in found if named.is_own(path, existing)}
    elsewhere = {in_tree(path) for path in ELSEWHERE[existing]}
    assert own == {path.replace("NAME", existing) for path in named.own}
    assert found - own - elsewhere == named.touched - {"README.md"}
    assert elsewhere <= found, "an exception is no longer needed"
