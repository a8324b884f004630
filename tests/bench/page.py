"""Where a page of figures goes."""

from __future__ import annotations

from pathlib import Path


def deliver(page: str, target: Path | None, *, keep: str | None = None) -> None:
    """Prints a page, or writes it where a file is named.

    Args:
        page: The text.
        target: The file.
        keep: The heading from which on the file's own text stays; it is another program's.
    """
    if target is None:
        print(page)
        return
    if keep is not None and target.exists():
        _, heading, rest = target.read_text().partition(f"\n{keep}\n")
        page += heading + rest
    target.write_text(page)


def deliver_section(section: str, heading: str, target: Path) -> None:
    """Writes the last section of a page, in place of the one that is there."""
    before, _, _ = target.read_text().partition(f"\n{heading}\n")
    target.write_text(f"{before.rstrip()}\n\n{section}")
