"""docs/notifications.md: its program verifies, its file is read, its message is the one sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from framecap.tasks.notify.envelope import envelope
from framecap.tasks.notify.topic import FileTopic, NatsTopic, WebhookTopic
from framecap.tasks.notify.topics_file import parse_topics
from framecap.tasks.notify.webhook import Webhook
from support.servers.hooks import Posted, running_hooks
from support.tasks.ended import ended_task, message
from support.tasks.hooks import KEY, OTHER_KEY, SECRET, secret_line

PAGE: Final = Path(__file__).parents[4].joinpath("docs/notifications.md").read_text()

Verify = Callable[..., None]


def blocks(language: str) -> list[str]:
    """Returns the page's blocks in a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def verify() -> Verify:
    """The program of the page."""
    (program,) = blocks("python")
    names: dict[str, Any] = {}
    exec(program, names)
    found: Verify = names["verify"]
    return found


async def posted(*secrets: bytes) -> Posted:
    """Returns what a webhook sends."""
    async with running_hooks() as hooks:
        topic = WebhookTopic(url=hooks.url, secrets=secrets, allow_private=True)
        webhook = Webhook(topic)
        await webhook.deliver(message())
        await webhook.close()
    return hooks.posted[0]


async def test_the_program_verifies_a_webhook(verify: Verify) -> None:
    for secrets in ((KEY,), (OTHER_KEY, KEY)):
        received = await posted(*secrets)
        verify(received.headers, received.body, SECRET)


async def test_the_program_refuses_what_is_not_genuine(verify: Verify) -> None:
    received = await posted(KEY)

    def refused(why: str, body: bytes, secret: str, **headers: str) -> None:
        changed: Mapping[str, str] = {**received.headers, **headers}
        with pytest.raises(ValueError, match=why):
            verify(changed, body, secret)

    refused("signature", received.body + b" ", SECRET)
    refused("signature", received.body, secret_line(OTHER_KEY))
    refused("signature", received.body, SECRET, **{"webhook-id": "other"})
    refused("too old", received.body, SECRET, **{"webhook-timestamp": "1724133070"})


def test_the_file_of_topics_is_read(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    topics = parse_topics(text.replace("/run/secrets/site-webhook", str(secret)))
    kinds = [type(topic) for topic in topics.values()]
    assert kinds == [FileTopic, WebhookTopic, NatsTopic]


def test_the_message_is_the_one_that_is_sent() -> None:
    outer, content = (json.loads(block) for block in blocks("json"))
    sent = json.loads(envelope(ended_task()))
    assert list(outer) == list(sent)
    assert {**outer, "content": ""} == {**sent, "content": ""}
    sent_content = json.loads(sent["content"])
    assert json.dumps(content) == json.dumps(sent_content)
