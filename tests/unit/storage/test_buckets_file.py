"""The file that says where buckets are: what it may say, and a sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from framecap.cli.locate import locate
from framecap.source.address import ObjectAddress
from framecap.storage.bucket_table import BucketsInvalid
from framecap.storage.buckets import Buckets
from framecap.storage.buckets_file import parse_buckets, read_buckets
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.kinds import BUCKET_KINDS
from framecap.storage.registry import Stores
from framecap.storage.s3.bucket import Credentials, S3Bucket
from framecap.storage.settings import StorageSettings

SECRETS = {"K": "the-key", "S": " the-secret\n", "EMPTY": " "}
KEYS = 'access_key_env = "K"\nsecret_key_env = "S"\n'


def test_everything_it_may_say(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("the-token\n")
    file = tmp_path / "buckets.toml"
    file.write_text(
        f"""
        [buckets.films]
        endpoint = "https://s3.example.org/"
        region = "eu-1"
        remote_name = "films-prod"
        path_style = true
        access_key_env = "K"
        secret_key_env = "S"
        session_token_file = "{token}"
        abort_uploads_after = 0

        [buckets.public]
        region = "us-west-2"
        anonymous = true

        [buckets.shots]
        directory = "/srv/shots"
        """
    )
    credentials = Credentials(
        access_key="the-key", secret_key="the-secret", session_token="the-token"
    )
    assert read_buckets(file, environ=SECRETS) == {
        "films": S3Bucket(
            name="films",
            remote_name="films-prod",
            endpoint="https://s3.example.org",
            region="eu-1",
            path_style=True,
            credentials=credentials,
            abort_uploads_after=0,
        ),
        "public": S3Bucket(name="public", remote_name="public", region="us-west-2"),
        "shots": DirectoryBucket(name="shots", root=Path("/srv/shots")),
    }
    assert "the-" not in repr(read_buckets(file, environ=SECRETS))


def test_nothing_configured_is_directories_below_the_data(tmp_path: Path) -> None:
    assert parse_buckets("", BUCKET_KINDS, {}) == {}
    buckets = Buckets(tmp_path)
    found = buckets.find("films")
    assert isinstance(found, DirectoryBucket)
    assert found.directory == tmp_path / "buckets/films"
    assert not found.exists()
    assert [bucket.directory for bucket in buckets.of(DirectoryBucket)] == [tmp_path / "buckets"]
    assert buckets.of(S3Bucket) == []


def test_a_configured_bucket_is_known_to_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "buckets.toml"
    file.write_text('[buckets.films]\nendpoint = "http://x"\nanonymous = true')
    stores = Stores(tmp_path, StorageSettings(buckets=file))
    assert locate("films/a", stores) == ObjectAddress("films", "a")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[buckets", "is no TOML: "),
        ("[bucket.films]", "bucket: is not read; allowed: buckets"),
        ("buckets = 1", "buckets: is no table (example: [buckets.films])"),
        ("[buckets]\nfilms = 1", "buckets.films: is no table (example: [buckets.films])"),
        ("[buckets.a]", "buckets.a: is no bucket name: 3 to 63"),
        ("[buckets.films]", "buckets.films: names neither directory nor endpoint nor region"),
        (
            '[buckets.films]\nendpiont = "x"',
            "buckets.films.endpiont: is not read; did you mean endpoint?",
        ),
        ("[buckets.films]\nzzz = 1", "buckets.films.zzz: is not read; allowed: directory, "),
        (
            "[buckets.films]\nregion = 1",
            'buckets.films.region: is not a text in quotes (example: "eu-1")',
        ),
        (
            '[buckets.films]\npath_style = "yes"',
            "buckets.films.path_style: is not true or false",
        ),
        (
            "[buckets.films]\nabort_uploads_after = true",
            "buckets.films.abort_uploads_after: is not a whole number",
        ),
        (
            '[buckets.films]\nregion = "x"\nabort_uploads_after = -1\n' + KEYS,
            "buckets.films.abort_uploads_after: is below 0 (example: 86400; 0 for never)",
        ),
        (
            '[buckets.films]\ndirectory = "x"',
            'buckets.films.directory: "x" is no absolute path',
        ),
        *(
            (f'[buckets.films]\n{key} = "/x\\u0000"', f"buckets.films.{key}: has a zero byte")
            for key in ("directory", "access_key_file", "access_key_env")
        ),
        (
            '[buckets.films]\ndirectory = "/x"\nregion = "y"',
            "buckets.films.region: has no meaning beside directory",
        ),
        (
            '[buckets.films]\nregion = "x"\nremote_name = "X"\n' + KEYS,
            'buckets.films.remote_name: "X" is no bucket name',
        ),
        *(
            (
                f'[buckets.films]\nendpoint = "{endpoint}"\n' + KEYS,
                "buckets.films.endpoint: is no URL of a server (example: https://s3.example.org)",
            )
            for endpoint in ("x", "ftp://x", "https://", "https://a:b@x", "https://x/y", "http://[")
        ),
        (
            '[buckets.films]\nregion = "x"',
            "buckets.films: names no access_key_file and no access_key_env, nor is it anonymous",
        ),
        (
            '[buckets.films]\nregion = "x"\naccess_key_env = "K"',
            "buckets.films: names no secret_key_file and no secret_key_env, nor is it anonymous",
        ),
        (
            '[buckets.films]\nregion = "x"\nanonymous = true\n' + KEYS,
            "buckets.films.anonymous: has no meaning beside access_key_…",
        ),
        (
            '[buckets.films]\nregion = "x"\naccess_key_env = "NO"',
            'buckets.films.access_key_env: the environment has no "NO"',
        ),
        (
            '[buckets.films]\nregion = "x"\naccess_key_env = "EMPTY"',
            "buckets.films.access_key_env: what it names is empty, or no line of plain text",
        ),
        (
            '[buckets.films]\nregion = "x"\naccess_key_file = "/absent"',
            'buckets.films.access_key_file: "/absent": No such file or directory',
        ),
        (
            '[buckets.films]\nregion = "x"\naccess_key_file = "/x"\naccess_key_env = "K"',
            "buckets.films.access_key_file: and access_key_env say the same twice; leave one out",
        ),
    ],
)
def test_each_mistake_has_a_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "buckets.toml"
    file.write_text(text)
    with pytest.raises(BucketsInvalid) as caught:
        read_buckets(file, environ=SECRETS)
    assert str(caught.value).startswith(f"{file}: {sentence}")
    assert "the-" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BucketsInvalid, match="absent: No such file or directory"):
        read_buckets(tmp_path / "absent")
    (tmp_path / "bytes").write_bytes(b"\xff")
    with pytest.raises(BucketsInvalid, match="bytes: is not UTF-8"):
        read_buckets(tmp_path / "bytes")
