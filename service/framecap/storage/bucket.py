"""What all buckets have in common. Each kind of store has a class of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket: the name by which requests know it, and the settings of its store."""

    name: str
    """The bucket's name in requests to this service."""

    def exists(self) -> bool:
        """Returns whether the bucket is known to exist; True where only the store could tell."""
        return True

    def path_of(self, key: str) -> str | None:
        """Returns the path of the file that is an object; None where objects are no files.

        Args:
            key: The object's key.
        """
        return None
