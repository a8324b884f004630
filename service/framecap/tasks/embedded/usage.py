"""Usage records as rows of the database. A page runs down one index and stops at its end."""

from __future__ import annotations

import sqlite3
import struct
from typing import Any, Final

from framecap.model.usage import UsageRecord
from framecap.tasks.embedded.rows import to_json, usage_of
from framecap.tasks.page_token import check_of, foreign, position_of, token_of
from framecap.tasks.task import MAX_PAGE_SIZE, UsageFilter, UsagePage
from framecap.timebase import Nanoseconds

COLUMNS: Final = "record_id, principal, source, mode, outcome, image_count, usage, end_time"

REMOVE: Final = """DELETE FROM usage WHERE record_id IN (SELECT record_id FROM usage
    INDEXED BY usage_by_time WHERE end_time <= ? ORDER BY end_time LIMIT ?)"""

END: Final = struct.Struct("!q")
"""The end of the last record of a page, before its id, in a token."""

Position = tuple[Nanoseconds, str]


def add(connection: sqlite3.Connection, record: UsageRecord) -> None:
    """Adds a usage record, unless its id has one."""
    connection.execute(
        f"INSERT OR IGNORE INTO usage ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.record_id,
            record.principal,
            record.source,
            record.mode,
            record.outcome,
            record.image_count,
            to_json(record.usage),
            record.end_time,
        ),
    )


def remove(connection: sqlite3.Connection, until: Nanoseconds, limit: int) -> int:
    """Removes at most `limit` records of captures that ended by `until`; returns how many."""
    removed = connection.execute(REMOVE, (until, limit))
    return removed.rowcount


def page(
    connection: sqlite3.Connection,
    principal: str | None,
    chosen: UsageFilter,
    page_size: int,
    page_token: str,
) -> UsagePage:
    """Returns a page of usage records, by the end of their captures; of all for None.

    Raises:
        ValueOutOfRange: The token is not from a page of the same list.
    """
    size = max(1, min(page_size, MAX_PAGE_SIZE))
    check = check_of("usage", principal, chosen.ended_from, chosen.ended_before)
    after = _position(page_token, check) if page_token else None
    sql, values = statement(principal, chosen, after, size)
    found = tuple(_record(columns) for columns in connection.execute(sql, values))
    kept = found[:size]
    token = ""
    if len(found) > size:
        token = token_of(END.pack(kept[-1].end_time) + kept[-1].record_id.encode(), check)
    return UsagePage(records=kept, next_page_token=token)


def statement(
    principal: str | None, chosen: UsageFilter, after: Position | None, size: int
) -> tuple[str, dict[str, Any]]:
    """Returns the statement whose results are a page and one record more.

    Args:
        principal: The owner of the records; None for those of all.
        chosen: The records that the list contains.
        after: The end and the id that the page's follow; None for the first page.
        size: The number of records on the page.
    """
    conditions = []
    values: dict[str, Any] = {
        "principal": principal,
        "first": chosen.ended_from,
        "before": chosen.ended_before,
    }
    if principal is not None:
        conditions.append("principal = :principal")
    if after is not None:
        conditions.append("(end_time, record_id) > (:after_time, :after_id)")
        values["after_time"], values["after_id"] = after
    elif chosen.ended_from is not None:
        conditions.append("end_time >= :first")
    if chosen.ended_before is not None:
        conditions.append("end_time < :before")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    index = "usage_by_time" if principal is None else "usage_by_principal"
    return (
        f"SELECT {COLUMNS} FROM usage INDEXED BY {index}{where}"
        f" ORDER BY end_time, record_id LIMIT {size + 1}",
        values,
    )


def _record(columns: tuple[Any, ...]) -> UsageRecord:
    values = dict(zip(COLUMNS.split(", "), columns, strict=True))
    return UsageRecord(usage=usage_of(values.pop("usage")), **values)


def _position(token: str, check: bytes) -> Position:
    position = position_of(token, check)
    if len(position) <= END.size:
        raise foreign()
    return END.unpack_from(position)[0], position[END.size :].decode(errors="replace")
