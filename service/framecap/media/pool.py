"""The containers that are open on one source, shared by the threads of a capture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from framecap.media.container import Container
from framecap.media.cursor import SharedFile


class ContainerPool:
    """Owns containers, each used by one reader at a time. Opens another where none is free.

    Args:
        file: The source.
    """

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._lock = Lock()
        self._all: list[Container] = []
        self._free: list[Container] = []

    @property
    def opened(self) -> int:
        """How many containers there are."""
        return len(self._all)

    def add(self, container: Container) -> None:
        """Takes over a container; it is closed with the others."""
        with self._lock:
            self._all.append(container)
            self._free.append(container)

    @contextmanager
    def taken(self) -> Iterator[Container]:
        """Lends a container to the block. Where it stands, and its decoder's state, are anyone's.

        Raises:
            MediaError: None is free, and the source cannot be opened again.
        """
        with self._lock:
            container = self._free.pop() if self._free else None
        if container is None:
            container = Container(self._file)
            with self._lock:
                self._all.append(container)
        try:
            yield container
        finally:
            with self._lock:
                self._free.append(container)

    def close(self) -> None:
        """Closes all containers. None may be lent. May be called again."""
        with self._lock:
            containers, self._all, self._free = self._all, [], []
        for container in containers:
            container.close()
