"""One SQLite file: a thread that writes, a thread that reads, and what their failures mean."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from framecap.errors import DataStoreUnavailable
from framecap.tasks.embedded.migrations import UnknownSchema, migrate
from framecap.tasks.embedded.writes import NO_FAULTS, DurableWrite, FaultPoints

BUSY_SECONDS: Final = 5.0
"""The longest wait for another process's transaction."""

RETRY_MS: Final = 1000

# Only the owner: the requests in it may have signed URLs.
DIRECTORY_MODE: Final = 0o700
FILE_MODE: Final = 0o600

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], T]

CAUSES: Final = {
    sqlite3.SQLITE_FULL: "the disk or the file's quota is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_PERM: "it cannot be opened",
    sqlite3.SQLITE_BUSY: "it is busy",
    sqlite3.SQLITE_LOCKED: "it is busy",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged",
    sqlite3.SQLITE_NOMEM: "there is no memory",
}
"""What the primary result codes of SQLite mean for the operator."""


class Database:
    """A SQLite file in WAL mode. Opens it on first use, and again after every failure.

    All writing is done on one thread and all reading on another, each with its own connection, so
    that the event loop never waits for the disk. Other processes may use the file at the same time.

    Args:
        path: The file; it and its directory are created if they are missing.
        faults: Is called around durable writes.
        max_pages: The most pages the file may have; None for SQLite's own limit.
    """

    def __init__(
        self, path: Path, faults: FaultPoints = NO_FAULTS, max_pages: int | None = None
    ) -> None:
        self._path = path
        self._faults = faults
        self.max_pages = max_pages
        """Read whenever the file is opened."""
        self._writer = _Connected("framecap-store-writes", self._open)
        self._reader = _Connected("framecap-store-reads", self._open_to_read)

    async def write(
        self, write: DurableWrite, work: Work[T], committed: Callable[[], None] = lambda: None
    ) -> T:
        """Runs `work` in a transaction that is on the disk when this returns.

        Args:
            write: The name of the write.
            work: The transaction. It ends whole, committed or rolled back, even when the caller is
                cancelled meanwhile.
            committed: Is called after the commit, on the writer's thread.

        Raises:
            DataStoreUnavailable: Nothing was written.
        """
        return await self._writer.run(
            lambda connection: self._durably(write, work, committed, connection)
        )

    async def note(self, work: Work[T]) -> T:
        """Runs `work` in a transaction that a power failure may undo, but no kill.

        Raises:
            DataStoreUnavailable: Nothing was written.
        """
        return await self._writer.run(lambda connection: _without_sync(work, connection))

    async def read(self, work: Work[T]) -> T:
        """Runs `work`, which reads one state of the file.

        Raises:
            DataStoreUnavailable: The file cannot be read.
        """
        return await self._reader.run(lambda connection: _snapshot(work, connection))

    async def change_count(self) -> int:
        """Returns a number that differs after any process has written."""
        return await self._reader.run(
            lambda connection: int(connection.execute("PRAGMA data_version").fetchone()[0])
        )

    async def close(self) -> None:
        """Ends the threads and closes the file."""
        await self._writer.close()
        await self._reader.close()

    def _durably(
        self,
        write: DurableWrite,
        work: Work[T],
        committed: Callable[[], None],
        connection: sqlite3.Connection,
    ) -> T:
        result = _transaction(work, connection, lambda: self._faults.before_commit(write))
        committed()
        self._faults.after_commit(write)
        return result

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
        connection = _connect(self._path)
        try:
            _use_wal(connection)
            connection.execute("PRAGMA synchronous = FULL")
            # Signed URLs do not stay behind in free pages.
            connection.execute("PRAGMA secure_delete = ON")
            if self.max_pages is not None:
                connection.execute(f"PRAGMA max_page_count = {self.max_pages}")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _open_to_read(self) -> sqlite3.Connection:
        connection = self._open()
        connection.execute("PRAGMA query_only = ON")
        return connection


class _Connected:
    """A thread with a connection of its own, which it opens when it needs one.

    Args:
        name: The thread's name.
        open: Opens a connection.
    """

    def __init__(self, name: str, open: Callable[[], sqlite3.Connection]) -> None:
        self._open = open
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None

    async def run(self, work: Work[T]) -> T:
        """Runs `work` on the thread.

        Raises:
            DataStoreUnavailable: SQLite failed; the connection will be opened again.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._translated, work)

    async def close(self) -> None:
        """Closes the connection and ends the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _translated(self, work: Work[T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except (sqlite3.DatabaseError, UnknownSchema, OSError) as error:
            cause = _cause(error)
            if cause is None:
                raise
            self._disconnect()
            raise DataStoreUnavailable(
                f"the store of the tasks is not available: {cause}",
                metadata={"cause": cause},
                retry_after_ms=RETRY_MS,
            ) from error

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switches the file to WAL mode, which SQLite refuses at once while others switch it too."""
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def _transaction(
    work: Work[T], connection: sqlite3.Connection, before_commit: Callable[[], None]
) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        before_commit()
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself has rolled back after some failures.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _without_sync(work: Work[T], connection: sqlite3.Connection) -> T:
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        return _transaction(work, connection, lambda: None)
    finally:
        connection.execute("PRAGMA synchronous = FULL")


def _snapshot(work: Work[T], connection: sqlite3.Connection) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _cause(error: sqlite3.DatabaseError | UnknownSchema | OSError) -> str | None:
    """Returns the cause of a failure of the store; None for a fault of the code."""
    if isinstance(error, UnknownSchema):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or "it cannot be opened"
    # The extended code has the primary one in its lowest byte.
    return CAUSES.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
