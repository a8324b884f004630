"""The configuration file of buckets.

    [buckets.films]
    endpoint = "https://s3.example.org"
    region = "eu-1"
    path_style = true
    access_key_file = "/run/secrets/films-key"
    secret_key_env = "FILMS_SECRET"

    [buckets.shots]
    directory = "/srv/shots"

It contains no keys, but names the file or the environment variable of each.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from framecap.model.names import bucket_fault, shown
from framecap.storage.buckets import Bucket, Credentials, DirectoryBucket, S3Bucket

SECRETS: Final = ("access_key", "secret_key", "session_token")

KINDS: Final[Mapping[str, type[Any]]] = {
    "directory": str,
    "endpoint": str,
    "remote_name": str,
    "region": str,
    "path_style": bool,
    "anonymous": bool,
    "abort_uploads_after": int,
    **{f"{secret}_{where}": str for secret in SECRETS for where in ("file", "env")},
}
"""The keys of a bucket's table, and the types of their values."""

WORDS: Final = {str: 'a text in quotes (example: "eu-1")', bool: "true or false", int: "a number"}

MAX_SECRET_BYTES: Final = 16 * 1024


class BucketsInvalid(ValueError):
    """The file cannot be used. The message names the key, the fault and a remedy."""


def read_buckets(path: Path, environ: Mapping[str, str] = os.environ) -> dict[str, Bucket]:
    """Returns the buckets that a file configures, by name.

    Args:
        path: The file.
        environ: The environment that `…_env` keys refer to.

    Raises:
        BucketsInvalid: The file cannot be read, or its content is invalid.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BucketsInvalid(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BucketsInvalid(f"{path}: is not UTF-8") from error
    try:
        return parse_buckets(text, environ)
    except BucketsInvalid as error:
        raise BucketsInvalid(f"{path}: {error}") from error


def parse_buckets(text: str, environ: Mapping[str, str]) -> dict[str, Bucket]:
    """Returns the buckets that the text of a file configures, by name.

    Raises:
        BucketsInvalid: The content is invalid.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BucketsInvalid(f"is no TOML: {error}") from error
    for name in tables:
        if name != "buckets":
            raise BucketsInvalid(f"{name}: is not read; allowed: buckets")
    buckets = tables.get("buckets", {})
    if not isinstance(buckets, dict):
        raise BucketsInvalid("buckets: is no table (example: [buckets.films])")
    return {name: _Table(name, table, environ).bucket() for name, table in buckets.items()}


class _Table:
    """One bucket's table.

    Args:
        name: The bucket's name.
        table: The table's content.
        environ: The environment that `…_env` keys refer to.
    """

    def __init__(self, name: str, table: object, environ: Mapping[str, str]) -> None:
        self._name = name
        self._environ = environ
        if fault := bucket_fault(name):
            raise self._invalid("", fault)
        if not isinstance(table, dict):
            raise self._invalid("", f"is no table (example: [buckets.{name}])")
        self._table: dict[str, Any] = table
        for key, value in table.items():
            self._check(key, value)

    def bucket(self) -> Bucket:
        """Returns the bucket."""
        if "directory" not in self._table:
            return self._s3()
        others = sorted(set(self._table) - {"directory"})
        if others:
            raise self._invalid(others[0], "has no meaning beside directory")
        directory = Path(self._table["directory"])
        if not directory.is_absolute():
            raise self._invalid("directory", f"{shown(str(directory))} is no absolute path")
        return DirectoryBucket(name=self._name, root=directory)

    def _s3(self) -> S3Bucket:
        table = self._table
        if not {"endpoint", "region"} & set(table):
            raise self._invalid("", "names neither directory nor endpoint nor region")
        remote = table.get("remote_name", self._name)
        if fault := bucket_fault(remote):
            raise self._invalid("remote_name", f"{shown(remote)} {fault}")
        if table.get("abort_uploads_after", 0) < 0:
            raise self._invalid("abort_uploads_after", "is below 0 (example: 86400; 0 for never)")
        given = ("region", "path_style", "abort_uploads_after")
        return S3Bucket(
            name=self._name,
            remote_name=remote,
            endpoint=self._endpoint(),
            credentials=self._credentials(),
            **{key: table[key] for key in given if key in table},
        )

    def _endpoint(self) -> str | None:
        endpoint: str | None = self._table.get("endpoint")
        if endpoint is None:
            return None
        try:
            parts = urlsplit(endpoint)
            good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
            plain = not (parts.username or parts.query or parts.fragment or parts.path.strip("/"))
        except ValueError:
            good = plain = False
        if not (good and plain):
            # Not shown, since it may contain a password.
            raise self._invalid(
                "endpoint", "is no URL of a server (example: https://s3.example.org)"
            )
        return endpoint.rstrip("/")

    def _credentials(self) -> Credentials | None:
        found = {secret: self._secret(secret) for secret in SECRETS}
        access_key, secret_key = found["access_key"], found["secret_key"]
        if self._table.get("anonymous", False):
            for secret, value in found.items():
                if value is not None:
                    raise self._invalid("anonymous", f"has no meaning beside {secret}_…")
            return None
        for secret in ("access_key", "secret_key"):
            if found[secret] is None:
                raise self._invalid(
                    "", f"names no {secret}_file and no {secret}_env, nor is it anonymous"
                )
        assert access_key is not None and secret_key is not None
        return Credentials(
            access_key=access_key, secret_key=secret_key, session_token=found["session_token"]
        )

    def _secret(self, secret: str) -> str | None:
        """Returns the secret in a file or a variable; errors do not show it."""
        file, variable = f"{secret}_file", f"{secret}_env"
        if file in self._table and variable in self._table:
            raise self._invalid(file, f"and {variable} say the same twice; leave one out")
        if variable in self._table:
            name = self._table[variable]
            text = self._environ.get(name)
            if text is None:
                raise self._invalid(variable, f"the environment has no {shown(name)}")
            return self._usable(variable, text)
        if file in self._table:
            path = Path(self._table[file])
            try:
                with path.open("rb") as opened:
                    text = opened.read(MAX_SECRET_BYTES).decode()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "is no text"
                raise self._invalid(file, f"{shown(str(path))}: {why}") from None
            return self._usable(file, text)
        return None

    def _usable(self, key: str, text: str) -> str:
        stripped = text.strip()
        if not (stripped.isascii() and stripped.isprintable() and stripped):
            raise self._invalid(key, "what it names is empty, or no line of plain text")
        return stripped

    def _check(self, key: str, value: object) -> None:
        kind = KINDS.get(key)
        if kind is None:
            near = difflib.get_close_matches(key, KINDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; allowed: {', '.join(KINDS)}"
            raise self._invalid(key, f"is not read{hint}")
        if type(value) is not kind:
            raise self._invalid(key, f"is not {WORDS[kind]}")

    def _invalid(self, key: str, why: str) -> BucketsInvalid:
        where = f"buckets.{self._name}.{key}" if key else f"buckets.{self._name}"
        return BucketsInvalid(f"{where}: {why}")
