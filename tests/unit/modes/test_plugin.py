"""Installed selections, in one process: what their code sees and may do."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from framecap.errors import ValueOutOfRange
from framecap.model.capture import Reason
from framecap.model.lease import Lease
from framecap.model.media import Frame as DecodedFrame
from framecap.model.spec import CaptureSpec, ImageFormat, PluginSelection, SeekPolicy
from framecap.modes import plugin as mode
from framecap.modes.features import MeasuredFrame
from framecap.modes.plugin import Installed, PluginFailed, PluginMode
from framecap.pipeline.samples import Fate, Sample, Sampling
from framecap.plugin import Frame, OptionError, Options, Selection
from support.clips import make_clip
from support.pipeline.running import run, structured


class Brightest(Selection):
    """Scores a sample by its mean luma."""

    made = 0

    def __init__(self, options: Options) -> None:
        Brightest.made += 1
        self._least = options.decimal("least", 0, low=0, high=255)

    def feature(self, frame: Frame) -> Fraction:
        return Fraction(int(frame.luma.sum(dtype=np.int64)), frame.luma.size)

    def score(self, feature: Fraction, previous: Fraction | None) -> float:
        return float(feature)

    def passes(self, score: float) -> bool:
        return score > self._least


class Hungry(Brightest):
    """Needs more memory than there is."""

    def feature(self, frame: Frame) -> Fraction:
        raise MemoryError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """The selections that this process has loaded, for one test."""
    loaded = Installed()
    loaded.add("brightest", Brightest)
    loaded.add("hungry", Hungry)
    monkeypatch.setattr(mode, "INSTALLED", loaded)
    return loaded


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plugin") / "clip.mp4"
    return make_clip(path, frames=60, gop=7, b_frames=2)


def spec(count: int = 0, spacing: int = 0, **options: str) -> CaptureSpec:
    return structured(
        PluginSelection(
            name="brightest",
            options=tuple(sorted(options.items())),
            max_count=count,
            spacing=spacing,
        )
    )


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("count", [0, 4])
def test_the_number_of_threads_changes_nothing(clip: Path, count: int) -> None:
    runs = [run(clip, spec(count, least="100.25"), threads=threads) for threads in (1, 2, 5)]
    first = [(image.index, image.pts, image.data) for image in runs[0].images]
    assert first and len(first) < 60
    for other in runs[1:]:
        assert [(image.index, image.pts, image.data) for image in other.images] == first
    assert {image.reason for image in runs[0].images} == {Reason.SCORE}
    assert {image.changed_bits for image in runs[0].images} == {None}


@pytest.mark.usefixtures("installed")
def test_the_first_sample_passes_only_by_its_score(clip: Path) -> None:
    # The number 0 is all black, the darkest there is.
    assert run(clip, spec()).numbers == list(range(60))
    with av.open(str(clip)) as container:
        darkest = next(container.decode(video=0)).to_ndarray()[:108].mean()
    brighter = run(clip, spec(least=f"{darkest + 1:.3f}")).numbers
    assert brighter and 0 not in brighter


@pytest.mark.usefixtures("installed")
def test_keyframes_may_answer_the_grid(clip: Path) -> None:
    request = structured(
        PluginSelection(name="brightest", spacing=500_000_000),
        seek_policy=SeekPolicy.NEAREST_KEYFRAME_BEFORE,
    )
    assert run(clip, request).numbers == [0, 7, 21, 35, 49]


@pytest.mark.usefixtures("installed")
def test_one_object_is_made_for_a_request(clip: Path) -> None:
    Brightest.made = 0
    run(clip, spec(3))
    assert Brightest.made == 1


@pytest.mark.usefixtures("installed")
def test_memory_that_is_not_there_is_the_files_limit(clip: Path) -> None:
    # The decoder makes LIMIT_EXCEEDED of it, as of its own.
    request = CaptureSpec(selection=PluginSelection(name="hungry"), format=ImageFormat.JPG)
    with pytest.raises(MemoryError):
        run(clip, request)


def frame(luma: np.ndarray, depth: int) -> MeasuredFrame:
    luma.flags.writeable = False
    return MeasuredFrame(
        luma=luma, depth=depth, media_time=Fraction(1001, 30000), keyframe=True, dhash=5
    )


class Keeps(Selection):
    """Its features are the frames themselves."""

    def feature(self, frame: Frame) -> Frame:
        return frame

    def score(self, feature: Frame, previous: Frame | None) -> float:
        return 0


@pytest.fixture
def seen(installed: Installed):
    """Returns what a plug-in sees of a frame."""
    installed.add("keeps", Keeps)
    measure = PluginMode().comparison(PluginSelection(name="keeps")).measure
    assert measure is not None
    return measure


def test_a_plug_in_sees_eight_bits_without_a_copy(seen) -> None:
    padded = np.arange(60, dtype=np.uint8).reshape(6, 10)
    found = seen(frame(padded[:, :7], 8))
    assert found.luma.base is not None and np.shares_memory(found.luma, padded)
    assert (found.luma == padded[:, :7]).all()
    assert (found.time, found.keyframe, found.dhash) == (Fraction(1001, 30000), True, 5)
    with pytest.raises(ValueError, match="read-only"):
        found.luma[0, 0] = 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        found.luma.flags.writeable = True


@pytest.mark.parametrize("depth", [10, 12, 16])
def test_a_plug_in_sees_the_highest_eight_bits(seen, depth: int) -> None:
    top = 2**depth - 1
    found = seen(frame(np.array([[0, top // 2, top]], np.uint16), depth))
    assert found.luma.dtype == np.uint8
    assert found.luma.tolist() == [[0, 127, 255]]
    assert not found.luma.flags.writeable


def test_the_words_of_a_refusal_are_one_line_of_a_bounded_length(installed: Installed) -> None:
    class Wordy(Brightest):
        def __init__(self, options: Options) -> None:
            raise OptionError("n", "1", "is\nbad\x1b[31m " + "x" * 10_000, "y" * 10_000)

    installed.add("wordy", Wordy)
    with pytest.raises(ValueOutOfRange) as caught:
        PluginMode().check_options(PluginSelection(name="wordy"))
    message = str(caught.value)
    assert message.startswith(r"spec.plugin.options.n: 1 is\nbad\x1b[31m x")
    assert message.isprintable() and len(message) < 600


def test_a_feature_counts_to_the_memory_of_a_sample() -> None:
    bare = DecodedFrame(pts=0, end=1, keyframe=True, damaged=False, native=Lease.released())
    sizes = [
        Sampling.size(None, Sample(frame=bare, fate=Fate.RELEASED, feature=feature))  # type: ignore[arg-type]
        for feature in (1, np.zeros((100, 1000), np.uint8), bytes(100_000))
    ]
    assert sizes[0] < 1000
    assert all(100_000 <= size < 101_000 for size in sizes[1:])


def test_an_array_is_kept_without_its_picture(installed: Installed) -> None:
    class Corner(Brightest):
        def feature(self, frame: Frame) -> np.ndarray:  # type: ignore[override]
            return frame.luma[:2, :2]

    installed.add("corner", Corner)
    measure = PluginMode().comparison(PluginSelection(name="corner")).measure
    assert measure is not None
    luma = np.arange(64, dtype=np.uint8).reshape(8, 8)
    feature = measure(frame(luma, 8))
    assert feature.tolist() == [[0, 1], [8, 9]]
    assert feature.base is None


@pytest.mark.parametrize("loaded", [object(), int, Frame, lambda options: None])
def test_only_classes_of_selections_are_installed(loaded: object) -> None:
    with pytest.raises(TypeError, match=r"no class derived from framecap\.plugin\.Selection"):
        Installed().add("odd", loaded)


def test_a_class_that_lacks_a_method_fails(installed: Installed) -> None:
    installed.add("halfway", type("Halfway", (Selection,), {}))
    with pytest.raises(PluginFailed, match="the selection halfway failed"):
        PluginMode().check_options(PluginSelection(name="halfway"))


class TestOptions:
    """The readers of options."""

    @pytest.mark.parametrize("text", ["", "1.5", "+1", "٣", "1_0", " 1", "9" * 5000, "11", "-1"])
    def test_no_integer(self, text: str) -> None:
        with pytest.raises(OptionError) as caught:
            Options({"n": text}).integer("n", low=0, high=10)
        error = caught.value
        assert (error.option, error.value, error.allowed) == ("n", text, "0..10")

    @pytest.mark.parametrize(
        "text", ["", ".", "1.", ".5", "1e3", "1/2", "-", "nan", "9" * 5000, "2.51", "-2.51"]
    )
    def test_no_decimal(self, text: str) -> None:
        with pytest.raises(OptionError) as caught:
            Options({"n": text}).decimal("n", low=-2, high=Fraction(5, 2))
        assert caught.value.allowed == "-2..2.5"

    def test_values(self) -> None:
        options = Options({"a": "-3", "b": "2.500", "c": "x", "d": "", "e": "7"})
        assert options.integer("a", low=-5, high=5) == -3
        assert options.decimal("b", low=0, high=3) == Fraction(5, 2)
        assert options.text("c", allowed=("x", "y")) == "x"
        assert options.text("d") == ""
        assert options.integer("f", 4, low=0, high=9) == 4
        assert options.decimal("g", Fraction(1, 3), low=0, high=9) == Fraction(1, 3)
        assert options.text("h", "") == ""
        assert options.unknown == ("e",)
        assert options.known == ("a", "b", "c", "d", "f", "g", "h")

    @pytest.mark.parametrize(
        "read",
        [
            lambda options: options.integer("n", low=0, high=1),
            lambda options: options.decimal("n", low=0, high=1),
            lambda options: options.text("n"),
        ],
    )
    def test_what_is_required(self, read) -> None:
        with pytest.raises(OptionError) as caught:
            read(Options({}))
        assert caught.value.value is None
