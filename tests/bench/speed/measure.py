"""framecap and its peers in turns, on the same film, with the same request."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bench.speed import check
from bench.speed.check import Check
from bench.speed.films import Film, say
from bench.speed.jobs import Frame, Job, PeerFailed, Run
from bench.speed.ours import Service
from bench.speed.ratios import Spread, Timing, cpus, typical, walls


class Peer(Protocol):
    """What framecap is compared with."""

    @property
    def name(self) -> str:
        """What it is called."""

    def run(self, film: Film, job: Job, frames: list[Frame], into: Path) -> Run:
        """Does a job.

        Args:
            film: The film.
            job: The job.
            frames: What framecap captured.
            into: An empty directory for the pictures.

        Raises:
            PeerFailed: It cannot.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often things are run."""

    rounds: int
    """At most."""

    seconds: float
    """A peer gets no further round once its runs on a film have taken so long."""


@dataclass(slots=True, kw_only=True)
class Match:
    """framecap and one peer on one film."""

    film: Film
    job: Job
    peer: str
    ours: list[Timing] = field(default_factory=list)
    theirs: list[Timing] = field(default_factory=list)
    pictures: int = 0
    keyframes: int = 0
    """How many of framecap's pictures show keyframes."""

    check: Check | None = None
    failure: str = ""

    @property
    def wall(self) -> Spread:
        """The peer's wall time in framecap's, round by round."""
        return walls(self.theirs, self.ours)

    @property
    def cpu(self) -> Spread:
        """The peer's processor time in framecap's, round by round."""
        return cpus(self.theirs, self.ours)

    @property
    def typical(self) -> tuple[Timing, Timing]:
        """The medians of framecap and the peer."""
        return typical(self.ours), typical(self.theirs)


def matches(
    service: Service, film: Film, job: Job, peers: Sequence[Peer], pace: Pace
) -> list[Match]:
    """Times framecap and each peer in alternation; what they give is compared in the first round.

    Raises:
        FramesWrong: framecap's frames are not right.
    """
    first = service.capture(film, job)
    check.hold(film, first)
    found = []
    for peer in peers:
        match = Match(film=film, job=job, peer=peer.name)
        match.pictures = len(first.pictures)
        match.keyframes = sum(frame.keyframe for frame in first.frames)
        found.append(match)
        try:
            _alternate(service, match, peer, pace)
        except PeerFailed as failure:
            match.failure = str(failure)
        _tell(match)
    return found


def _alternate(service: Service, match: Match, peer: Peer, pace: Pace) -> None:
    for _ in range(pace.rounds):
        ours = service.capture(match.film, match.job)
        with pictures() as into:
            theirs = peer.run(match.film, match.job, list(ours.frames), into)
            if match.check is None and theirs.pictures:
                match.check = check.compare(match.film, ours, theirs)
        match.ours.append(ours.timing)
        match.theirs.append(theirs.timing)
        if sum(timing.wall for timing in match.theirs) > pace.seconds:
            break


@contextmanager
def pictures() -> Iterator[Path]:
    """Yields an empty directory, in memory where there is one, for a peer's pictures."""
    memory = Path("/dev/shm")
    made = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    try:
        yield made
    finally:
        shutil.rmtree(made)


def _tell(match: Match) -> None:
    what = f"{match.film.name} {match.job.request} {match.peer}: "
    if match.failure:
        say(f"{what}{match.failure}")
        return
    ours, theirs = match.typical
    say(f"{what}{match.wall.median:.2f} ({ours.wall:.2f} s, {theirs.wall:.2f} s), {match.check}")
