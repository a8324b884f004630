"""Sources on this machine: allowed directories, local buckets, and a user's own files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from framecap.errors import BucketNotFound, SourceNotFound
from framecap.model.names import shown
from framecap.source.address import FileAddress, ObjectAddress, file_name
from framecap.source.opened import OpenSource, pinned
from framecap.source.pin import SourcePin
from framecap.source.references import resolve
from framecap.source.refusals import not_allowed
from framecap.storage.directory.beneath import open_beneath
from framecap.storage.directory.bucket import DirectoryBucket
from framecap.storage.directory.regular import in_thread, open_regular, translated


class LocalFiles:
    """Opens files beneath the directories that the operator allowed, and no others.

    Args:
        allowed_roots: The directories. Addresses may name a root with symbolic links in its path as
            given or resolved; it is resolved once, here.

    Raises:
        NotADirectoryError: A root is no directory.
    """

    def __init__(self, allowed_roots: Iterable[Path]) -> None:
        self._roots: dict[str, str] = {}
        for root in allowed_roots:
            resolved = os.path.realpath(root)
            if not os.path.isdir(resolved):
                raise NotADirectoryError(f"{root} is not a directory")
            self._roots[os.path.abspath(root)] = resolved
            self._roots[resolved] = resolved

    async def open(self, address: FileAddress) -> OpenSource:
        """Returns the open file.

        Raises:
            SourceNotFound: There is no such file beneath an allowed directory.
            SourceNotAllowed: It lies outside them, whether it exists or not; its path leads through
                a symbolic link; or it is not a regular file.
            SourceUnreachable: It could not be opened, for now.
        """
        source = await in_thread(lambda: self._open(address))

        async def refer(reference: str) -> OpenSource:
            # `_open` checks it again, as any path.
            other = FileAddress("/" + resolve(address.path[1:], reference))
            return await in_thread(lambda: self._open(other))

        source.refer = refer
        return source

    async def pin(self, address: FileAddress) -> SourcePin:
        """Returns the version of a file; it is opened and not read.

        Raises:
            CaptureError: As `open`.
        """
        return await pinned(in_thread(lambda: self._open(address)))

    def _open(self, address: FileAddress) -> OpenSource:
        name = address.public_name
        # Longest first: of a root within a root, the inner one, which may resolve elsewhere.
        for root in sorted(self._roots, key=len, reverse=True):
            prefix = root.rstrip("/") + "/"
            if address.path.startswith(prefix):
                try:
                    return open_beneath(
                        self._roots[root],
                        address.path.removeprefix(prefix),
                        public_name=name,
                        bucket=None,
                        key=file_name(address.path),
                    )
                except OSError as error:
                    raise translated(error, name) from None
        raise not_allowed(name, "lies outside the directories that may be read")


def _open_below(address: FileAddress, path: str) -> OpenSource:
    folder = os.path.dirname(address.path)
    name = FileAddress(os.path.join(folder, path)).public_name
    try:
        return open_beneath(folder, path, public_name=name, bucket=None, key=file_name(path))
    except OSError as error:
        raise translated(error, name) from None


async def open_object(address: ObjectAddress, bucket: DirectoryBucket) -> OpenSource:
    """Returns the open object of a bucket that is a directory.

    Raises:
        BucketNotFound: There is no such bucket.
        SourceNotFound: There is no such object in it.
        SourceNotAllowed: Its path leads through a symbolic link, or it is not a regular file.
        SourceUnreachable: It could not be opened, for now.
    """
    source = await in_thread(lambda: _open_object(address, bucket))

    async def refer(reference: str) -> OpenSource:
        other = replace(address, key=resolve(address.key, reference))
        return await in_thread(lambda: _open_object(other, bucket))

    source.refer = refer
    return source


def _open_object(address: ObjectAddress, bucket: DirectoryBucket) -> OpenSource:
    name = address.public_name
    try:
        return open_beneath(
            str(bucket.root),
            bucket.prefix + address.key,
            public_name=name,
            bucket=address.bucket,
            key=address.key,
        )
    except OSError as error:
        refusal = translated(error, name)
        if isinstance(refusal, SourceNotFound) and not bucket.directory.is_dir():
            raise BucketNotFound(
                f"source: there is no bucket {shown(address.bucket)}",
                metadata={"bucket": address.bucket},
            ) from None
        raise refusal from None


class UserFiles:
    """Opens any file that its own user can read, as any program of the command line does.

    It follows symbolic links, but opens only regular files.
    """

    async def open(self, address: FileAddress) -> OpenSource:
        """Returns the open file.

        Raises:
            SourceNotFound: There is no such file.
            SourceNotAllowed: It may not be read, or is not a regular file.
            SourceUnreachable: It could not be opened, for now.
        """
        source = await in_thread(lambda: self._open(address))

        async def refer(reference: str) -> OpenSource:
            # Unlike the user, a video may only refer to files below its own folder.
            return await in_thread(lambda: _open_below(address, resolve("", reference)))

        source.refer = refer
        return source

    async def pin(self, address: FileAddress) -> SourcePin:
        """Returns the version of a file; it is opened and not read.

        Raises:
            CaptureError: As `open`.
        """
        return await pinned(in_thread(lambda: self._open(address)))

    def _open(self, address: FileAddress) -> OpenSource:
        name = address.public_name
        try:
            return open_regular(
                address.path, public_name=name, bucket=None, key=file_name(address.path)
            )
        except OSError as error:
            raise translated(error, name) from None
