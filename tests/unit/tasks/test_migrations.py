"""A database is brought up to date, whole, and none that is not ours is touched."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from framecap.errors import DataStoreUnavailable
from framecap.tasks.embedded.engine import EmbeddedEngine
from framecap.tasks.embedded.migrations import APPLICATION_ID, MIGRATIONS, UnknownSchema, migrate
from support.tasks.engines import MINE, envelope, new_task

OLD = ("CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)",)
NEW = (*OLD, "ALTER TABLE a ADD COLUMN y INTEGER DEFAULT 2; CREATE INDEX a_y ON a (y)")


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


async def refusal(path: Path) -> DataStoreUnavailable:
    """Returns the error of a submission to a file."""
    engine = EmbeddedEngine(path, envelope=envelope)
    try:
        with pytest.raises(DataStoreUnavailable) as caught:
            await engine.submit(new_task())
        return caught.value
    finally:
        await engine.close()


async def test_a_new_file_has_the_latest_schema_and_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "tasks.db"
    engine = EmbeddedEngine(path, envelope=envelope)
    await engine.submit(new_task())
    files = sorted(each.name for each in path.parent.iterdir())
    assert files == ["tasks.db", "tasks.db-shm", "tasks.db-wal"]
    modes = {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    await engine.close()
    with connected(path) as connection:
        assert version(connection) == len(MIGRATIONS)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_an_older_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    with connected(tmp_path / "a.db") as connection:
        migrate(connection, OLD)
        assert version(connection) == 1
        migrate(connection, NEW)
        assert version(connection) == 2
        migrate(connection, NEW)
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]


def test_a_change_that_fails_leaves_the_schema_as_it_was(tmp_path: Path) -> None:
    with connected(tmp_path / "a.db") as connection:
        migrate(connection, OLD)
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, (*NEW, "CREATE TABLE b (z INTEGER); SELECT * FROM nothing"))
        assert version(connection) == 1
        assert connection.execute("SELECT * FROM a").fetchall() == [(1,)]
        assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (1,)


def test_many_may_bring_one_file_up_to_date_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []
    start = threading.Barrier(6)

    def work() -> None:
        with connected(tmp_path / "a.db") as connection:
            start.wait()
            try:
                migrate(connection, NEW)
            except Exception as failure:
                failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with connected(tmp_path / "a.db") as connection:
        assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with connected(path) as connection:
        migrate(connection, (*MIGRATIONS, "CREATE TABLE later (x INTEGER)"))
    error = await refusal(path)
    assert error.metadata == {
        "cause": f"the file has schema {len(MIGRATIONS) + 1}; this version knows {len(MIGRATIONS)}"
    }
    with connected(path) as connection:
        assert version(connection) == len(MIGRATIONS) + 1


async def test_the_file_of_another_application_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with connected(path) as connection:
        connection.execute("CREATE TABLE theirs (x INTEGER)")
        with pytest.raises(UnknownSchema):
            migrate(connection)
    error = await refusal(path)
    assert error.metadata == {"cause": "the file is another application's"}


async def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"a letter, not a database\n" * 200)
    before = path.read_bytes()
    assert (await refusal(path)).metadata == {"cause": "it is damaged"}
    assert path.read_bytes() == before


async def test_a_file_of_this_version_is_opened_again(tmp_path: Path) -> None:
    for number in range(3):
        engine = EmbeddedEngine(tmp_path / "a.db", envelope=envelope)
        await engine.submit(new_task())
        assert len((await engine.list(MINE)).tasks) == number + 1
        await engine.close()
