"""The file of topics: what it may say, and a sentence for each mistake."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from framecap.tasks.notify.topic import FileTopic, NatsTopic, TopicsInvalid, WebhookTopic
from framecap.tasks.notify.topics_file import read_topics
from support.tasks.hooks import KEY, OTHER_KEY, SECRET, secret_line

FILE = 'file = "done.jsonl"'
HOOK = 'webhook = "https://example.org/hooks/framecap"'
NATS = 'nats = "nats://nats.example.org:4222/framecap.done"'
SECRET_FILE = 'secret_file = "{secret}"'
MADE = 'made by: echo "whsec_$(openssl rand -base64 32)"'


def read(tmp_path: Path, text: str, secret: str = SECRET) -> object:
    """Reads a file of topics; `{secret}` in it is the path of a file of secrets."""
    kept = tmp_path / "secret"
    kept.write_text(secret)
    file = tmp_path / "topics.toml"
    file.write_text(text.replace("{secret}", str(kept)))
    return read_topics(file)


def test_everything_it_may_say(tmp_path: Path) -> None:
    text = f"""
        [topics.archive]
        file = "/srv/notifications/archive.jsonl"

        [topics.local]
        {FILE}

        [topics.site]
        webhook = "https://example.org/hooks/framecap?token=hidden"
        {SECRET_FILE}

        [topics.beside]
        webhook = "http://127.0.0.1:9000/hook"
        {SECRET_FILE}
        allow_private = true

        [topics.done]
        nats = "nats://nats-1,nats-2:4223,[::1]/framecap.done"

        [topics."odd name/ü"]
        nats = "tls://nats.example.org:4222/framecap.done"
        """
    topics = read(tmp_path, text, f"{secret_line(KEY)}\n\n {secret_line(OTHER_KEY)} \n")
    assert topics == {
        "archive": FileTopic(path=Path("/srv/notifications/archive.jsonl")),
        "local": FileTopic(path=Path("done.jsonl")),
        "site": WebhookTopic(
            url="https://example.org/hooks/framecap?token=hidden", secrets=(KEY, OTHER_KEY)
        ),
        "beside": WebhookTopic(
            url="http://127.0.0.1:9000/hook", secrets=(KEY, OTHER_KEY), allow_private=True
        ),
        "done": NatsTopic(
            servers=("nats://nats-1:4222", "nats://nats-2:4223", "nats://[::1]:4222"),
            subject="framecap.done",
        ),
        "odd name/ü": NatsTopic(servers=("tls://nats.example.org:4222",), subject="framecap.done"),
    }
    assert "hidden" not in repr(topics)
    assert repr(KEY) not in repr(topics)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("me:the:word", {"user": "me", "password": "the:word"}),
        ("s3cr3t", {"token": "s3cr3t"}),
    ],
    ids=["user", "token"],
)
def test_nats_may_have_a_secret(tmp_path: Path, line: str, expected: dict[str, str]) -> None:
    topics = read(tmp_path, f"[topics.done]\n{NATS}\n{SECRET_FILE}", f"{line}\n")
    servers = ("nats://nats.example.org:4222",)
    assert topics == {"done": NatsTopic(servers=servers, subject="framecap.done", **expected)}
    assert not any(value in repr(topics) for name, value in expected.items() if name != "user")


MISTAKES = {
    "no TOML": ("[topics", "is no TOML: "),
    "other table": ("[topic.done]", "topic: is not read; allowed: topics"),
    "no table": ("topics = 1", "topics: is no table (example: [topics.done])"),
    "none": ("", "topics: there is none (example: [topics.done])"),
    "no table each": ("[topics]\ndone = 1", "topics.done: is no table (example: [topics.done])"),
    "empty name": (f'[topics.""]\n{FILE}', "topics.: is no name of a topic: 1 to 2048 bytes"),
    "odd name": (f'[topics."a\\nb"]\n{FILE}', "topics.'a\\nb': has a control character"),
    "no destination": (
        "[topics.done]",
        f"topics.done: names no destination (example: {NATS}, or {HOOK}, or {FILE})",
    ),
    "near": (
        '[topics.done]\nwebhok = "x"',
        "topics.done.webhok: is not read; did you mean webhook?",
    ),
    "far": ("[topics.done]\nzzz = 1", "topics.done.zzz: is not read; allowed: nats, secret_file,"),
    "no text": (
        "[topics.done]\nfile = 1",
        'topics.done.file: is not a text in quotes (example: "done.jsonl")',
    ),
    "no bool": (
        '[topics.done]\nallow_private = "yes"',
        "topics.done.allow_private: is not true or false",
    ),
    "zero byte": ('[topics.done]\nfile = "a\\u0000"', "topics.done.file: has a zero byte"),
    "two": (
        f"[topics.done]\n{FILE}\n{NATS}",
        "topics.done.file: and nats are two destinations; leave one out",
    ),
    "without meaning": (
        f"[topics.done]\n{FILE}\n{SECRET_FILE}",
        "topics.done.secret_file: has no meaning beside file",
    ),
    "outside": (
        '[topics.done]\nfile = "../done.jsonl"',
        f"topics.done.file: has the segment .. (example: {FILE})",
    ),
    "empty path": ('[topics.done]\nfile = ""', f"topics.done.file: is empty (example: {FILE})"),
    "root": ('[topics.done]\nfile = "/"', f"topics.done.file: names no file (example: {FILE})"),
    "no secret": (
        f"[topics.done]\n{HOOK}",
        'topics.done.secret_file: is required (example: secret_file = "/run/secrets/webhook")',
    ),
    "no secret file": (
        f'[topics.done]\n{HOOK}\nsecret_file = "/absent"',
        'topics.done.secret_file: "/absent": No such file or directory',
    ),
    **{
        f"no URL {number}": (
            f'[topics.done]\nwebhook = "{url}"\n{SECRET_FILE}',
            f"topics.done.webhook: is no URL of a web server (example: {HOOK})",
        )
        for number, url in enumerate(
            (
                "hidden",
                "ftp://hidden",
                "https://",
                "https://hid den",
                "https://[hidden",
                "https://h:x",
            )
        )
    },
    "user": (
        f'[topics.done]\nwebhook = "https://me:hidden@example.org"\n{SECRET_FILE}',
        "topics.done.webhook: has a user or a fragment; leave it out",
    ),
    **{
        f"not encrypted {number}": (
            f'[topics.done]\nwebhook = "{url}"\nallow_private = {allow}\n{SECRET_FILE}',
            "topics.done.webhook: is not encrypted; write https://, or for a server of the same"
            " machine http://127.0.0.1 and allow_private = true",
        )
        for number, (url, allow) in enumerate(
            (
                ("http://127.0.0.1/hidden", "false"),
                ("http://example.org/hidden", "true"),
                ("http://10.0.0.1/hidden", "true"),
            )
        )
    },
    **{
        f"no server {number}": (
            f'[topics.done]\nnats = "{url}"',
            f"topics.done.nats: is no server and subject (example: {NATS})",
        )
        for number, url in enumerate(
            ("x", "nats://x", "nats:///a", "http://x/a", "nats://x:y/a", "nats://x,,y/a")
        )
    },
    "NATS user": (
        '[topics.done]\nnats = "nats://me:hidden@x/a"',
        "topics.done.nats: has a user; name a file that has it as secret_file",
    ),
    **{
        f"no subject {number}": (
            f'[topics.done]\nnats = "nats://x/{subject}"',
            f'topics.done.nats: "{subject}" is no subject to publish to (example: {NATS})',
        )
        for number, subject in enumerate(("", "a.*", "a.>", ".a", "a..b", "a b", "a" * 256))
        if len(subject) < 100
    },
    "long subject": (f'[topics.done]\nnats = "nats://x/{"a" * 256}"', 'topics.done.nats: "aaaa'),
    "server's subject": (
        '[topics.done]\nnats = "nats://x/$SYS.a"',
        'topics.done.nats: "$SYS.a" is a subject of the server itself',
    ),
}


@pytest.mark.parametrize(("text", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_each_mistake_has_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(TopicsInvalid) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'topics.toml'}: {sentence}")
    assert "hidden" not in str(caught.value)


WRONG_LENGTH = f"has a line that is not whsec_ and the base64 of 24 to 64 bytes ({MADE})"
SECRETS = {
    "empty": (HOOK, " \n", '"{secret}": is empty'),
    "no prefix": (HOOK, "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", WRONG_LENGTH),
    "no base64": (HOOK, "whsec_!!!hidden", WRONG_LENGTH),
    "short": (HOOK, secret_line(b"hidden"), WRONG_LENGTH),
    "long": (HOOK, secret_line(b"h" * 65), WRONG_LENGTH),
    "many": (HOOK, f"{SECRET}\n" * 5, "names a file with more than 4 secrets"),
    "two lines": (
        NATS,
        "me:hidden\nyou:hidden",
        "names a file that is not one line: user:password, or a token",
    ),
}


@pytest.mark.parametrize(("topic", "secret", "sentence"), SECRETS.values(), ids=SECRETS)
def test_a_secret_that_cannot_be_used(
    tmp_path: Path, topic: str, secret: str, sentence: str
) -> None:
    with pytest.raises(TopicsInvalid) as caught:
        read(tmp_path, f"[topics.done]\n{topic}\n{SECRET_FILE}", secret)
    sentence = sentence.replace("{secret}", str(tmp_path / "secret"))
    assert str(caught.value) == f"{tmp_path / 'topics.toml'}: topics.done.secret_file: {sentence}"
    assert "hidden" not in str(caught.value)


def test_a_secret_that_is_no_text(tmp_path: Path) -> None:
    secret = tmp_path / "bytes"
    secret.write_bytes(b"\xff")
    with pytest.raises(TopicsInvalid, match=r"secret_file: .*: is no text"):
        read(tmp_path, f'[topics.done]\n{HOOK}\nsecret_file = "{secret}"')


def test_nats_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(TopicsInvalid) as caught:
        read(tmp_path, f"[topics.done]\n{NATS}")
    assert str(caught.value).endswith("nats: needs a library: pip install 'framecap[nats]'")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TopicsInvalid, match="absent: No such file or directory"):
        read_topics(tmp_path / "absent")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(TopicsInvalid, match="bytes: is not UTF-8"):
        read_topics(tmp_path / "bytes")
