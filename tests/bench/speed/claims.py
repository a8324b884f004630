"""What is claimed of framecap's speed, how it was measured, and how it came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from bench.speed import tables
from bench.speed.measure import Match
from bench.speed.ratios import Spread, Target, Verdict

LITTLE_S: Final = 1.0
SLACK_S: Final = 0.1
"""What a capture may take longer than a floor below LITTLE_S seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One input's ratio."""

    what: str
    """The film and what was asked."""

    spread: Spread
    excused: bool = False
    """True where the ratio means little, and what is allowed in its place was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A line of the issue's table."""

    work: str
    against: str
    target: Target
    values: Sequence[Value]

    def cells(self) -> list[str]:
        """Returns the cells of the line, `HEAD`'s."""
        target = self.target
        sign = "≤" if target.most else "≥"
        wanted = f"{sign} {target.mean:g}"
        if target.each is not None and target.each != target.mean:
            wanted += f"; each {sign} {target.each:g}"
        judged = [value.spread.median for value in self.values if not value.excused]
        if not self.values:
            return [self.work, self.against, wanted, "-", "-", "not measured"]
        if not judged:
            return [self.work, self.against, wanted, "-", "-", "met"]
        verdict = Verdict.of(judged, target)
        pick = max if target.most else min
        worst = pick(
            (value for value in self.values if not value.excused),
            key=lambda value: value.spread.median,
        )
        return [
            self.work,
            self.against,
            wanted,
            tables.ratio(verdict.mean),
            f"{tables.ratio(verdict.worst)} ({worst.what})",
            "met" if verdict.met else "**not met**",
        ]


HEAD: Final = ("work", "against", "wanted: mean; each", "mean", "worst", "")


class Line(Protocol):
    """A line of the summary."""

    def cells(self) -> list[str]:
        """Returns its cells, those of `HEAD`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page."""

    name: str
    title: str
    claims: Sequence[Line]
    body: str
    """The table of all that was measured, as Markdown."""


def faster(matches: Iterable[Match]) -> list[Value]:
    """Returns by how much framecap was faster, where the peer gave the same frames."""
    return [Value(what=_what(match), spread=match.wall) for match in matches if match.same_work]


def best(matches: Sequence[Match]) -> list[Match]:
    """Returns, of the matches on each film and job, that with the fastest peer."""
    found: dict[tuple[str, str], Match] = {}
    for match in matches:
        if not match.same_work:
            continue
        key = (match.film.name, match.job.request)
        if key not in found or match.typical[1].wall < found[key].typical[1].wall:
            found[key] = match
    return list(found.values())


def slower(matches: Iterable[Match]) -> list[Value]:
    """Returns by how much framecap was slower than a floor."""
    found = []
    for match in matches:
        ours, theirs = match.typical
        little = theirs.wall < LITTLE_S and ours.wall <= theirs.wall + SLACK_S
        found.append(Value(what=_what(match), spread=inverse(match.wall), excused=little))
    return found


def inverse(spread: Spread) -> Spread:
    """Returns the ratios the other way round."""
    return Spread(1 / spread.median, 1 / spread.most, 1 / spread.least)


def timings(
    matches: Iterable[Match], shown: Callable[[Match], Spread], heading: str = "peer ÷ framecap"
) -> str:
    """Returns all that was measured as a table."""
    rows = []
    for match in matches:
        row: list[object] = [match.film.name, f"`{match.job.request}`", match.peer]
        row += [f"{match.pictures} ({match.keyframes})"]
        if not match.ours:
            rows.append([*row, "-", "-", "-", f"cannot: {match.failure.splitlines()[-1][:60]}"])
            continue
        ours, theirs = match.typical
        pair = f"{tables.seconds(ours.wall)} / {tables.seconds(theirs.wall)}"
        used = f"{tables.seconds(ours.cpu)} / {tables.seconds(theirs.cpu)}"
        told = "" if match.check is None else str(match.check)
        rows.append([*row, tables.spread(shown(match)), pair, used, told])
    head = ["film", "request", "peer", "images (keyframes)", heading]
    return tables.table([*head, "wall, s", "CPU, s", "frames"], rows)


def _what(match: Match) -> str:
    return f"{match.film.name}, `{match.job.request.split(',')[0]}`"
