"""Local sources: what is opened, what is refused, and that nothing leads out of a root."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from framecap.errors import (
    BucketNotFound,
    CaptureError,
    SourceChanged,
    SourceNotAllowed,
    SourceNotFound,
    SourceUnreachable,
)
from framecap.source.address import FileAddress, ObjectAddress, UrlAddress
from framecap.source.opened import OpenSource, SourceOpener
from framecap.source.pin import SourcePin
from framecap.source.sources import Sources
from framecap.storage.directory import regular
from framecap.storage.directory.reading import LocalFiles, UserFiles
from framecap.storage.registry import Stores

CONTENT = b"a video"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An allowed directory with `a.mp4` and `sub/b.mp4`, beside a file that is not allowed."""
    (tmp_path / "outside.mp4").write_bytes(b"secret")
    root = tmp_path / "media"
    (root / "sub").mkdir(parents=True)
    (root / "a.mp4").write_bytes(CONTENT)
    (root / "sub/b.mp4").write_bytes(CONTENT)
    return root


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the object `films/2024/a.mp4`."""
    (tmp_path / "buckets/films/2024").mkdir(parents=True)
    (tmp_path / "buckets/films/2024/a.mp4").write_bytes(CONTENT)
    return tmp_path


def content(source: OpenSource) -> bytes:
    return os.pread(source.fd, source.size, 0)


async def refusal(opener: SourceOpener, address: object) -> CaptureError:
    with pytest.raises(CaptureError) as caught:
        await opener.open(address)
    return caught.value


def objects(data: Path) -> SourceOpener[ObjectAddress]:
    """Opens the objects of buckets below a data directory."""
    return Stores(data).openers["s3"]


async def test_a_file_beneath_an_allowed_directory(root: Path) -> None:
    path = root / "sub/b.mp4"
    os.utime(path, ns=(0, 1_700_000_000_987_654_321))
    async with await LocalFiles([root]).open(FileAddress(str(path))) as source:
        assert content(source) == CONTENT
        assert source.size == len(CONTENT)
        assert (source.bucket, source.key) == (None, "b.mp4")
        assert source.public_name == str(path)
        assert source.last_modified == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.write(source.fd, b"x")
        assert os.get_blocking(source.fd)
        assert not os.get_inheritable(source.fd)
    assert source.fd == -1
    source.close()


async def test_another_size_time_or_file_is_another_etag(root: Path) -> None:
    files, path = LocalFiles([root]), root / "a.mp4"

    async def etag() -> str:
        async with await files.open(FileAddress(str(path))) as source:
            return source.etag

    os.utime(path, ns=(0, 5))
    first = await etag()
    assert await etag() == first
    os.utime(path, ns=(0, 6))
    second = await etag()
    path.write_bytes(CONTENT + b".")
    os.utime(path, ns=(0, 6))
    third = await etag()
    (root / "copy").write_bytes(CONTENT + b".")
    os.utime(root / "copy", ns=(0, 6))
    os.replace(root / "copy", path)
    assert len({first, second, third, await etag()}) == 4


async def test_an_open_file_stays_as_it_was_found(root: Path) -> None:
    path = root / "a.mp4"
    async with await LocalFiles([root]).open(FileAddress(str(path))) as source:
        (root / "new").write_bytes(b"another video")
        os.replace(root / "new", path)
        assert content(source) == CONTENT


@pytest.mark.parametrize("name", ["../outside.mp4", "../absent.mp4", "../media-2/a.mp4"])
async def test_outside_says_the_same_whether_there_is_something_or_not(
    root: Path, name: str
) -> None:
    path = os.path.normpath(root / name)
    error = await refusal(LocalFiles([root]), FileAddress(path))
    assert isinstance(error, SourceNotAllowed)
    assert error.code.name == "PERMISSION_DENIED"
    assert error.reason == "SOURCE_NOT_ALLOWED"
    assert error.message == f'source: "{path}" lies outside the directories that may be read'


@pytest.mark.parametrize("name", ["absent.mp4", "absent/b.mp4", "a.mp4/b", "sub/" + "n" * 300])
async def test_what_is_not_there_is_not_found(root: Path, name: str) -> None:
    error = await refusal(LocalFiles([root]), FileAddress(f"{root}/{name}"))
    assert isinstance(error, SourceNotFound)
    assert (error.code.name, error.reason) == ("NOT_FOUND", "SOURCE_NOT_FOUND")
    assert error.metadata == {"source": f"{root}/{name}"}
    assert error.message.startswith(f'source: there is no "{root}'[:60])


LINKS: dict[str, Callable[[Path], tuple[Path, str]]] = {
    "a link to a file outside": lambda root: (root / "l", "../outside.mp4"),
    "a link to a file inside": lambda root: (root / "l", "a.mp4"),
    "a link to nothing": lambda root: (root / "l", "absent"),
    "a link to itself": lambda root: (root / "l", "l"),
}


@pytest.mark.parametrize("make", LINKS.values(), ids=LINKS)
async def test_no_symbolic_link_is_followed(root: Path, make) -> None:
    link, target = make(root)
    link.symlink_to(target)
    error = await refusal(LocalFiles([root]), FileAddress(str(link)))
    assert isinstance(error, SourceNotAllowed)
    assert error.message == f'source: "{link}" leads through a symbolic link'


@pytest.mark.parametrize("name", ["link/outside.mp4", "link/absent.mp4", "sub/deep/media/a.mp4"])
async def test_no_linked_directory_is_followed(root: Path, name: str) -> None:
    (root / "link").symlink_to("..")
    (root / "sub/deep").symlink_to("../..")
    error = await refusal(LocalFiles([root]), FileAddress(f"{root}/{name}"))
    assert isinstance(error, SourceNotAllowed)
    assert error.message.endswith("leads through a symbolic link")


async def test_a_directory_that_becomes_a_link_midway_leads_nowhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The attack on who checks a path first and opens it then."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "b.mp4").write_bytes(b"secret")
    real = os.open

    def open_after_swap(path, flags, *rest, dir_fd=None, **more):
        if path == "b.mp4":
            (root / "sub").rename(root / "moved")
            (root / "sub").symlink_to(secret)
        return real(path, flags, *rest, dir_fd=dir_fd, **more)

    monkeypatch.setattr(os, "open", open_after_swap)
    async with await LocalFiles([root]).open(FileAddress(f"{root}/sub/b.mp4")) as source:
        assert content(source) == CONTENT


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_directory(path: Path) -> None:
    path.mkdir()


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


SPECIALS = {"pipe": make_pipe, "directory": make_directory, "socket": make_socket}


@pytest.mark.parametrize("make", SPECIALS.values(), ids=SPECIALS)
async def test_only_regular_files_are_opened(root: Path, make, monkeypatch) -> None:
    monkeypatch.chdir(root)
    make(Path("special"))
    for opener in (LocalFiles([root]), UserFiles()):
        error = await refusal(opener, FileAddress(f"{root}/special"))
        assert isinstance(error, SourceNotAllowed)
        assert error.message == f'source: "{root}/special" is not a regular file'


async def test_a_device_is_not_opened() -> None:
    error = await refusal(UserFiles(), FileAddress("/dev/null"))
    assert isinstance(error, SourceNotAllowed)


async def test_a_root_may_be_named_through_a_link_of_the_operator(
    root: Path, tmp_path: Path
) -> None:
    (tmp_path / "alias").symlink_to(root)
    files = LocalFiles([tmp_path / "alias"])
    for name in ("alias/a.mp4", "media/a.mp4"):
        async with await files.open(FileAddress(f"{tmp_path}/{name}")) as source:
            assert content(source) == CONTENT


async def test_a_root_within_a_root_counts_for_itself(root: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "c.mp4").write_bytes(CONTENT)
    (root / "link").symlink_to(inner)
    files = LocalFiles([root, root / "link"])
    async with await files.open(FileAddress(f"{root}/link/c.mp4")) as source:
        assert content(source) == CONTENT


async def test_the_whole_machine_may_be_allowed(root: Path) -> None:
    async with await LocalFiles([Path("/")]).open(FileAddress(f"{root}/a.mp4")) as source:
        assert content(source) == CONTENT


def test_a_root_that_is_no_directory_is_refused_at_start(root: Path) -> None:
    with pytest.raises(NotADirectoryError, match="absent is not a directory"):
        LocalFiles([root / "absent"])


async def test_no_roots_allow_nothing(root: Path) -> None:
    error = await refusal(LocalFiles([]), FileAddress(f"{root}/a.mp4"))
    assert isinstance(error, SourceNotAllowed)


async def test_an_object_of_a_local_bucket(data: Path) -> None:
    address = ObjectAddress("films", "2024/a.mp4", "s3")
    async with await objects(data).open(address) as source:
        assert content(source) == CONTENT
        assert (source.bucket, source.key) == ("films", "2024/a.mp4")
        assert source.public_name == "s3://films/2024/a.mp4"


async def test_an_absent_bucket_is_told_from_an_absent_object(data: Path) -> None:
    error = await refusal(objects(data), ObjectAddress("films", "b.mp4"))
    assert isinstance(error, SourceNotFound)
    assert error.message == 'source: there is no "films/b.mp4"'
    error = await refusal(objects(data), ObjectAddress("other", "b.mp4"))
    assert isinstance(error, BucketNotFound)
    assert (error.code.name, error.reason) == ("NOT_FOUND", "BUCKET_NOT_FOUND")
    assert error.message == 'source: there is no bucket "other"'
    assert error.metadata == {"bucket": "other"}


async def test_without_any_bucket_there_is_no_such_bucket(tmp_path: Path) -> None:
    error = await refusal(objects(tmp_path), ObjectAddress("films", "a.mp4"))
    assert isinstance(error, BucketNotFound)


async def test_a_bucket_leads_nowhere_through_links(data: Path) -> None:
    (data / "buckets/linked").symlink_to("films")
    (data / "buckets/films/up").symlink_to("..")
    for address in (ObjectAddress("linked", "2024/a.mp4"), ObjectAddress("films", "up/films/x")):
        error = await refusal(objects(data), address)
        assert isinstance(error, SourceNotAllowed)


async def test_a_user_reads_through_links_of_its_own(root: Path) -> None:
    (root / "l.mp4").symlink_to("../outside.mp4")
    async with await UserFiles().open(FileAddress(f"{root}/l.mp4")) as source:
        assert content(source) == b"secret"
        assert source.key == "l.mp4"


async def test_a_user_reads_a_file_whose_name_no_key_could_have(root: Path) -> None:
    name = os.fsdecode(b"a\n\xff.mp4")
    (root / name).write_bytes(CONTENT)
    async with await UserFiles().open(FileAddress(f"{root}/{name}")) as source:
        assert content(source) == CONTENT
        assert source.key == "a\ufffd\ufffd.mp4"
        assert source.public_name == f"{root}/a\ufffd\ufffd.mp4"


async def test_a_user_learns_what_is_not_there(root: Path) -> None:
    error = await refusal(UserFiles(), FileAddress(f"{root}/absent.mp4"))
    assert isinstance(error, SourceNotFound)


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (1, SourceNotAllowed),
        (13, SourceNotAllowed),
        (5, SourceUnreachable),
        (24, SourceUnreachable),
    ],
)
def test_what_the_system_refuses_is_told_without_its_words(number: int, kind: type) -> None:
    error = regular.translated(OSError(number, "inner words", "/inner/path"), "b/k")
    assert isinstance(error, kind)
    assert "inner" not in error.message
    assert error.metadata["source"] == "b/k"
    assert (error.retry_after_ms is not None) == (kind is SourceUnreachable)


@pytest.mark.parametrize(
    ("nanoseconds", "year"), [(-(10**30), 1), (0, 1970), (10**30, 9999), (-1, 1969)]
)
async def test_a_time_that_no_calendar_has_is_held_in_range(nanoseconds: int, year: int) -> None:
    assert regular._moment(nanoseconds).year == year


async def test_a_caller_that_goes_away_leaves_nothing_open(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guard of the suite counts the descriptors."""
    started, go_on = threading.Event(), threading.Event()
    real = os.fstat

    def slow_fstat(fd: int) -> os.stat_result:
        started.set()
        assert go_on.wait(30)
        return real(fd)

    monkeypatch.setattr(os, "fstat", slow_fstat)
    opening = asyncio.create_task(LocalFiles([root]).open(FileAddress(f"{root}/a.mp4")))
    await asyncio.to_thread(started.wait, 30)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    go_on.set()
    await asyncio.get_running_loop().shutdown_default_executor()
    await asyncio.sleep(0)


class Recorded:
    def __init__(self) -> None:
        self.addresses: list[object] = []

    async def open(self, address: object) -> OpenSource:
        self.addresses.append(address)
        raise SourceNotFound("none")

    async def pin(self, address: object) -> SourcePin:
        self.addresses.append(address)
        return SourcePin()


ADDRESSES = {
    "": ObjectAddress("films", "a"),
    "s3": ObjectAddress("films", "a", "s3"),
    "file": FileAddress("/srv/a"),
    "https": UrlAddress("https://host/a?SECRET", "https://host/a"),
}


@pytest.mark.parametrize("scheme", ADDRESSES)
async def test_each_scheme_has_its_opener(scheme: str) -> None:
    opener = Recorded()
    error = await refusal(Sources({scheme: opener}), ADDRESSES[scheme])
    assert isinstance(error, SourceNotFound)
    assert await Sources({scheme: opener}).pin(ADDRESSES[scheme]) == SourcePin()
    assert opener.addresses == [ADDRESSES[scheme]] * 2


@pytest.mark.parametrize(
    ("scheme", "says"),
    [
        ("s3", 'source: "s3://films/a" is in a bucket, and there are no buckets here'),
        (
            "file",
            'source: "/srv/a" is a file path; none may be read'
            " unless the operator allows its directory",
        ),
        ("https", 'source: "https://host/a" is a web address; none are read here'),
    ],
)
async def test_a_scheme_without_opener_is_refused(scheme: str, says: str) -> None:
    error = await refusal(Sources({}), ADDRESSES[scheme])
    assert isinstance(error, SourceNotAllowed)
    assert error.message == says
    with pytest.raises(SourceNotAllowed) as caught:
        await Sources({}).pin(ADDRESSES[scheme])
    assert caught.value.message == says


async def test_a_pinned_file_is_read_until_it_changes(root: Path) -> None:
    path, address = root / "a.mp4", FileAddress(f"{root}/a.mp4")
    sources = Sources({"file": LocalFiles([root])})
    pin = await sources.pin(address)
    facts = path.stat()
    assert pin == SourcePin(
        size=len(CONTENT),
        modified=facts.st_mtime_ns,
        device=facts.st_dev,
        inode=facts.st_ino,
    )
    async with await sources.open(address, pin) as source:
        assert content(source) == CONTENT
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    with pytest.raises(SourceChanged) as caught:
        await sources.open(address, pin)
    assert caught.value.message == (
        f'source: "{path}" is no longer what it was when its task was created;'
        " retry the task to capture from it as it is now"
    )
    assert caught.value.metadata == {"source": str(path)}


async def test_a_file_of_equal_time_and_size_is_another(root: Path) -> None:
    path, address = root / "a.mp4", FileAddress(f"{root}/a.mp4")
    sources = Sources({"file": LocalFiles([root])})
    pin = await sources.pin(address)
    other = root / "other.mp4"
    other.write_bytes(CONTENT)
    os.utime(other, ns=(0, path.stat().st_mtime_ns))
    other.replace(path)
    with pytest.raises(SourceChanged):
        await sources.open(address, pin)
    # Machines that share a file know it by other numbers.
    async with await sources.open(address, replace(pin, device=None, inode=None)) as source:
        assert content(source) == CONTENT


async def test_what_cannot_be_opened_cannot_be_pinned(root: Path) -> None:
    sources = Sources({"file": LocalFiles([root])})
    with pytest.raises(SourceNotFound):
        await sources.pin(FileAddress(f"{root}/none.mp4"))
    with pytest.raises(SourceNotAllowed):
        await sources.pin(FileAddress(f"{root}/sub"))
