"""Holds what framecap answered against the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Final

from bench.sweeping.reference import COVER, NANOSECONDS, NOTHING, VIDEO, Film, Pick, Refusal, select

Answer = dict[str, Any]

PROBE: Final = "probe"

THUMBNAIL: Final = "f_jpg,w_32,h_32"
"""For captures of every frame: their times, flags and hashes are judged, not how they look."""

FULL: Final = "f_png"
"""Without a box, so that the whole picture is there to be judged."""

SPARSE: Final = 12
"""About how many instants a sparse capture has."""

DURATION_SLACK: Final = Fraction(1, 10)
"""How far off a header's duration may be besides the last frame: audio priming and its padding."""


@dataclass(frozen=True, order=True)
class Difference:
    """One thing in which framecap and the reference differ."""

    source: str
    mode: str
    """The name of the capture."""

    frame: str
    """The frame's place in the reference's decoding, the name of a fact, or `-`."""

    found: str
    """What differs: a word, then both sides."""


@dataclass(frozen=True)
class Judged:
    """A full-size image, and the frame it is of."""

    mode: str
    pick: Pick
    row: Answer


def captures(line: Film) -> dict[str, str]:
    """Returns the captures to try on a file, by name."""
    if line.kind != VIDEO:
        return {
            PROBE: PROBE,
            "inter": f"video/snapshots,{FULL},inter_1000",
            "key": f"video/snapshots,{FULL},m_key",
            "avg": f"video/snapshots,{FULL},m_avg,num_3",
            "dhash": f"video/snapshots,{FULL},m_dhash,inter_1000,thr_10",
        }
    end = line.end * 1000

    def within(share: str) -> int:
        return int(end * Fraction(share))

    step = max(1, int(end / SPARSE))
    options = {
        "inter-every": f"{THUMBNAIL},inter_0",
        "inter-every-within": f"{FULL},ss_{within('0.4')},inter_0,num_5",
        "inter-sparse": f"{FULL},inter_{step}",
        "inter-dense-within": f"{FULL},ss_{within('0.63')},inter_{max(1, step // 4)},num_4",
        "inter-last": f"{FULL},ss_{ceil(end) - 1},inter_0,num_1",
        "inter-after": f"{FULL},ss_{ceil(end)},inter_0,num_1",
        "key": f"{THUMBNAIL},m_key",
        "key-within": f"{FULL},m_key,ss_{within('0.3')},num_4",
        "avg": f"{FULL},m_avg,num_7",
        "avg-within": f"{FULL},m_avg,ss_{within('0.55')},num_3",
        "dhash-every": f"{THUMBNAIL},m_dhash,inter_0,thr_10",
        "dhash-dense": f"{THUMBNAIL},m_dhash,inter_{max(1, step // 10)},thr_3",
        "dhash-largest": f"{FULL},m_dhash,inter_{max(1, step // 3)},num_5",
        "dhash-within": f"{FULL},m_dhash,ss_{within('0.5')},inter_{max(1, step // 2)},thr_5,num_3",
    }
    return {PROBE: PROBE} | {name: f"video/snapshots,{text}" for name, text in options.items()}


class Comparison:
    """Compares the answers about one source.

    Args:
        source: Its name.
        line: What the reference says of it.
    """

    def __init__(self, source: str, line: Film) -> None:
        self._source = source
        self._line = line
        self.differences: list[Difference] = []
        self.compared = 0
        """Frames that both sides have."""
        self.flagged = 0
        """Those of them that both call damaged, whose pictures are not compared."""
        self.refused: str = ""
        """The reason where framecap refuses the file."""
        self.images: list[Judged] = []
        """The full-size images of frames that are the right ones."""

    def found(self, mode: str, frame: object, words: str) -> None:
        """Notes a difference."""
        self.differences.append(Difference(self._source, mode, str(frame), words))

    def answer(self, mode: str, request: str, answer: Answer | None) -> None:
        """Compares one answer; None is one that did not come."""
        if answer is None:
            self.found(mode, "-", "no answer")
        elif mode == PROBE:
            self._probe(answer)
        else:
            self._capture(mode, request, answer)

    def _probe(self, answer: Answer) -> None:
        if self._line.kind == NOTHING:
            self._refusals(PROBE, Refusal(self._line.reason), answer.get("refused"))
            return
        if reason := answer.get("refused"):
            self.found(PROBE, "-", f"refused {reason}, not probed")
            return
        for fact, words in wrong_facts(self._line, answer["facts"]):
            self.found(PROBE, fact, words)

    def _capture(self, mode: str, request: str, answer: Answer) -> None:
        wanted = select(self._line, request)
        refused = answer.get("refused")
        if isinstance(wanted, Refusal):
            self._refusals(mode, wanted, refused)
            return
        if refused is not None:
            self.found(mode, "-", f"refused {refused}: {answer.get('sentence', '')}")
            return
        rows = answer["images"]
        for pick, row in self._pairs(mode, wanted, rows):
            self._frame(mode, pick, row)
        asked = dict(o.split("_", 1) for o in request.split(",")[1:]).get("num", "0")
        if self._line.kind == VIDEO and len(rows) < int(asked) and not answer.get("explained"):
            self.found(mode, "-", f"unexplained {len(rows)} images of {asked}")

    def _refusals(self, mode: str, wanted: Refusal, given: str | None) -> None:
        self.refused = given or ""
        if given is None:
            self.found(mode, "-", f"not refused {wanted.reason}")
        # The command says a probe's reason in words only.
        elif given != wanted.reason and given:
            self.found(mode, "-", f"refused {given}, not {wanted.reason}")

    def _pairs(
        self, mode: str, wanted: Sequence[Pick], rows: Sequence[Answer]
    ) -> Iterator[tuple[Pick, Answer]]:
        """Yields frames that belong together, and notes those that stand alone."""
        if len(wanted) == len(rows):
            yield from zip(wanted, rows, strict=True)
            return
        by_clock: dict[Fraction, list[Answer]] = {}
        for row in rows:
            by_clock.setdefault(Fraction(row["clock"]), []).append(row)
        for pick in wanted:
            if alike := by_clock.get(pick.frame.start + self._line.zero):
                yield pick, alike.pop(0)
            else:
                self.found(mode, pick.frame.ordinal, f"missing at {seconds(pick.frame.start)}")
        for clock, alike in by_clock.items():
            for _ in alike:
                self.found(mode, "-", f"unexpected frame at {seconds(clock - self._line.zero)}")

    def _frame(self, mode: str, pick: Pick, row: Answer) -> None:
        """Compares one frame."""
        self.compared += 1
        frame = pick.frame
        cover = self._line.kind == COVER
        clock = frame.start + self._line.zero
        facts = {
            "time": (row["time"], nanoseconds(frame.start)),
            "clock": (Fraction(row["clock"]), clock),
            "requested": (row["requested"], nanoseconds(pick.requested)),
            "answers": (row["answered"], pick.answered),
            "keyframe": (row["keyframe"], frame.keyframe),
            "damaged": (row["damaged"], frame.damaged),
        }
        if cover:
            del facts["keyframe"]
        if frame.damaged and row["damaged"]:
            # Where its data is missing it shows what was decoded before.
            self.flagged += 1
        else:
            facts["hash"] = row["dhash"], frame.dhash
            facts["change"] = row["changed"], pick.changed_bits
            if row["luma"] and frame.luma:
                facts["luma"] = row["luma"], frame.luma
        full = row["image"] is not None
        if full and (not cover or tuple(row["size"]) != frame.size):
            facts["size"] = tuple(row["size"]), frame.size
        if row["time"] != nanoseconds(frame.start):
            # Another frame: what else differs follows from that.
            facts = {"time": (seconds(row["time"], NANOSECONDS), seconds(frame.start))}
        for name, (ours, theirs) in facts.items():
            if ours != theirs:
                self.found(mode, frame.ordinal, f"{name} {ours}, not {theirs}")
        if full and "clock" in facts and row["damaged"] == frame.damaged is False:
            self.images.append(Judged(mode, pick, row))

    def unequal(self) -> None:
        """Notes frames whose image depends on the capture it is of."""
        first: dict[int, Judged] = {}
        for judged in self.images:
            other = first.setdefault(judged.pick.frame.ordinal, judged)
            if other.row["sha256"] != judged.row["sha256"]:
                frame = judged.pick.frame.ordinal
                self.found(judged.mode, frame, f"unequal to the image of {other.mode}")

    def again(self, mode: str, first: Answer | None, later: Answer | None) -> None:
        """Compares an answer with that of another run."""
        if first is not None and later is not None and stable(first) != stable(later):
            self.found(mode, "-", f"unstable: {what_changed(first, later)}")


def stable(answer: Answer) -> Answer:
    """Returns what must be the same in every run."""
    rows = [{k: v for k, v in row.items() if k != "image"} for row in answer["images"]]
    return answer | {"images": rows}


def what_changed(first: Answer, later: Answer) -> str:
    """Returns in what two answers to one request differ."""
    before, after = stable(first)["images"], stable(later)["images"]
    if len(before) != len(after):
        return f"{len(before)} images, then {len(after)}"
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    return f"images {changed[:5]} of {len(before)}" if changed else "the facts"


def wrong_facts(line: Film, given: Answer) -> Iterator[tuple[str, str]]:
    """Yields facts of a probe that are not the reference's, and both sides."""
    facts = line.facts
    if given["cover"] != (line.kind == COVER):
        yield "cover", f"fact {given['cover']}, not {line.kind == COVER}"
    names = ["container", "codec", "stream", "displayed", "aspect", "rotation", "mirrored"]
    if line.kind == VIDEO:
        names.append("zero")
    for name in names:
        if given[name] != facts[name]:
            yield name, f"fact {given[name]}, not {facts[name]}"
    if given["stored"] not in (facts["stored"], facts["coded"]):
        yield "stored", f"fact {given['stored']}, not {facts['stored']}"
    if line.kind == COVER:
        return
    if facts["rate"] and given["rate"] != facts["rate"]:
        yield "rate", f"fact {given['rate']}, not {facts['rate']}"
    if given["duration"] is not None:
        claimed = Fraction(given["duration"], NANOSECONDS)
        last = line.frames[-1].end - line.frames[-1].start
        if abs(claimed - line.end) > last + DURATION_SLACK:
            yield "duration", f"fact {seconds(claimed)}, not {seconds(line.end)}"


def nanoseconds(instant: Fraction) -> int:
    """Returns an instant in nanoseconds, rounded down."""
    return instant * NANOSECONDS // 1


def seconds(instant: Fraction | int, unit: int = 1) -> str:
    """Returns an instant for people."""
    return f"{float(Fraction(instant, unit)):.6f} s"
