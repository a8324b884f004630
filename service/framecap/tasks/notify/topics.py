"""The topics that tasks may notify, and the destination of each."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from framecap.errors import TopicNotFound
from framecap.model.names import shown
from framecap.tasks.notify.topic import FileTopic, Topic

FIELD: Final = "delivery.notify_topic"
SUFFIX: Final = ".jsonl"

MAX_NAME: Final = 180
"""The longest file name made of a topic; file systems have a limit of 255 bytes."""


class Topics:
    """Finds topics by name.

    Args:
        configured: The topics of the file; empty where there is no file, so that every topic has a
            file of its own in the data directory.
    """

    def __init__(self, configured: Mapping[str, Topic] | None = None) -> None:
        self.configured: Final[Mapping[str, Topic]] = dict(configured or {})
        """The configured topics, by name."""

    def check(self, name: str) -> None:
        """Returns if a task may notify the topic.

        Raises:
            TopicNotFound: Topics are configured, and this one is not.
        """
        if self.find(name) is None:
            near = difflib.get_close_matches(name[:64], self.configured, n=1)
            hint = f"; did you mean {shown(near[0])}?" if near else ""
            raise TopicNotFound(
                f"{FIELD}: there is no topic {shown(name)}{hint}",
                metadata={"topic": name, "nearest": "".join(near)},
            )

    def find(self, name: str) -> Topic | None:
        """Returns a topic; None where it is not configured, but others are."""
        if self.configured:
            return self.configured.get(name)
        return FileTopic(path=Path(file_name(name)))


def file_name(topic: str) -> str:
    """Returns the file name of a topic, which no other topic has."""
    # `~` stays free as a separator, and no name begins with a dot.
    name = quote(topic, safe="").replace("~", "%7E")
    name = f"%2E{name[1:]}" if name.startswith(".") else name
    if len(name) > MAX_NAME:
        digest = hashlib.sha256(topic.encode()).hexdigest()
        name = f"{name[: MAX_NAME - len(digest)]}~{digest}"
    return name + SUFFIX
