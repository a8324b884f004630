"""One topic's table in the file of topics, as the kinds of topics read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from framecap.model.names import shown
from framecap.tasks.notify.topic import TopicsInvalid

MAX_SECRET_BYTES: Final = 16 * 1024
SECRET: Final = "secret_file"


class TopicTable:
    """One topic's table, whose keys and types of values were checked.

    Args:
        name: The topic's name.
        values: The table's content.
    """

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name: Final = name
        self.values: Final = values

    def secret(self, example: str) -> list[str]:
        """Returns the lines of the file of secrets, blank ones left out.

        Args:
            example: A file that is there, for the error.

        Raises:
            TopicsInvalid: It is not named, cannot be read, or is empty. No secret is shown.
        """
        if SECRET not in self.values:
            raise self.invalid(SECRET, f"is required (example: {example})")
        path = Path(self.values[SECRET])
        try:
            with path.open("rb") as opened:
                text = opened.read(MAX_SECRET_BYTES).decode()
        except OSError as error:
            raise self.invalid(SECRET, f"{shown(str(path))}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise self.invalid(SECRET, f"{shown(str(path))}: is no text") from None
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if not lines:
            raise self.invalid(SECRET, f"{shown(str(path))}: is empty")
        return lines

    def invalid(self, key: str, why: str) -> TopicsInvalid:
        """Returns the error of a key; of the whole table where `key` is empty."""
        where = f"topics.{self.name}.{key}" if key else f"topics.{self.name}"
        return TopicsInvalid(f"{where}: {why}")
