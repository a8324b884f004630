"""framecap and its peers in turns, on the same film, with the same request."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from bench.speed import check
from bench.speed.check import Check
from bench.speed.films import Film, say
from bench.speed.jobs import Frame, Job, PeerFailed, Run
from bench.speed.ours import Service
from bench.speed.ratios import Spread, Timing, cpus, typical, walls

FRESH_S: Final = 5.0
"""Several peers in a row are held against one run of framecap if it is no older."""


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
    def same_work(self) -> bool:
        """True when the peer could do it, and gave the same frames but for a few."""
        return bool(self.ours) and (self.check is None or self.check.comparable)

    def goes_on(self, pace: Pace) -> bool:
        """Returns whether the peer gets another round."""
        return not self.failure and sum(run.wall for run in self.theirs) <= pace.seconds

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
    turns = _Turns(service, film, job)
    first = turns.ours()
    check.hold(film, first)
    keys = sum(frame.keyframe for frame in first.frames)
    found = [
        Match(film=film, job=job, peer=peer.name, pictures=len(first.pictures), keyframes=keys)
        for peer in peers
    ]
    for _ in range(pace.rounds):
        for match, peer in zip(found, peers, strict=True):
            if match.goes_on(pace):
                turns.take(match, peer)
    for match in found:
        _tell(match)
    return found


class _Turns:
    """framecap, then a peer, then framecap again."""

    def __init__(self, service: Service, film: Film, job: Job) -> None:
        self._service = service
        self._film = film
        self._job = job
        self._last: Run | None = None
        self._ended = 0.0

    def ours(self) -> Run:
        """Runs framecap."""
        run = self._service.capture(self._film, self._job)
        self._ended = time.monotonic()
        return run

    def take(self, match: Match, peer: Peer) -> None:
        """Runs a peer, and framecap before it unless that was just done."""
        if self._last is None or match.theirs or time.monotonic() - self._ended > FRESH_S:
            self._last = self.ours()
        ours = self._last
        with pictures() as into:
            try:
                theirs = peer.run(self._film, self._job, list(ours.frames), into)
            except PeerFailed as failure:
                match.failure = str(failure)
                return
            if match.check is None and theirs.pictures:
                match.check = check.compare(self._film, ours, theirs)
        match.ours.append(ours.timing)
        match.theirs.append(theirs.timing)


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
