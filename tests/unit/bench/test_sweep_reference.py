"""The sweep's reference: the contract's sentences, and that it stands alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from bench.sweeping import reference
from bench.sweeping.reference import (
    ASF,
    ASF_PROTECTION,
    Dump,
    Film,
    Raw,
    Refusal,
    by_pts,
    counted,
    dhash_of,
    film,
    in_a_row,
    select,
    turned,
    zero_of,
)
from support.clips import make_clip

PROGRAM = Path(reference.__file__)
BENCH = PROGRAM.parents[1]
ITS_OWN = {"av", "numpy"}

# What stands in the way of everything that is framecap's, or shares code with it.
ALONE = """
import runpy, sys
class Bar:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("framecap", "oracles", "media", "clips", "coded", "bench"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Bar())
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
assert not any(name.partition(".")[0] == "framecap" for name in sys.modules)
"""


def imports(path: Path) -> Iterator[str]:
    """Yields the names a file imports, wherever it does so."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert not called.endswith(("import_module", "__import__", "exec", "eval")), called


def test_the_reference_imports_nothing_of_the_project() -> None:
    names = {name.partition(".")[0] for name in imports(PROGRAM)}
    assert names >= ITS_OWN
    assert names <= ITS_OWN | set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", ["sweep.py", "sweeping/compare.py", "sweeping/pictures.py"])
def test_what_compares_does_not_import_what_is_compared(name: str) -> None:
    names = {imported.partition(".")[0] for imported in imports(BENCH / name)}
    assert names <= {"bench", "imageio_ffmpeg", "PIL", *ITS_OWN, *sys.stdlib_module_names}


def test_the_reference_runs_where_there_is_no_framecap(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mkv", frames=12, gop=6, b_frames=2)
    ran = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(PROGRAM), str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    line = reference.from_json(ran.stdout)
    assert line == reference.read(path)
    assert [frame.start for frame in line.frames] == [Fraction(k, 25) for k in range(12)]
    assert [frame.ordinal for frame in line.frames if frame.keyframe] == [0, 6]


# ---- times


def raw(*pts: float | None, duration: int | None = 1, **facts: object) -> list[Raw]:
    """Returns frames by their pts."""
    return [
        Raw(
            None if value is None else Fraction(value),
            None if duration is None else Fraction(duration),
            **facts,  # type: ignore[arg-type]
        )
        for value in pts
    ]


def times(frames: Sequence[Raw], packets: Sequence[int] = (1, 0)) -> tuple[list[int], list[object]]:
    """Returns which frames are on screen and from when."""
    timed = by_pts(frames, [Fraction(pts) for pts in packets], Fraction(5), Fraction(25))
    return timed.ordinals, [*timed.starts, timed.end]


@pytest.mark.parametrize(
    ("frames", "shown", "starts"),
    [
        (raw(0, 1, 2), [0, 1, 2], [0, 1, 2, 3]),
        (raw(0, 2, 2, 3), [0, 2, 3], [0, 2, 3, 4]),
        (raw(0, 1, 1, 1), [0, 3], [0, 1, 2]),
        (raw(0, 2, Fraction(3, 2), 3), [0, 1, 3], [0, 2, 3, 4]),
        (raw(0, 2, 1, 3), [0, 1, 3], [0, 2, 3, 4]),
        (raw(0, 2, 1, 2, 3, 3), [0, 1, 5], [0, 2, 3, 4]),
        (raw(0, 3, 1, 2), [0, 1, 2, 3], [0, 3, 4, 5, 6]),
        (raw(8, 9, 0, 1, 1, 2), [0, 1, 2, 4, 5], [8, 9, 10, 11, 12, 13]),
        (raw(0, None, 2), [0, 1, 2], [0, 1, 2, 3]),
        (raw(None, 6), [0, 1], [5, 6, 7]),
        (raw(0, 4, 6, duration=None), [0, 1, 2], [0, 4, 6, 8]),
        (raw(3, duration=None), [0], [3, Fraction(76, 25)]),
    ],
    ids=[
        "rising",
        "equal",
        "equal thrice",
        "late",
        "late by a second",
        "equal behind a late one",
        "back by more",
        "appended",
        "missing",
        "first missing",
        "no duration",
        "a single one",
    ],
)
def test_times(frames: list[Raw], shown: list[int], starts: list[object]) -> None:
    assert times(frames) == (shown, starts)


def test_what_is_counted() -> None:
    timed = by_pts(raw(0, 2, 1, 1, 8, 0), [Fraction(1), Fraction(0)], Fraction(0), None)
    assert (timed.late, timed.moved) == (2, 1)


def test_pts_that_are_dts() -> None:
    frames = raw(0, 3, 1, 2, 4)
    assert times(frames, packets=(0, 1, 2, 3, 4)) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4, 5])
    assert times(frames, packets=(0, 3, 1, 2, 4))[1] == [0, 3, 4, 5, 7, 8]


def test_chunks_are_counted() -> None:
    timed = counted(raw(2, 4, 3, 8), Fraction(2), Fraction(25))
    assert (timed.starts, timed.end) == ([0, 1, 2, 6], 7)


def test_raw_streams_follow_their_durations() -> None:
    frames = [*raw(7, None), *raw(1, duration=3), *raw(1, duration=None)]
    timed = in_a_row(frames, Fraction(25))
    assert (timed.starts, timed.end) == ([0, 1, 2, 5], Fraction(126, 25))


@pytest.mark.parametrize(
    ("others", "zero"),
    [((), 1), ((Fraction(9, 10),), 1), ((Fraction(89, 100),), Fraction(89, 100)), ((2, -3), -3)],
)
def test_zero(others: Sequence[Fraction], zero: object) -> None:
    assert zero_of(Fraction(1), others) == zero


def test_only_streams_of_the_same_program_count() -> None:
    dump = Dump.parse(
        "Input #0, mpegts, from '':\n"
        "  Program 1 \n    Metadata:\n      service_name    : A\n"
        "  Stream #0:0[0x100]: Video: h264\n  Stream #0:1[0x101]: Audio: mp2\n"
        "  Program 2 \n  Stream #0:2[0x102](eng): Video: h264\n"
        "  No Program\n  Stream #0:3: Audio: mp2\n"
        "    Side data:\n      Frame Cropping: 1/2/3/4\n"
    )
    assert [index for index in range(4) if dump.beside(0)(index)] == [0, 1]
    assert [index for index in range(4) if dump.beside(3)(index)] == [0, 1, 2, 3]
    assert dump.cropping == {3: (1, 2, 3, 4)}


def test_what_is_hidden_does_not_exist() -> None:
    frames = raw(-2, -1, 0, 1)
    timed = by_pts(frames, [], Fraction(0), None)
    shown = film({}, frames, timed, Fraction(1, 2))
    assert [(frame.ordinal, frame.start) for frame in shown.frames] == [
        (2, Fraction(-1, 2)),
        (3, Fraction(1, 2)),
    ]


ONE = 1 << 16


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((ONE, 0, 0, 0, ONE), (0, False)),
        ((0, ONE, 0, -ONE, 0), (1, False)),
        ((-ONE, 0, 0, 0, -ONE), (2, False)),
        ((0, -ONE, 0, ONE, 0), (3, False)),
        ((-ONE, 0, 0, 0, ONE), (0, True)),
        ((ONE, 0, 0, 0, -ONE), (2, True)),
    ],
)
def test_turns(matrix: Sequence[int], expected: tuple[int, bool]) -> None:
    assert turned((*matrix, 0, 0, 0, 1 << 30)) == expected


# ---- modes

HASHES = ("00", "0f", "0f", "ff", "00", "01")


def a_film() -> Film:
    """Returns six frames of a second, the last of two; the first and the fifth are keyframes."""
    frames = [
        Raw(Fraction(k), Fraction(1 + (k == 5)), keyframe=k in (0, 4), dhash=h)
        for k, h in enumerate(HASHES)
    ]
    return film({}, frames, by_pts(frames, [], Fraction(0), None), Fraction(0))


@pytest.mark.parametrize(
    ("options", "picks"),
    [
        ("inter_0", [(0, 0, 1), (1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 4, 1), (5, 5, 1)]),
        ("ss_4500,inter_0", [(4, 4.5, 1), (5, 5, 1)]),
        ("inter_2000", [(0, 0, 1), (2, 2, 1), (4, 4, 1), (5, 6, 1)]),
        ("inter_500,num_2", [(0, 0, 2), (1, 1, 2)]),
        ("ss_1500,inter_2500", [(1, 1.5, 1), (4, 4, 1), (5, 6.5, 1)]),
        ("m_key", [(0, 0, 1), (4, 4, 1)]),
        ("m_key,ss_1", [(4, 4, 1)]),
        ("m_key,num_1", [(0, 0, 1)]),
        ("m_avg,num_2", [(0, 0, 1), (3, 3.5, 1)]),
        ("m_avg,num_14", [(k, k, 2) for k in range(5)] + [(5, 5, 4)]),
        ("m_avg,num_2,ss_5000", [(5, 5, 2)]),
    ],
)
def test_selection(options: str, picks: list[tuple[int, float, int]]) -> None:
    chosen = select(a_film(), f"video/snapshots,f_png,{options}")
    assert isinstance(chosen, list)
    assert [(p.frame.ordinal, float(p.requested), p.answered) for p in chosen] == picks


@pytest.mark.parametrize(
    ("options", "picks"),
    [
        ("m_dhash,inter_0", [(0, 64), (1, 4), (3, 4), (4, 8), (5, 1)]),
        ("m_dhash,inter_0,thr_6", [(0, 64), (1, 4), (3, 4), (4, 8)]),
        ("m_dhash,inter_0,thr_7", [(0, 64), (4, 8)]),
        ("m_dhash,inter_0,num_3", [(0, 64), (1, 4), (4, 8)]),
        ("m_dhash,inter_3000", [(0, 64), (3, 8), (5, 7)]),
    ],
)
def test_changes(options: str, picks: list[tuple[int, int]]) -> None:
    chosen = select(a_film(), f"video/snapshots,f_png,{options}")
    assert isinstance(chosen, list)
    assert [(p.frame.ordinal, p.changed_bits) for p in chosen] == picks


def test_after_the_end_is_refused() -> None:
    assert select(a_film(), "video/snapshots,f_png,ss_7000") == Refusal(
        "OFFSET_AFTER_END", Fraction(7)
    )
    assert isinstance(select(a_film(), "video/snapshots,f_png,ss_6999"), list)


@pytest.mark.parametrize("size", [(8, 9), (7, 5), (1, 1), (17, 31), (96, 64)])
def test_the_hash_is_of_exact_sums(size: tuple[int, int]) -> None:
    rows, columns = size
    luma = np.random.default_rng(rows).integers(0, 1024, size).astype(np.uint16)
    # Every sample as 8 x 9 equal ones, so that cells are made of whole samples.
    fine = np.kron(luma.astype(object), np.ones((8, 9), int))
    cells = fine.reshape(8, rows, 9, columns).sum(axis=(1, 3))
    bits = "".join(str(int(cells[y, x + 1] > cells[y, x])) for y in range(8) for x in range(8))
    assert dhash_of(luma) == f"{int(bits, 2):016x}"


# ---- files


@pytest.mark.parametrize(
    ("name", "contents", "reason"),
    [
        ("empty.mp4", b"", "MEDIA_CORRUPT"),
        ("words.mp4", b"these are no media at all" * 40, "MEDIA_CORRUPT"),
        (
            "moving.webp",
            b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + bytes(50),
            "CODEC_UNSUPPORTED",
        ),
        ("locked.wmv", ASF + bytes(40) + ASF_PROTECTION[0] + bytes(99), "MEDIA_ENCRYPTED"),
    ],
)
def test_nothing_to_capture(tmp_path: Path, name: str, contents: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(contents)
    line = reference.read(path)
    assert (line.kind, line.reason) == (reference.NOTHING, reason)
    assert select(line, "video/snapshots,f_png") == Refusal(reason)


def test_an_encrypted_sample_description(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "clip.mp4", frames=2, audio=True)
    assert reference.read(path).kind == reference.VIDEO
    path.write_bytes(path.read_bytes().replace(b"avc1\0\0\0\0", b"encv\0\0\0\0"))
    assert reference.read(path).reason == "MEDIA_ENCRYPTED"


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "libx264"), ("a.mkv", "mpeg4")])
def test_sound_that_starts_earlier(tmp_path: Path, name: str, codec: str) -> None:
    for lead, begins in ((Fraction(1, 25), 0), (Fraction(2), 2)):
        path = make_clip(tmp_path / name, frames=5, codec=codec, audio=True, audio_lead=lead)
        (first, *_) = reference.read(path).frames
        # The priming of the sound comes on top.
        assert begins <= first.start <= begins + Fraction(1, 20)
        assert (first.start == 0) == (begins == 0)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flv", "libx264"), ("a.mkv", "libx264"), ("a.ts", "mpeg2video")]
)
def test_files_whose_pts_are_dts(tmp_path: Path, name: str, codec: str) -> None:
    path = make_clip(tmp_path / "b.mp4", frames=30, gop=10, b_frames=2, codec=codec)
    target = tmp_path / name
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-c", "copy"]
    subprocess.run([*command, "-bsf:v", "setts=pts=DTS", str(target)], check=True)
    line = reference.read(target)
    assert [frame.start for frame in line.frames] == [Fraction(k, 25) for k in range(30)]
    assert [frame.dhash for frame in line.frames] == [
        frame.dhash for frame in reference.read(path).frames
    ]
    assert (line.late, line.moved) == (0, 0)


CASES = {
    # Frames, end, zero; from the table that comes with the cases. `tests/bench/sweep.py` reads all
    # cases: the reference needs a minute for some.
    "null.avi": (101, "6", "0"),
    "r3013_120.avi": (3616, "361600/3013", "0"),
    "twoA.ts": (100, "4", "1000037/25"),
    "sarchange264.ts": (148, "148/25", "37/25"),
    "slides.webm": (3, "30", "0"),
    "edits_cut_inside_gop.mp4": (360, "361/25", "0"),
    "headers_change_once_h264.ts": (750, "30", None),
    "soft_telecine.m2v": (240, "1001/100", "0"),
    "fps2000_ms_ticks.mkv": (1001, "1001/1000", "0"),
}


@pytest.mark.parametrize("name", CASES)
def test_small_broken_inputs(cases: Path, name: str) -> None:
    frames, end, zero = CASES[name]
    line = reference.read(cases / name)
    assert (len(line.frames), line.end) == (frames, Fraction(end))
    assert zero is None or line.zero == Fraction(zero)


@pytest.mark.parametrize(
    ("name", "size"),
    [("clap.mp4", (640, 360)), ("crop.mkv", (640, 360)), ("lcrop.mp4", (528, 444))],
)
def test_the_true_picture_area(cases: Path, name: str, size: tuple[int, int]) -> None:
    assert {frame.size for frame in reference.read(cases / name).frames} == {size}


def test_pixels_that_change_their_shape(cases: Path) -> None:
    sizes = [frame.size for frame in reference.read(cases / "sarchange264.ts").frames]
    assert list(dict.fromkeys(sizes)) == [(768, 576), (1024, 576)]
