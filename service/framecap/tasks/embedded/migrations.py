"""The schema of the database, as the list of its changes.

The number of a database is that of the changes it has. A change that was released is never edited.
"""

from __future__ import annotations

import sqlite3
from typing import Final

_FIRST: Final = """
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    principal TEXT NOT NULL,
    request BLOB NOT NULL,
    work BLOB,
    source TEXT NOT NULL,
    mode TEXT NOT NULL,
    pin TEXT NOT NULL,
    labels TEXT NOT NULL,
    user_data TEXT NOT NULL,
    project TEXT NOT NULL,
    topic TEXT NOT NULL,
    retry_of TEXT NOT NULL,
    state INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    progress BLOB,
    error BLOB,
    start_time INTEGER,
    end_time INTEGER,
    image_count INTEGER NOT NULL DEFAULT 0,
    usage TEXT NOT NULL,
    dead INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    shard INTEGER NOT NULL,
    ready_time INTEGER NOT NULL,
    writer TEXT NOT NULL DEFAULT '',
    lease_until INTEGER NOT NULL DEFAULT 0,
    sequence INTEGER NOT NULL
);
CREATE INDEX tasks_newest ON tasks (principal, task_id, source);
CREATE INDEX tasks_by_state ON tasks (principal, state, task_id, source);
CREATE INDEX tasks_dead ON tasks (principal, task_id, source, state) WHERE dead = 1;
CREATE INDEX tasks_ready ON tasks (shard, ready_time, task_id) WHERE state = 1;
CREATE INDEX tasks_pending ON tasks (create_time) WHERE state = 1;
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 2;
CREATE INDEX tasks_ended ON tasks (end_time) WHERE end_time IS NOT NULL;

CREATE TABLE events (
    task_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (task_id, sequence)
) WITHOUT ROWID;

CREATE TABLE request_ids (
    principal TEXT NOT NULL,
    request_id TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    task_id TEXT NOT NULL,
    lapse_time INTEGER NOT NULL,
    PRIMARY KEY (principal, request_id)
) WITHOUT ROWID;
CREATE INDEX request_ids_lapse ON request_ids (lapse_time);

CREATE TABLE notifications (
    event_id TEXT PRIMARY KEY,
    topic TEXT NOT NULL,
    body BLOB NOT NULL,
    due_time INTEGER NOT NULL,
    delivery INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX notifications_due ON notifications (due_time);

CREATE TABLE usage (
    record_id TEXT PRIMARY KEY,
    principal TEXT NOT NULL,
    source TEXT NOT NULL,
    mode TEXT NOT NULL,
    outcome TEXT NOT NULL,
    image_count INTEGER NOT NULL,
    usage TEXT NOT NULL,
    end_time INTEGER NOT NULL
);
CREATE INDEX usage_by_time ON usage (end_time, record_id);
CREATE INDEX usage_by_principal ON usage (principal, end_time, record_id);
"""

MIGRATIONS: Final = (_FIRST,)
"""The changes, in order."""

APPLICATION_ID: Final = 0x66636170
"""The letters `fcap`: which application a database belongs to."""


class UnknownSchema(Exception):
    """The file is another application's, or a newer version's."""


def migrate(connection: sqlite3.Connection, migrations: tuple[str, ...] = MIGRATIONS) -> None:
    """Brings a database up to date, in one transaction; another process may do so as well.

    Raises:
        UnknownSchema: The file is another application's, or a newer version's.
        sqlite3.Error: The file cannot be read or written.
    """
    # One snapshot: another process may change version and tables between two reads.
    connection.execute("BEGIN")
    try:
        if _version(connection, migrations) == len(migrations):
            return
    finally:
        connection.execute("ROLLBACK")
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been faster.
        for change in migrations[_version(connection, migrations) :]:
            for statement in _statements(change):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, migrations: tuple[str, ...]) -> int:
    """Returns the number of changes that a database has."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise UnknownSchema("the file is another application's")
    if version > len(migrations):
        raise UnknownSchema(f"the file has schema {version}; this version knows {len(migrations)}")
    return int(version)


def _statements(change: str) -> list[str]:
    """Returns the statements of a change; no statement has a semicolon inside."""
    return [statement for part in change.split(";") if (statement := part.strip())]
