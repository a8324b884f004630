"""Which topics there are, and what their files are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from google.rpc import error_details_pb2

from framecap.errors import Code, TopicNotFound
from framecap.events.status import to_status
from framecap.tasks.notify.notifier import load_topics
from framecap.tasks.notify.settings import NotifySettings
from framecap.tasks.notify.topic import FileTopic, TopicsInvalid
from framecap.tasks.notify.topics import Topics, file_name

ODD = {
    "plain": ("media.done-1_a", "media.done-1_a.jsonl"),
    "parent": ("..", "%2E..jsonl"),
    "hidden": (".a", "%2Ea.jsonl"),
    "path": ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd.jsonl"),
    "root": ("/a", "%2Fa.jsonl"),
    "zero": ("a\0b", "a%00b.jsonl"),
    "escaped": ("%2Ea", "%252Ea.jsonl"),
    "letters": ("ü ~", "%C3%BC%20%7E.jsonl"),
}


@pytest.mark.parametrize(("topic", "name"), ODD.values(), ids=ODD)
def test_the_file_of_an_odd_topic_lies_in_its_folder(tmp_path: Path, topic: str, name: str) -> None:
    assert file_name(topic) == name
    (tmp_path / name).touch()
    assert os.listdir(tmp_path) == [name]


def test_long_topics_have_files_of_their_own(tmp_path: Path) -> None:
    names = {file_name("ü" * 1024), file_name("ü" * 1023 + "a"), file_name("a" * 2048)}
    assert len(names) == 3
    for name in names:
        (tmp_path / name).touch()


def test_where_nothing_is_configured_every_topic_is_a_file() -> None:
    topics = load_topics(NotifySettings())
    topics.check("anything")
    assert topics.find("anything") == FileTopic(path=Path("anything.jsonl"))


@pytest.mark.parametrize(
    ("name", "sentence", "nearest"),
    [
        ("dune", 'delivery.notify_topic: there is no topic "dune"; did you mean "done"?', "done"),
        ("x\ny", 'delivery.notify_topic: there is no topic "x\\ny"', ""),
    ],
    ids=["near", "far"],
)
def test_a_topic_that_is_not_configured_is_refused(name: str, sentence: str, nearest: str) -> None:
    topics = Topics({"done": FileTopic(path=Path("done.jsonl"))})
    topics.check("done")
    with pytest.raises(TopicNotFound) as caught:
        topics.check(name)
    assert topics.find(name) is None
    status = to_status(caught.value)
    assert (status.code, status.message) == (Code.NOT_FOUND, sentence)
    info, resource = error_details_pb2.ErrorInfo(), error_details_pb2.ResourceInfo()
    assert any(detail.Unpack(info) for detail in status.details)
    assert (info.reason, dict(info.metadata)) == (
        "TOPIC_NOT_FOUND",
        {"topic": name, "nearest": nearest},
    )
    assert any(detail.Unpack(resource) for detail in status.details)
    assert (resource.resource_type, resource.resource_name) == ("topic", name)


def test_the_setting_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "topics.toml"
    file.write_text('[topics.done]\nfile = "done.jsonl"')
    topics = load_topics(NotifySettings(topics=file))
    assert topics.configured == {"done": FileTopic(path=Path("done.jsonl"))}
    file.write_text("")
    with pytest.raises(TopicsInvalid, match="there is none"):
        load_topics(NotifySettings(topics=file))
