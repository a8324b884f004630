"""Pools the containers that are open on one source, for the threads of a capture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from framecap.media.bitstream.damage import SliceCheck
from framecap.media.containers.container import Container
from framecap.media.containers.cursor import SharedFile
from framecap.media.containers.starts import Starts


class ContainerPool:
    """Owns containers, each used by one reader at a time. Opens another when none is free.

    Args:
        file: The source.
        slices: Finds damage that decoders do not flag.
    """

    def __init__(self, file: SharedFile, slices: SliceCheck | None = None) -> None:
        self._file = file
        self._slices = SliceCheck() if slices is None else slices
        self._lock = Lock()
        self._all: list[Container] = []
        self._free: dict[int, list[Container]] = {1: []}
        self.starts: Starts | None = None
        """The headers that decoders need at a start; None until the first packet was read."""

    @property
    def containers(self) -> Sequence[Container]:
        """All containers of the pool."""
        return tuple(self._all)

    def add(self, container: Container) -> None:
        """Adds a container, which the pool then owns and closes."""
        container.starts = self.starts
        with self._lock:
            self._all.append(container)
            self._free[1].append(container)

    @contextmanager
    def taken(self, threads: int = 1) -> Iterator[Container]:
        """Yields a container for the block. Its position and its decoder's state are undefined.

        Args:
            threads: The number of threads of its decoder.

        Raises:
            MediaError: None is free, and the source cannot be opened again.
        """
        with self._lock:
            free = self._free.setdefault(threads, [])
            container = free.pop() if free else None
        if container is None:
            container = Container(self._file, threads=threads, slices=self._slices)
            container.starts = self.starts
            with self._lock:
                self._all.append(container)
        try:
            yield container
        finally:
            container.expect(0)
            with self._lock:
                free.append(container)

    def close(self) -> None:
        """Closes all containers. None may be in use. May be called again."""
        with self._lock:
            containers, self._all = self._all, []
            self._free = {1: []}
        for container in containers:
            container.close()
