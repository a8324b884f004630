"""Where a page of figures goes."""

from __future__ import annotations

from pathlib import Path


def deliver(page: str, target: Path | None) -> None:
    """Prints a page, or writes it where a file is named."""
    if target is None:
        print(page)
    else:
        target.write_text(page)
