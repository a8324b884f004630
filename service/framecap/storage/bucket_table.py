"""One bucket's table in the file of buckets, as the kinds of buckets read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from framecap.model.names import shown

MAX_SECRET_BYTES: Final = 16 * 1024


class BucketsInvalid(ValueError):
    """The file cannot be used. The message names the key, the fault and a remedy."""


class BucketTable:
    """One bucket's table, whose keys and types of values were checked.

    Args:
        name: The bucket's name.
        values: The table's content.
        environ: The environment that `…_env` keys refer to.
    """

    def __init__(self, name: str, values: Mapping[str, Any], environ: Mapping[str, str]) -> None:
        self.name: Final = name
        self.values: Final = values
        self._environ = environ

    def secret(self, secret: str) -> str | None:
        """Returns the secret that `…_file` or `…_env` names; None where neither is given.

        Raises:
            BucketsInvalid: Both are given, or it cannot be read. The secret is not shown.
        """
        file, variable = f"{secret}_file", f"{secret}_env"
        if file in self.values and variable in self.values:
            raise self.invalid(file, f"and {variable} say the same twice; leave one out")
        if variable in self.values:
            name = self.values[variable]
            text = self._environ.get(name)
            if text is None:
                raise self.invalid(variable, f"the environment has no {shown(name)}")
            return self._usable(variable, text)
        if file in self.values:
            path = Path(self.values[file])
            try:
                with path.open("rb") as opened:
                    text = opened.read(MAX_SECRET_BYTES).decode()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "is no text"
                raise self.invalid(file, f"{shown(str(path))}: {why}") from None
            return self._usable(file, text)
        return None

    def invalid(self, key: str, why: str) -> BucketsInvalid:
        """Returns the error of a key; of the whole table where `key` is empty."""
        where = f"buckets.{self.name}.{key}" if key else f"buckets.{self.name}"
        return BucketsInvalid(f"{where}: {why}")

    def _usable(self, key: str, text: str) -> str:
        stripped = text.strip()
        if not (stripped.isascii() and stripped.isprintable() and stripped):
            raise self.invalid(key, "what it names is empty, or no line of plain text")
        return stripped
