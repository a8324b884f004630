"""Segments of a stream, worked on by several threads; their results are yielded in order.

Each segment is an iterator. A step of a segment (decoding) yields an item; work on the item
(pixels, encoding) makes a result. A thread always takes the job nearest to the head, so the first
results are made first, and all threads share the slowest kind of work. Results are yielded in
order, as soon as they are confirmed. The thread that yields them does no other work once other
threads do, or it would be busy when the next result is made. Results made ahead of their turn are
bounded in bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from heapq import heappop, heappush
from itertools import islice
from threading import Condition, RLock, Thread
from time import monotonic
from typing import Final, Generic, Self

from framecap.model.media import Confirmation
from framecap.pipeline.entries import Entry, Item, Result, StartedSegment
from framecap.pipeline.states import Beginning, CallerRole, PassState, SegmentState, entered

AHEAD_RESULTS: Final = 16
AHEAD_BYTES: Final = 8 << 20, 24 << 20
"""The bound of the results held for segments after the head: `AHEAD_RESULTS` times the largest
result, but within these two numbers of bytes. The lower one holds a group of small pictures."""

HEAD_BYTES: Final = 8 << 20
"""The bound of the results held for the head, the segment whose results are due."""

_STEP_SECONDS: Final = 0.002
"""The time for which a segment is stepped without an item before the thread picks a new job."""

_WAIT_SECONDS: Final = 0.1

# Python 3.11 finds a member slowly through its enumeration, and these are compared several times a
# frame.
_IDLE: Final = SegmentState.IDLE
_STEPPING: Final = SegmentState.STEPPING
_MORE: Final = Beginning.IDLE
_WORKER: Final = CallerRole.WORKER
_CLOSED: Final = PassState.CLOSED


class SegmentWorkers(Generic[Item, Result]):
    """Owns the worker threads of one pass. Close it to end them.

    The calling thread does the work until there is enough for two; then a new thread replaces it,
    and it only yields results.

    Each state below changes under the lock; `pipeline/states.py: entered` allows no other
    transition. A job, done without the lock, lies between the two transitions of one line.

        segment    IDLE → STEPPING → IDLE, ENDED or FAILED    `_step`
        item       WAITING → WORKING → DONE                   `_do_work`
        segments   IDLE → ADVANCING → IDLE or EXHAUSTED       `_begin`
        caller     WORKER → CONSUMER                          `_replace_caller`
        pass       OPEN → CLOSED                              `close`

    A segment that fails to start is FAILED from the beginning, and its error DONE.

    Args:
        segments: The segments, in order. Any thread may advance the iterator, one at a time.
        work: Makes the result of an item, in any thread.
        size: Returns the approximate size of a result in bytes. Items are not counted: each thread
            has one at most.
        confirmation: Returns the confirmation of an item. Items of a segment that failed before
            they were confirmed are dropped.
        threads: The number of threads that work at once, the caller's included. At least 1.
    """

    def __init__(
        self,
        segments: Iterator[Callable[[], Iterator[Item | None]]],
        work: Callable[[Item], Result],
        *,
        size: Callable[[Result], int],
        confirmation: Callable[[Item], Confirmation],
        threads: int,
    ) -> None:
        self._segments = segments
        self._work = work
        self._size = size
        self._confirmation = confirmation
        self._spare = threads - 1
        self._most_threads = threads
        self._state = PassState.OPEN
        self._caller = _WORKER
        self._beginning = _MORE
        self._threads: list[Thread] = []
        self._idle = 0
        lock = RLock()
        self._changed = Condition(lock)
        self._head_changed = Condition(lock)
        self._active: deque[StartedSegment[Item, Result]] = deque()
        self._begun = 0
        self._pending: list[Entry[Item, Result]] = []
        self._entries = 0
        self._taken = 0
        self._largest = 0
        self._long_steps = 0
        self._jobs_done = 0

    def results(self) -> Iterator[Result | None]:
        """Yields results in order; None now and then while work goes on without one.

        Raises:
            BaseException: A segment or the work raised it; it is raised in its turn.
        """
        seen = 0
        while (turn := self._next_turn()) is not None:
            if isinstance(turn, Entry):
                yield turn.value()
                continue
            turn()
            if self._jobs_done != seen:
                # Only completed jobs count: the caller takes each None for progress.
                seen = self._jobs_done
                yield None

    def close(self) -> None:
        """Ends the threads and the segments. May be called again."""
        with self._changed:
            if self._state is PassState.OPEN:
                self._state = entered(self._state, _CLOSED)
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        for segment in self._active:
            _close(segment.steps)
        self._active.clear()
        self._pending.clear()
        _close(self._segments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next_turn(self) -> Entry[Item, Result] | Callable[[], None] | None:
        """Returns the entry whose turn it is, else a job of the caller; None at the end."""
        with self._changed:
            entry = self._next_done()
            if entry is not None:
                return entry
            if self._is_finished():
                return None
            self._replace_caller()
            if self._caller is CallerRole.CONSUMER:
                self._head_changed.wait(_WAIT_SECONDS)
                return _nothing
            job = self._find_job()
            if job is None:
                self._changed.wait(_WAIT_SECONDS)
                return _nothing
            return job

    def _next_done(self) -> Entry[Item, Result] | None:
        """Takes the entry whose turn it is, if it is done; removes segments that are over."""
        while self._active:
            head = self._active[0]
            head.drop_unconfirmed()
            if head.entries:
                if head.unconfirmed or not head.entries[0].done:
                    return None
                entry = head.entries.popleft()
                head.held -= entry.size
                self._taken += 1
                self._changed.notify_all()
                return entry
            if not head.over:
                return None
            self._active.popleft()
            self._changed.notify_all()
        return None

    def _is_finished(self) -> bool:
        return self._beginning is Beginning.EXHAUSTED and not self._active

    def _find_job(self) -> Callable[[], None] | None:
        """Takes the job nearest to the head; the caller holds the lock and then does it."""
        if self._state is _CLOSED:
            return None
        while self._pending and self._pending[0].dropped:
            heappop(self._pending)
        if self._pending and not self._first_awaits_confirmation():
            entry = heappop(self._pending)
            entry.start()
            return partial(self._do_work, entry)
        has_room = self._has_room_ahead()
        segment = self._segment_to_step(has_room)
        if segment is not None:
            segment.enter(_STEPPING)
            return partial(self._step, segment, segment.unconfirmed)
        open_segments = sum(not segment.over for segment in self._active)
        if self._beginning is _MORE and open_segments <= self._spare and has_room:
            self._beginning = entered(self._beginning, Beginning.ADVANCING)
            return self._begin
        return None

    def _has_room_ahead(self) -> bool:
        """Returns whether the results held for segments after the head are below their bound."""
        least, most = AHEAD_BYTES
        bound = max(least, min(AHEAD_RESULTS * self._largest, most))
        return sum(segment.held for segment in islice(self._active, 1, None)) < bound

    def _segment_to_step(self, has_room: bool) -> StartedSegment[Item, Result] | None:
        """Returns the first segment that may be stepped; None when none may."""
        for position, segment in enumerate(self._active):
            if segment.state is not _IDLE:
                continue
            # The next items of the head confirm its unconfirmed ones, so it may exceed the bound.
            if has_room if position else segment.held < HEAD_BYTES or segment.unconfirmed:
                return segment
        return None

    def _first_awaits_confirmation(self) -> bool:
        """Returns whether the very first result is made and only its confirmation is missing."""
        if self._taken or not self._active:
            return False
        head = self._active[0]
        is_idle = head.state is not _STEPPING
        return is_idle and head.unconfirmed is not None and head.entries[0].done

    def _begin(self) -> None:
        """Starts the next segment."""
        segment: StartedSegment[Item, Result] | None = None
        try:
            steps = next(self._segments, None)
            if steps is not None:
                segment = StartedSegment(self._begun, steps())
        except BaseException as error:
            segment = StartedSegment(self._begun, iter(()), state=SegmentState.FAILED)
            segment.entries.append(Entry.failed(segment, error))
        is_last = segment is None or segment.over
        with self._changed:
            self._beginning = entered(self._beginning, Beginning.EXHAUSTED if is_last else _MORE)
            self._begun += 1
            self._jobs_done += 1
            if segment is not None:
                self._active.append(segment)
            self._start_spare_thread()
            self._changed.notify_all()
            if is_last:
                self._head_changed.notify()

    def _step(
        self, segment: StartedSegment[Item, Result], unconfirmed: Confirmation | None
    ) -> None:
        """Steps a segment until it yields an item, confirms one, ends, or has used its time."""
        entry: Entry[Item, Result] | None = None
        following = _IDLE
        until = monotonic() + _STEP_SECONDS
        try:
            for item in segment.steps:
                if item is not None:
                    entry = Entry(segment, item=item, confirmation=self._confirmation(item))
                confirmed = unconfirmed is not None and unconfirmed.given
                closed = self._state is _CLOSED
                if item is not None or confirmed or monotonic() > until or closed:
                    break
            else:
                following = SegmentState.ENDED
        except BaseException as error:
            entry, following = Entry.failed(segment, error), SegmentState.FAILED
        with self._changed:
            segment.enter(following)
            self._jobs_done += 1
            self._long_steps += following is _IDLE and entry is None
            if entry is not None:
                entry.number = self._entries
                self._entries += 1
                segment.entries.append(entry)
                if not entry.done:
                    heappush(self._pending, entry)
            self._start_spare_thread()
            self._changed.notify_all()
            self._notify_of(segment)

    def _do_work(self, entry: Entry[Item, Result]) -> None:
        size = 0
        try:
            entry.result = self._work(entry.take())
            size = self._size(entry.result)
        except BaseException as error:
            entry.error = error
        with self._changed:
            self._largest = max(self._largest, size)
            entry.finish(size)
            self._jobs_done += 1
            self._changed.notify_all()
            self._notify_of(entry.segment)

    def _notify_of(self, segment: StartedSegment[Item, Result]) -> None:
        """Wakes the thread that yields results, if the segment is the head and has one ready."""
        if not self._active or segment is not self._active[0]:
            return
        if segment.over or (
            segment.entries and segment.entries[0].done and segment.unconfirmed is None
        ):
            self._head_changed.notify()

    def _replace_caller(self) -> None:
        """Starts a thread that replaces the caller as a worker, once another one works."""
        if self._threads and self._caller is _WORKER and self._start_thread():
            self._caller = entered(self._caller, CallerRole.CONSUMER)

    def _start_spare_thread(self) -> None:
        """Starts a thread if there are more jobs than the caller and idle threads can take."""
        caller_works = self._caller is _WORKER
        spare_threads = len(self._threads) - (not caller_works)
        if self._state is _CLOSED or spare_threads >= self._spare:
            return
        jobs = len(self._pending) + sum(segment.state is _IDLE for segment in self._active)
        jobs += self._beginning is _MORE
        # A single image that takes few steps is made faster than a thread starts.
        several = self._entries > 1 or len(self._active) > 1 or self._long_steps > 0
        if several and jobs > self._idle + caller_works:
            self._start_thread()

    def _start_thread(self) -> bool:
        """Starts a thread; returns False when there are as many as there may be."""
        if len(self._threads) >= self._most_threads:
            return False
        thread = Thread(target=self._run, name=f"segment-worker-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # The system refuses another one: the existing threads do the work.
            self._most_threads = len(self._threads)
            return False
        self._threads.append(thread)
        self._idle += 1
        return True

    def _run(self) -> None:
        while True:
            with self._changed:
                while (job := self._find_job()) is None:
                    if self._state is _CLOSED or self._is_finished():
                        return
                    self._changed.wait()
                self._idle -= 1
            job()
            with self._changed:
                self._idle += 1


def _nothing() -> None:
    """Does nothing: the caller has waited instead of doing a job."""


def _close(iterator: object) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()
