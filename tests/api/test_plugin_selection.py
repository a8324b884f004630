"""Selections that an operator installs: toys that only this file has, captured with by a service.

Each is installed as a package is: a module, and an entry point in the metadata beside it.
"""

from __future__ import annotations

import ast
import asyncio
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from google.protobuf.json_format import ParseDict
from google.rpc import error_details_pb2

from framecap.config import Settings, SettingsError
from framecap.decoder.service.settings import DecoderSettings
from framecap.server.serve import StoppedEarly
from framecap.server.stop import Stop
from framecap.v1 import capture_pb2, event_pb2
from framecap.v1.snapshot_service_pb2 import (
    CaptureFramesRequest,
    CaptureImageRequest,
    ExplainCaptureRequest,
)
from support.api.calls import EVERY_SECOND, Taken, code, detail, reason, refusal, take
from support.api.running import Run, Running
from support.architecture.layers import imports
from support.clips import make_clip
from support.decoder.jobs import until

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "service"
PAGE = ROOT / "docs" / "plugins.md"
FRAMES = 100
FRAME_MS = 40

TOY = '''
"""Takes frames whose mean luma differs much from that of the sample before."""

from __future__ import annotations

import numpy as np

from framecap.plugin import Frame, OptionError, Options, Selection


class ToyLeaps(Selection):
    def __init__(self, options: Options) -> None:
        self._least = options.decimal("least", 0, low=0, high=255)
        self._only = options.text("only", "all", allowed=("all", "keyframes"))
        if options.integer("parts", 2, low=1, high=9) % 2:
            raise OptionError("parts", "odd", "is not even", "an even number")

    def feature(self, frame: Frame) -> tuple[int, int, bool]:
        total = int(frame.luma.sum(dtype=np.int64))
        return total, frame.luma.size, frame.keyframe or self._only == "all"

    def score(self, feature: tuple[int, int, bool], previous: object) -> float:
        if previous is None or not feature[2]:
            return -1.0
        return abs(feature[0] - previous[0]) / feature[1]

    def passes(self, score: float) -> bool:
        return score >= self._least
'''

FAULTY = """
from framecap.plugin import Options, Selection


class Faulty(Selection):
    def __init__(self, options: Options) -> None:
        self._fails = options.text("fails")
        if self._fails == "constructor":
            raise KeyError("the secret of the plug-in")

    def feature(self, frame):
        if self._fails == "feature" and frame.time > 1:
            raise KeyError("the secret of the plug-in")
        if self._fails == "exit":
            raise SystemExit("the secret of the plug-in")
        return None if self._fails == "none" else frame.dhash

    def score(self, feature, previous):
        if self._fails == "score" and previous is not None:
            raise KeyError("the secret of the plug-in")
        return {"nan": float("nan"), "text": "high"}.get(self._fails, 1)

    def passes(self, score):
        if self._fails == "passes":
            raise KeyError("the secret of the plug-in")
        return True
"""

BROKEN = "raise OSError('the secret of the module')\n"
NO_SELECTION = "thing = object()\n"
INCOMPLETE = """
from framecap.plugin import Selection


class Thing(Selection):
    def feature(self, frame):
        return 0
"""
ENDING = "import os\n\nos._exit(0)\n"
HANGING = "import signal\n\nopen(f'{__file__}.loads', 'x').close()\nsignal.pause()\n"
THREADED = """
import threading

from framecap.plugin import Selection as Thing

threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def install(directory: Path, package: str, source: str, **entry_points: str) -> None:
    """Installs a package of one module, with selections by name."""
    directory.mkdir(exist_ok=True)
    (directory / f"{package}.py").write_text(source)
    info = directory / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {package}:{object}" for name, object in entry_points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[framecap.selections]", *lines, ""]))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of packages that fork servers find, with the toys installed."""
    directory = tmp_path / "packages"
    install(directory, "leaping", TOY, toyleaps="ToyLeaps")
    install(directory, "failing", FAULTY, faulty="Faulty")
    install(directory, "breaking", BROKEN, broken="Thing")
    program = (
        f"import sys; sys.path.append({str(directory)!r})\n"
        "from framecap.decoder.child import fork_server\n"
        "fork_server.main(sys.argv[1:])"
    )
    command = (sys.executable, "-I", "-c", program)
    monkeypatch.setattr("framecap.decoder.service.launcher.COMMAND", command)
    return directory


@pytest.fixture(scope="module")
def clip(media: Path) -> Path:
    """A clip whose mean luma changes from frame to frame, by other amounts."""
    path = media / "toyleaps.mp4"
    return make_clip(path, frames=FRAMES, gop=12, b_frames=2, scene=17)


def enabled(*names: str) -> Settings:
    return replace(Settings(), decoder=DecoderSettings(selections=frozenset(names)))


def spec_of(
    name: str = "toyleaps", spacing_ms: int = 0, count: int = 0, **options: str
) -> capture_pb2.CaptureSpec:
    spec = capture_pb2.CaptureSpec(png={})
    spec.plugin.name = name
    spec.plugin.options.update(options)
    spec.plugin.spacing.FromMilliseconds(spacing_ms)
    spec.plugin.max_count = count
    return spec


class Sampled(NamedTuple):
    """A frame as the oracle sees it."""

    number: int
    total: int
    size: int
    keyframe: bool


def sampled(clip: Path, spacing_ms: int) -> list[Sampled]:
    """Returns the samples of a whole decoding."""
    found = []
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            plane = frame.planes[0]
            rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            luma = rows[:, : plane.width]
            total = int(luma.sum(dtype=np.int64))
            found.append(Sampled(number, total, luma.size, bool(frame.key_frame)))
    assert len(found) == FRAMES
    if spacing_ms == 0:
        return found
    return [found[ms // FRAME_MS] for ms in range(0, FRAMES * FRAME_MS, spacing_ms)]


def chosen(clip: Path, spacing_ms: int, count: int, least: Fraction, only: str) -> list[int]:
    """Returns the numbers of the frames to choose, by the sentences of the contract."""
    samples = sampled(clip, spacing_ms)
    passed = []
    for previous, sample in zip([None, *samples], samples, strict=False):
        score = -1.0
        if previous is not None and (sample.keyframe or only == "all"):
            score = abs(sample.total - previous.total) / sample.size
        if score >= least:
            passed.append((-score, sample.number))
    best = sorted(passed)[:count] if count else passed
    return sorted(number for _, number in best)


def numbers(taken: Taken) -> list[int]:
    return [
        round(frame.media_time.ToNanoseconds() / 1_000_000 / FRAME_MS) for frame in taken.frames
    ]


@pytest.mark.parametrize(
    ("spacing_ms", "count", "least", "only"),
    [
        (0, 5, "0", "all"),
        (0, 1, "0", "all"),
        (0, 0, "7.5", "all"),
        (0, 3, "7.5", "all"),
        (120, 4, "0", "all"),
        (500, 0, "0", "all"),
        (0, 3, "0", "keyframes"),
        (40, 90, "0.25", "all"),
    ],
)
async def test_the_frames_are_those_of_an_obvious_oracle(
    run: Run, installed: Path, clip: Path, spacing_ms: int, count: int, least: str, only: str
) -> None:
    expected = chosen(clip, spacing_ms, count, Fraction(least), only)
    assert expected
    spec = spec_of("toyleaps", spacing_ms, count, least=least, only=only)
    async with run(enabled("toyleaps")) as client:
        taken = await take(client.stub, source=str(clip), spec=spec)
        assert numbers(taken) == expected
        # One processor is one thread: decoders inherit it from the fork server.
        os.sched_setaffinity(client.service.launcher.pid or 0, {min(os.sched_getaffinity(0))})
        alone = await take(client.stub, source=str(clip), spec=spec)
    assert alone.images() == taken.images()
    assert {frame.reason for frame in taken.frames} == {event_pb2.SELECTION_REASON_SCORE}
    assert [frame.index for frame in taken.frames] == list(range(1, len(expected) + 1))


async def test_the_request_has_an_identity_and_no_text(
    run: Run, installed: Path, clip: Path
) -> None:
    specs = [
        spec_of(count=2),
        capture_pb2.CaptureSpec(png={}, plugin={"name": "toyleaps", "max_count": 2}),
        spec_of(count=3),
        spec_of(count=2, least="1"),
        spec_of("faulty", count=2, fails="no"),
    ]
    async with run(enabled("toyleaps", "faulty")) as client:
        found = [await take(client.stub, source=str(clip), spec=spec) for spec in specs]
    accepted = [taken.events[0].accepted for taken in found]
    assert {first.text for first in accepted} == {""}
    assert accepted[0].key == accepted[1].key
    assert len({first.key for first in accepted}) == 4
    assert accepted[3].spec.plugin.options == {"least": "1"}


async def test_a_shortfall_is_explained(run: Run, installed: Path, clip: Path) -> None:
    passing = chosen(clip, 0, 0, Fraction("7.5"), "all")
    async with run(enabled("toyleaps")) as client:
        spec = spec_of("toyleaps", count=200, least="7.5")
        taken = await take(client.stub, source=str(clip), spec=spec)
    assert numbers(taken) == passing
    found = {lack.reason: lack.count for lack in taken.finished.shortfalls}
    below = FRAMES - len(passing)
    assert found == {
        event_pb2.SHORTFALL_REASON_BELOW_THRESHOLD: below,
        event_pb2.SHORTFALL_REASON_NO_MORE_FRAMES: 200 - FRAMES,
    }
    assert taken.finished.explanation == (
        f"asked 200, gave {len(passing)}: {below} did not pass, 100 for want of more frames"
    )


async def test_it_is_planned(run: Run, installed: Path, clip: Path) -> None:
    async with run(enabled("toyleaps")) as client:
        answer = await client.stub.ExplainCapture(
            ExplainCaptureRequest(source=str(clip), spec=spec_of(count=3))
        )
        (output,) = answer.plan.outputs
        assert output.expected_count == 3
        assert answer.plan.explanation.startswith("The samples are compared first;")
        wrong = ExplainCaptureRequest(source=str(clip), spec=spec_of(least="256"))
        status = await refusal(client.stub.ExplainCapture(wrong))
        assert reason(status) == "VALUE_OUT_OF_RANGE"


async def test_one_image_is_the_first(run: Run, installed: Path, clip: Path) -> None:
    spec = spec_of(least="7.5")
    async with run(enabled("toyleaps")) as client:
        taken = await take(client.stub, source=str(clip), spec=spec)
        one = await client.stub.CaptureImage(CaptureImageRequest(source=str(clip), spec=spec))
    assert len(taken.frames) > 1
    assert one.data == taken.images()[0]


@pytest.mark.parametrize(
    ("names", "sentence", "allowed"),
    [
        ((), "is not installed", "the name of an installed selection"),
        (("faulty", "toyleaps"), "is not one of faulty, toyleaps", "faulty, toyleaps"),
    ],
)
async def test_a_name_that_is_not_enabled_is_refused_at_once(
    run: Run, installed: Path, clip: Path, names: tuple[str, ...], sentence: str, allowed: str
) -> None:
    async with run(enabled(*names)) as client:
        taken = await take(client.stub, source=str(clip), spec=spec_of("broken"))
    assert taken.events == []
    assert (code(taken.status), reason(taken.status)) == ("INVALID_ARGUMENT", "VALUE_OUT_OF_RANGE")
    (violation,) = detail(taken.status, error_details_pb2.BadRequest).field_violations
    assert violation.field == "spec.plugin.name"
    assert violation.description == f"spec.plugin.name: broken {sentence}"
    assert detail(taken.status, error_details_pb2.ErrorInfo).metadata["allowed"] == allowed


@pytest.mark.parametrize(
    ("name", "options", "field", "why", "sentence"),
    [
        ("toyleaps", {"least": "256"}, "least", "VALUE_OUT_OF_RANGE", "256 is not in 0..255"),
        ("toyleaps", {"least": "1e2"}, "least", "VALUE_OUT_OF_RANGE", "1e2 is not in 0..255"),
        ("toyleaps", {"parts": "+2"}, "parts", "VALUE_OUT_OF_RANGE", "+2 is not in 1..9"),
        ("toyleaps", {"parts": "3"}, "parts", "VALUE_OUT_OF_RANGE", "odd is not even"),
        ("toyleaps", {"only": ""}, "only", "VALUE_OUT_OF_RANGE", '"" is not one of all, keyframes'),
        (
            "toyleaps",
            {"most": "3"},
            "most",
            "OPTION_UNKNOWN",
            "is no option of toyleaps; allowed: least, only, parts",
        ),
        ("faulty", {}, "fails", "OPTION_MISSING", "is required; allowed: a text"),
    ],
)
async def test_a_wrong_option_is_refused_by_its_field(
    run: Run,
    installed: Path,
    clip: Path,
    name: str,
    options: dict[str, str],
    field: str,
    why: str,
    sentence: str,
) -> None:
    async with run(enabled("toyleaps", "faulty")) as client:
        taken = await take(client.stub, source=str(clip), spec=spec_of(name, **options))
    assert taken.cases[0] == "accepted"
    assert taken.finished.status == taken.status
    assert (code(taken.status), reason(taken.status)) == ("INVALID_ARGUMENT", why)
    path = f"spec.plugin.options.{field}"
    (violation,) = detail(taken.status, error_details_pb2.BadRequest).field_violations
    assert (violation.field, violation.description) == (path, f"{path}: {sentence}")


class TestFaults:
    """Plug-ins that fail: a fault of the installation, not of the file."""

    @pytest.fixture
    def expected_errors(self) -> list[str]:
        return ["incident [0-9a-f]{16}"]

    @pytest.mark.parametrize(
        "fails",
        ["constructor", "feature", "score", "passes", "none", "nan", "text", "exit"],
    )
    async def test_a_plug_in_that_fails(
        self,
        run: Run,
        installed: Path,
        clip: Path,
        caplog: pytest.LogCaptureFixture,
        fails: str,
    ) -> None:
        async with run(enabled("toyleaps", "faulty")) as client:
            taken, other = await asyncio.gather(
                take(client.stub, source=str(clip), spec=spec_of("faulty", fails=fails)),
                take(client.stub, source=str(clip), spec=spec_of(count=3)),
            )
            again = await take(client.stub, source=str(clip), text=EVERY_SECOND)
        assert (code(taken.status), reason(taken.status)) == ("INTERNAL", "INTERNAL")
        assert taken.finished.status == taken.status
        assert "secret" not in f"{taken}" and "faulty failed" not in f"{taken}"
        assert detail(taken.status, error_details_pb2.ErrorInfo).metadata["incident"] in caplog.text
        assert "the selection faulty" in caplog.text
        assert ("the secret of the plug-in" in caplog.text) == (
            fails not in {"none", "nan", "text"}
        )
        assert other.status is None and numbers(other) == chosen(clip, 0, 3, Fraction(0), "all")
        assert len(again.frames) == 4
        # A traceback holds on to the call, and that to the sockets of grpc's poller.
        caplog.clear()


@pytest.mark.parametrize(
    ("name", "source", "sentence"),
    [
        (
            "absent",
            None,
            "is not installed; no package has it in the entry point group framecap.selections",
        ),
        ("broken", None, "cannot be imported; standard error has the traceback"),
        ("odd", NO_SELECTION, "is no class derived from framecap.plugin.Selection"),
        (
            "threaded",
            THREADED,
            "starts threads when it is imported, which the processes that capture do not inherit",
        ),
        ("half", INCOMPLETE, "lacks a method that it must have: feature, score or both"),
        ("toyleaps", TOY, "is in the entry point groups of several packages"),
    ],
)
async def test_a_selection_that_cannot_be_loaded_ends_the_start(
    run: Run,
    installed: Path,
    capfd: pytest.CaptureFixture[str],
    name: str,
    source: str | None,
    sentence: str,
) -> None:
    if source is not None:
        attribute = {"odd": "thing", "toyleaps": "ToyLeaps"}.get(name, "Thing")
        install(installed, "another", source, **{name: attribute})
    with pytest.raises(SettingsError) as caught:
        # Those before it in the list are loaded, and are not to blame.
        async with run(enabled("faulty", name)):
            pass
    assert str(caught.value) == f"selections: {name} {sentence}"
    written = capfd.readouterr().err
    assert f"FRAMECAP_SELECTIONS: {name} {sentence}" in written
    assert ("the secret of the module" in written) == (name == "broken")


async def test_a_selection_that_ends_the_process_that_loads_it_ends_the_start(
    run: Run, installed: Path
) -> None:
    install(installed, "another", ENDING, ending="Thing")
    with pytest.raises(SettingsError, match=r"selections: the process that loads ending, faulty"):
        async with run(enabled("faulty", "ending")):
            pass


async def test_a_stop_ends_a_start_that_hangs_in_a_selection(run: Run, installed: Path) -> None:
    install(installed, "another", HANGING, hanging="Thing")
    stop = Stop()

    async def start() -> None:
        async with run(enabled("hanging"), stop=stop):
            pass

    task = asyncio.create_task(start())
    await until((installed / "another.py.loads").exists)
    stop.request()
    with pytest.raises(StoppedEarly):
        await task


async def test_only_enabled_selections_are_loaded(run: Run, installed: Path, clip: Path) -> None:
    def loaded(client: Running) -> set[str]:
        maps = Path(f"/proc/{client.service.launcher.pid}/cmdline").read_text()
        return set(maps.split("\0")) & {"toyleaps", "faulty", "broken"}

    # `broken` is installed, and its import would end the start.
    async with run(enabled("toyleaps")) as client:
        assert loaded(client) == {"toyleaps"}
        assert not list(installed.glob("__pycache__/failing*"))
        assert list(installed.glob("__pycache__/leaping*"))
    async with run() as client:
        assert loaded(client) == set()


async def test_a_request_with_validate_only_checks_the_name(
    run: Run, installed: Path, clip: Path
) -> None:
    async with run(enabled("toyleaps")) as client:
        request = CaptureFramesRequest(source=str(clip), spec=spec_of(), validate_only=True)
        events = [
            answer.event.WhichOneof("event") async for answer in client.stub.CaptureFrames(request)
        ]
        assert events == ["accepted", "finished"]


async def test_the_page_for_authors_is_true(
    run: Run, installed: Path, clip: Path, tmp_path: Path
) -> None:
    blocks = dict(re.findall(r"```(python|toml|json)\n(.*?)```", PAGE.read_text(), re.DOTALL))
    project = tomllib.loads(blocks["toml"])["project"]
    (group, points) = project["entry-points"].popitem()
    assert group == "framecap.selections"
    ((name, value),) = points.items()
    module, _, attribute = value.partition(":")
    install(installed, module, blocks["python"], **{name: attribute})
    request = json.loads(blocks["json"])
    spec = ParseDict(request, capture_pb2.CaptureSpec())
    least = request["plugin"]["options"]["least"]
    expected = chosen(clip, 200, request["plugin"]["max_count"], Fraction(least), "all")
    async with run(enabled(name)) as client:
        taken = await take(client.stub, source=str(clip), spec=spec)
    assert expected and numbers(taken) == expected


def test_the_toys_import_one_module_of_ours() -> None:
    for source in (TOY, FAULTY, THREADED):
        ours = {name.rpartition(".")[0] for _, name in imports(source, "toy") if "framecap" in name}
        assert ours == {"framecap.plugin"}
        ast.parse(source)


def test_that_module_needs_none_of_ours() -> None:
    program = (
        "import sys; before = set(sys.modules); import framecap.plugin\n"
        "loaded = sorted(name for name in sys.modules if name.startswith('framecap'))\n"
        "print(loaded)"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert printed.stdout.strip() == "['framecap', 'framecap.plugin']"


def test_nothing_of_the_service_names_a_toy() -> None:
    words = ("toyleaps", "ToyLeaps", "leaping", "Faulty")
    texts = {path: path.read_text() for path in SERVICE.rglob("*.py")}
    assert len(texts) > 100
    assert [(path, word) for path, text in texts.items() for word in words if word in text] == []
