"""The sweep finds what is wrong: planted differences of every kind."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bench import page, sweep
from bench.sweeping import pictures, reference
from bench.sweeping.allowed import Allowance, AllowedInvalid, read_allowed, sort_out
from bench.sweeping.answers import Answers, collect
from bench.sweeping.compare import Comparison, Difference, captures
from bench.sweeping.pictures import BOUNDS, Distance, distance
from bench.sweeping.reference import Film
from support.clips import make_clip
from support.covers import BACK, FRONT, Art, drawn, make_sound, saved

PROGRAM = Path(sweep.__file__)
OPTIONS = sweep.Options(timeout=120, repeat=1, through="process", threads=1)

Answer = dict[str, Any]
Plant = Callable[[Answer], object]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clips of two codecs in two containers, and what is no media."""
    made = tmp_path_factory.mktemp("films")
    (made / "below").mkdir()
    make_clip(made / "h264.mp4", frames=40, gop=10, b_frames=2, scene=8, size=(96, 64))
    make_clip(
        made / "below/mpeg4.mkv",
        frames=30,
        gop=10,
        scene=7,
        size=(96, 64),
        codec="mpeg4",
        options={"qscale": "2"},
    )
    (made / "no_media.mp4").write_bytes(b"not at all")
    (made / "README.md").write_text("no media either")
    return made


@pytest.fixture(scope="module")
def line(folder: Path) -> Film:
    """What the reference says of the first clip."""
    return reference.read(folder / "h264.mp4")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the full-size images of the answers."""
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def answers(folder: Path, line: Film, images: Path) -> Answers:
    """What framecap answers about the first clip."""
    return collect(
        folder / "h264.mp4", captures(line), images, timeout=120, through="process", threads=1
    )


def compared(line: Film, answers: Answers) -> Comparison:
    comparison = Comparison("h264.mp4", line)
    for mode, request in captures(line).items():
        comparison.answer(mode, request, answers.get(mode))
    comparison.unequal()
    return comparison


def test_nothing_differs(line: Film, answers: Answers) -> None:
    comparison = compared(line, answers)
    assert comparison.differences == []
    assert comparison.compared > 100
    assert {judged.mode for judged in comparison.images} >= {"inter-sparse", "key-within", "avg"}
    # Each mode, dense and sparse, from the beginning and from within.
    assert {name.partition("-")[0] for name in captures(line)} == {
        "probe",
        "inter",
        "key",
        "avg",
        "dhash",
    }


def row(answer: Answer, at: int = 3) -> Answer:
    found: Answer = answer["images"][at]
    return found


def later(answer: Answer) -> None:
    """Has one row be another frame, 40 ms later, with all its facts."""
    rows = answer["images"]
    rows[3] = rows[4]


PLANTED: dict[str, tuple[str, Plant, str, str]] = {
    "wrong time": ("inter-every", later, "3", "time"),
    "wrong clock": ("inter-every", lambda a: row(a).update(clock="1/3"), "3", "clock"),
    "wrong instant": ("inter-every", lambda a: row(a).update(requested=1), "3", "requested"),
    "wrong count": ("inter-every", lambda a: row(a).update(answered=2), "3", "answers"),
    "missing frame": ("inter-every", lambda a: a["images"].pop(3), "3", "missing"),
    "a frame twice": ("inter-every", lambda a: a["images"].insert(3, row(a, 4)), "-", "unexpected"),
    "not a keyframe": ("key", lambda a: row(a, 1).update(keyframe=False), "10", "keyframe"),
    "missing keyframe": ("key", lambda a: a["images"].pop(2), "20", "missing"),
    "flagged": ("inter-every", lambda a: row(a).update(damaged=True), "3", "damaged"),
    "wrong hash": ("inter-every", lambda a: row(a).update(dhash="0" * 16), "3", "hash"),
    "wrong luma": ("inter-every", lambda a: row(a).update(luma="0" * 20), "3", "luma"),
    "wrong change": ("dhash-every", lambda a: row(a, 1).update(changed=0), "4", "change"),
    "wrong size": ("inter-sparse", lambda a: row(a, 0).update(size=[96, 96]), "0", "size"),
    "other bytes": ("avg", lambda a: row(a, 0).update(sha256="0"), "0", "unequal"),
    "refused": ("avg", lambda a: a.update(refused="MEDIA_CORRUPT"), "-", "refused"),
    "not refused": ("inter-after", lambda a: a.pop("refused"), "-", "not"),
    "refused wrongly": ("inter-after", lambda a: a.update(refused="LIMIT"), "-", "refused"),
    "wrong zero": ("probe", lambda a: a["facts"].update(zero="1/5"), "zero", "fact"),
    "wrong display": ("probe", lambda a: a["facts"].update(displayed=[9, 9]), "displayed", "fact"),
    "wrong rotation": ("probe", lambda a: a["facts"].update(rotation=90), "rotation", "fact"),
    "wrong rate": ("probe", lambda a: a["facts"].update(rate="24"), "rate", "fact"),
    "wrong duration": ("probe", lambda a: a["facts"].update(duration=10**9), "duration", "fact"),
    "taken for a cover": ("probe", lambda a: a["facts"].update(cover=True), "cover", "fact"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_difference_is_found(line: Film, answers: Answers, name: str) -> None:
    mode, plant, frame, word = PLANTED[name]
    planted = copy.deepcopy(answers)
    answer = planted[mode]
    assert answer is not None
    plant(answer)
    found = compared(line, planted).differences
    assert (frame, word) in {(d.frame, d.found.split()[0]) for d in found}
    assert {d.source for d in found} == {"h264.mp4"}
    if word != "unequal":
        assert {d.mode for d in found} == {mode}


def test_an_answer_that_does_not_come_is_found(line: Film, answers: Answers) -> None:
    (found,) = compared(line, answers | {"avg": None}).differences
    assert (found.mode, found.found) == ("avg", "no answer")


def test_fewer_images_than_asked_must_be_explained(line: Film, answers: Answers) -> None:
    planted = copy.deepcopy(answers)
    answer = planted["inter-last"]
    assert answer is not None
    answer["images"].clear()
    answer["explained"] = False
    words = [found.found for found in compared(line, planted).differences]
    assert any(word.startswith("unexplained") for word in words)


def test_answers_that_change_from_run_to_run_are_found(line: Film, answers: Answers) -> None:
    planted = copy.deepcopy(answers)
    answer = planted["avg"]
    assert answer is not None
    row(answer).update(sha256="0")
    comparison = Comparison("h264.mp4", line)
    for mode in answers:
        comparison.again(mode, answers[mode], planted[mode])
    (found,) = comparison.differences
    assert (found.mode, found.found) == ("avg", "unstable: images [3] of 7")


# ---- pictures


def looked_at(folder: Path, line: Film, answers: Answers) -> tuple[sweep.Swept, list[Difference]]:
    comparison = compared(line, answers)
    swept = sweep.Swept("h264.mp4", codec="h264")
    sweep.look_at(folder / "h264.mp4", line, comparison, answers, OPTIONS, swept)
    return swept, comparison.differences


def test_pictures_are_those_of_the_command(folder: Path, line: Film, answers: Answers) -> None:
    swept, differences = looked_at(folder, line, answers)
    assert differences == []
    assert swept.judged >= 15


@pytest.mark.parametrize("fault", ["another frame", "a corner", "darker", "a pixel to the right"])
def test_a_wrong_picture_is_found(
    folder: Path, line: Film, answers: Answers, tmp_path: Path, fault: str
) -> None:
    planted = copy.deepcopy(answers)
    answer, other = planted["inter-sparse"], planted["inter-sparse"]
    assert answer is not None
    assert other is not None
    picture = pictures.load(row(answer, 2)["image"])
    match fault:
        case "another frame":
            picture = pictures.load(row(other, 5)["image"])
        case "a corner":
            picture[:16, :16] = 128
        case "darker":
            picture = np.maximum(picture - 1, 0)
        case "a pixel to the right":
            picture = np.roll(picture, 1, axis=1)
    wrong = tmp_path / "wrong.png"
    Image.fromarray(picture.astype(np.uint8)).save(wrong)
    for one in planted.values():
        for image in one["images"] if one else ():
            if image["image"] and image["time"] == row(answer, 2)["time"]:
                image["image"] = str(wrong)
    _, differences = looked_at(folder, line, planted)
    (found,) = differences
    assert found.mode == "pictures"
    assert found.found.startswith("picture (plain)")


ONE = 1 << 16


@pytest.mark.parametrize(
    ("name", "codec", "axes"),
    [("turned.mp4", "libx264", (0, ONE, -ONE, 0)), ("mirrored.mov", "mpeg4", (0, ONE, ONE, 0))],
)
def test_turned_pictures_of_other_pixels(
    tmp_path: Path, name: str, codec: str, axes: tuple[int, int, int, int]
) -> None:
    a, b, c, d = axes
    path = make_clip(
        tmp_path / name,
        frames=8,
        codec=codec,
        size=(96, 64),
        display_matrix=[a, b, 0, c, d, 0, 0, 0, 1 << 30],
        sample_aspect_ratio=Fraction(4, 3),
    )
    swept = sweep.sweep(path, tmp_path, OPTIONS)
    assert swept.differences == []
    assert swept.judged == 8
    assert {frame.size for frame in reference.read(path).frames} == {(64, 128)}


def test_a_picture_the_command_cannot_make_is_named(
    line: Film, answers: Answers, tmp_path: Path
) -> None:
    (tmp_path / "h264.mp4").write_bytes(b"no media")
    _, differences = looked_at(tmp_path, line, answers)
    assert [(d.mode, d.found) for d in differences] == [
        ("pictures", "the command gives no picture")
    ]


def test_transparent_colours_are_not_compared_but_alpha_is() -> None:
    one = np.full((32, 32, 4), 200, np.int16)
    one[:, :16, 3] = 0
    other = one.copy()
    other[:, :14, :3] = 10
    assert distance(one, other) == Distance(0, 0, 0)
    other[5, 5, 3] = 7
    assert not distance(one, other).within(BOUNDS["odd"])


def test_one_wrong_block_is_not_lost_in_the_mean() -> None:
    one = np.zeros((1080, 1920, 3), np.int16)
    other = one.copy()
    other[1072:, 1904:] = 20
    off = distance(one, other)
    assert off.mean < 0.01
    assert not off.within(BOUNDS["plain"])


# ---- allowed differences

FOUND = [Difference("a.mp4", "avg", "3", "time"), Difference("b.mp4", "key", "0", "hash")]


def allowing(source: str, mode: str, frame: str) -> Allowance:
    return Allowance(source, mode, frame, "known")


def test_allowed_differences_pass_and_others_do_not() -> None:
    first, any_mode = allowing("a.mp4", "avg", "3"), allowing("b.mp4", "*", "*")
    both = {"a.mp4", "b.mp4"}
    assert sort_out(FOUND, [first, any_mode], both) == ([], [], [first, any_mode])
    assert sort_out(FOUND, [first], both) == ([FOUND[1]], [], [first])
    other = allowing("a.mp4", "avg", "4")
    assert sort_out(FOUND, [first, other], both) == ([FOUND[1]], [other], [first])


def test_an_allowance_for_what_is_not_swept_is_not_judged() -> None:
    assert sort_out([], [allowing("c.mp4", "avg", "3")], {"a.mp4"}) == ([], [], [])


@pytest.mark.parametrize(
    "entry",
    [
        'source = "a"\nmode = "avg"\nframe = "1"',
        'source = "a"\nmode = "avg"\nframe = "1"\nreason = " "',
        'source = "a"\nmode = "avg"\nframe = "1"\nreason = "x"\nuntil = "y"',
    ],
)
def test_an_allowance_needs_a_reason(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "allowed.toml"
    path.write_text(f"[[allowed]]\n{entry}\n")
    with pytest.raises(AllowedInvalid, match="entry 1"):
        read_allowed(path)


def test_the_allowances_of_the_project_can_be_read() -> None:
    keys = [(a.source, a.mode, a.frame) for a in read_allowed(sweep.ALLOWED)]
    assert len(keys) == len(set(keys))


# ---- the command


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), str(folder), "--jobs", "1", *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    target.write_text("# Page\n\nWords.\n\n## Sweep\n\nold\n")
    ran = run(folder, "--repeat", "2", "--write", str(target))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    first, second, third, last = ran.stdout.splitlines()
    assert first.startswith("below/mpeg4.mkv: video mpeg4, 30 on screen")
    assert second.startswith("h264.mp4: video h264, 40 on screen")
    assert third.startswith("no_media.mp4: nothing to capture, refused MEDIA_CORRUPT, 0 differ")
    assert last.startswith("3 files (2 videos, 0 covers, 1 without a picture)")
    written = target.read_text()
    assert written.startswith("# Page\n\nWords.\n\n## Sweep\n")
    assert "old" not in written
    assert "| `below/mpeg4.mkv` | mpeg4 | 30 |" in written
    assert "No difference is allowed." in written
    assert "--write docs/exactness.md`, each capture run 2 times, with" in written
    run(folder, "--write", str(target))
    assert target.read_text() == written.replace(", each capture run 2 times", "")


def test_a_stale_allowance_fails(folder: Path, tmp_path: Path) -> None:
    allowed = tmp_path / "allowed.toml"
    allowed.write_text(
        '[[allowed]]\nsource = "no_media.mp4"\nmode = "avg"\nframe = "3"\nreason = "was so once"\n'
    )
    ran = run(folder, "--only", "no_media.mp4", "--allowed", str(allowed))
    assert ran.returncode == 1
    assert "  no_media.mp4: avg: 3: no longer differs" in ran.stdout


def test_a_difference_fails_and_is_named_until_it_is_allowed(folder: Path, tmp_path: Path) -> None:
    # Damage that begins in the middle: its length by the header is not that of the film.
    whole = (folder / "below/mpeg4.mkv").read_bytes()
    films = tmp_path / "films"
    films.mkdir()
    (films / "cut.mkv").write_bytes(whole[: len(whole) // 3])
    ran = run(films)
    assert ran.returncode == 1
    assert "  cut.mkv: probe: duration: fact 1.200000 s, not" in ran.stdout
    allowed = tmp_path / "allowed.toml"
    allowed.write_text(
        '[[allowed]]\nsource = "cut.mkv"\nmode = "probe"\nframe = "duration"\nreason = "cut"\n'
    )
    ran = run(films, "--allowed", str(allowed))
    assert ran.returncode == 0, ran.stdout


def test_a_source_that_takes_too_long_is_named(folder: Path) -> None:
    ran = run(folder, "--only", "h264.mp4", "--timeout", "0")
    assert ran.returncode == 1
    assert "  h264.mp4: reference: -: the reference took longer than 0 s" in ran.stdout


def test_answers_before_a_crash_count(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "crashing.py"
    program.write_text(
        "import json, os, sys\n"
        "name, request = sys.stdin.readline().split()\n"
        "print(json.dumps({'name': name, 'images': []}), flush=True)\n"
        "print('{\"name\": \"seco', end='', flush=True)\n"
        "os.abort()\n"
    )
    given = collect(
        folder / "h264.mp4",
        {"one": "probe", "two": "probe"},
        tmp_path,
        timeout=60,
        through="process",
        threads=None,
        program=program,
    )
    assert given == {"one": {"images": []}, "two": None}


def test_one_source_does_not_end_the_sweep(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("zero")

    monkeypatch.setattr(sweep, "_compare", broken)
    (found,) = sweep.sweep(folder / "h264.mp4", folder, OPTIONS).differences
    assert (found.mode, found.found) == ("sweep", "failed: KeyError('zero')")


def test_a_folder_without_media_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path).returncode == 2


def test_many_alike_are_counted() -> None:
    found = [Difference("a", "avg", str(k), f"hash {k}") for k in range(5)]
    assert [*sweep.named(found, 2)] == [
        "  a: avg: 0: hash 0",
        "  a: avg: 1: hash 1",
        "  a: avg: hash: 3 more",
    ]


def test_the_other_table_of_the_page_leaves_the_sweep_alone(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    target.write_text("# Old\n\n## Sweep\n\nresult\n")
    page.deliver("# New\n", target, keep=sweep.HEADING)
    assert target.read_text() == "# New\n\n## Sweep\n\nresult\n"


@pytest.mark.parametrize("through", ["process", "command"])
def test_covers_and_sound_without_one(tmp_path: Path, through: str) -> None:
    green = Image.new("RGB", (40, 30), (10, 200, 30))
    arts = [Art(saved(green, "PNG"), "PNG", FRONT)]
    make_sound(tmp_path / "cover.flac", arts)
    make_sound(tmp_path / "cover.mp3", [Art(saved(drawn(), "JPEG"), "JPEG", BACK), *arts])
    make_sound(tmp_path / "silent.mp3")
    ran = run(tmp_path, "--through", through)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    one, two, three, last = ran.stdout.splitlines()
    assert one.startswith("cover.flac: cover png, 1 on screen, 5 requests, 4 frames, 1 pictures")
    assert two.startswith("cover.mp3: cover png, 1 on screen, 5 requests, 4 frames, 1 pictures")
    assert three.startswith("silent.mp3: nothing to capture, refused NO_VIDEO_STREAM, 0 differ")
    assert last.endswith("0 differences, 0 allowed, 0 allowances without one")
