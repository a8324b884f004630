"""Files appear whole or not at all, whatever happens to their writers, and never elsewhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framecap.errors import RequestError
from framecap.model.spec import ImageFormat
from framecap.sink.naming import Naming, SourceName
from framecap.sink.template import VARIABLES, KeyTemplate
from framecap.storage.directory import staging
from framecap.storage.directory.atomic_files import WholeFiles

OLD = b"old" * 1000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def files(root: Path) -> Generator[WholeFiles, None, None]:
    with closing(WholeFiles(root, durable=False, sweeping=True)) as files:
        yield files


def tree(root: Path) -> dict[str, bytes]:
    """Returns every file that a reader sees below a directory."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and staging.PREFIX not in str(path)
    }


def left_behind(root: Path) -> list[Path]:
    return [path for path in root.iterdir() if path.name.startswith(staging.PREFIX)]


@pytest.mark.parametrize("durable", [False, True])
def test_a_file_and_its_directories_are_written(root: Path, durable: bool) -> None:
    with closing(WholeFiles(root, durable=durable, sweeping=False)) as files:
        files.write("a.jpg", b"a")
        files.write("b/c/d.jpg", b"d")
        files.write("b/c/e.jpg", b"")
    assert tree(root) == {"a.jpg": b"a", "b/c/d.jpg": b"d", "b/c/e.jpg": b""}
    assert left_behind(root) == []


def test_files_are_made_like_any_program_makes_them(root: Path, files: WholeFiles) -> None:
    (root / "plain").write_bytes(b"")
    files.write("a.jpg", b"a")
    assert (root / "a.jpg").stat().st_mode == (root / "plain").stat().st_mode


def test_writing_again_replaces_and_leaves_who_reads_the_old_alone(
    root: Path, files: WholeFiles
) -> None:
    files.write("a.jpg", OLD)
    with open(root / "a.jpg", "rb") as reader:
        files.write("a.jpg", b"new")
        assert reader.read() == OLD
    assert tree(root) == {"a.jpg": b"new"}


def test_a_system_that_writes_in_small_pieces_still_writes_all(
    root: Path, files: WholeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:7]))
    files.write("a.jpg", OLD)
    assert tree(root) == {"a.jpg": OLD}


@pytest.mark.parametrize("failing", ["write", "rename"])
def test_a_write_that_fails_leaves_what_was_there(
    root: Path, files: WholeFiles, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    files.write("a.jpg", OLD)

    def fail(*_args: object, **_kwargs: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="No space left"):
        files.write("a.jpg", b"new")
    assert tree(root) == {"a.jpg": OLD}
    (directory,) = left_behind(root)
    assert list(directory.iterdir()) == []


WRITER = """
import os, signal, sys
from pathlib import Path
from framecap.storage.directory.atomic_files import WholeFiles

files = WholeFiles(Path(sys.argv[1]), durable=True, sweeping=False)
real = getattr(os, sys.argv[2])

def die(*args, **kwargs):
    if sys.argv[2] == "write":
        real(args[0], args[1][:1000])
    os.kill(os.getpid(), signal.SIGKILL)

setattr(os, sys.argv[2], die)
files.write("sub/a.jpg", b"new" * 1000)
"""


@pytest.mark.parametrize("moment", ["write", "fdatasync", "rename"])
def test_a_writer_killed_midway_leaves_nothing_that_a_reader_sees(
    root: Path, files: WholeFiles, moment: str
) -> None:
    files.write("sub/a.jpg", OLD)
    writer = subprocess.run([sys.executable, "-c", WRITER, root, moment], check=False)
    assert writer.returncode == -signal.SIGKILL
    assert tree(root) == {"sub/a.jpg": OLD}
    assert len(left_behind(root)) == 2
    # The next one clears up after the dead, and leaves the living alone.
    with closing(WholeFiles(root, durable=False, sweeping=True)):
        assert len(left_behind(root)) == 2
    files.write("sub/b.jpg", b"alive")
    assert tree(root) == {"sub/a.jpg": OLD, "sub/b.jpg": b"alive"}
    files.close()
    assert left_behind(root) == []


def test_a_sweep_takes_only_what_is_its_own(root: Path) -> None:
    (root / f"{staging.PREFIX}dead").mkdir(parents=True)
    (root / f"{staging.PREFIX}dead/half").write_bytes(b"half")
    (root / f"{staging.PREFIX}file").write_bytes(b"mine")
    (root / f"{staging.PREFIX}link").symlink_to("..")
    (root / f"{staging.PREFIX}full/of").mkdir(parents=True)
    (root / "kept").mkdir()
    with closing(WholeFiles(root, durable=False, sweeping=True)):
        pass
    assert sorted(path.name.removeprefix(staging.PREFIX) for path in root.iterdir()) == [
        "file",
        "full",
        "kept",
        "link",
    ]


def test_a_staging_directory_swept_while_it_was_made_is_made_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open
    swept: list[str] = []

    def open_after_sweep(path, flags, *rest, dir_fd=None, **more):
        if str(path).startswith(staging.PREFIX) and len(swept) < 3:
            swept.append(path)
            if len(swept) == 1:
                os.rmdir(path, dir_fd=dir_fd)
                return real(path, flags, *rest, dir_fd=dir_fd, **more)
            fd = real(path, flags, *rest, dir_fd=dir_fd, **more)
            os.rmdir(path, dir_fd=dir_fd)
            return fd
        return real(path, flags, *rest, dir_fd=dir_fd, **more)

    monkeypatch.setattr(os, "open", open_after_sweep)
    with closing(WholeFiles(root, durable=False, sweeping=False)) as files:
        files.write("a.jpg", b"a")
    assert len(swept) == 3
    assert tree(root) == {"a.jpg": b"a"}


def test_a_staging_directory_that_a_sweep_holds_is_left_to_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = staging.fcntl.flock
    refused = []

    def flock(fd: int, operation: int) -> None:
        if not refused:
            refused.append(fd)
            raise BlockingIOError(11, "held")
        real(fd, operation)

    monkeypatch.setattr(staging.fcntl, "flock", flock)
    with closing(WholeFiles(root, durable=False, sweeping=False)) as files:
        files.write("a.jpg", b"a")
    assert tree(root) == {"a.jpg": b"a"}


def test_a_file_system_that_locks_no_directories_is_written_to_all_the_same(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(_fd: int, _operation: int) -> None:
        raise OSError(9, "Bad file descriptor")

    monkeypatch.setattr(staging.fcntl, "flock", flock)
    with (
        closing(WholeFiles(root, durable=False, sweeping=False)) as files,
        closing(WholeFiles(root, durable=False, sweeping=True)),
    ):
        files.write("a.jpg", b"a")
    assert tree(root) == {"a.jpg": b"a"}


def test_closing_twice_and_after_the_root_went_away_is_quiet(root: Path) -> None:
    files = WholeFiles(root, durable=False, sweeping=False)
    for path in left_behind(root):
        path.rmdir()
    root.rmdir()
    files.close()
    files.close()


def attacks(root: Path) -> Iterator[tuple[str, str]]:
    """Plants links that lead out, and yields the keys that would follow them."""
    (root / "up").symlink_to("..")
    (root / "there").symlink_to(root.parent / "secret")
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("../new")
    (root / "file").write_bytes(b"file")
    yield "up/x.jpg", "the parent"
    yield "there/x.jpg", "another directory"
    yield "up/secret/x.jpg", "through the parent"
    yield "loop/x.jpg", "nowhere"
    yield "dangling/x.jpg", "what is not there yet"
    yield "file/x.jpg", "below a file"


def test_no_link_on_the_way_is_followed(root: Path, tmp_path: Path, files: WholeFiles) -> None:
    (tmp_path / "secret").mkdir()
    for key, way in attacks(root):
        with pytest.raises(NotADirectoryError):
            files.write(key, way.encode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["root", "secret"]
    assert list((tmp_path / "secret").iterdir()) == []


def test_a_link_at_the_key_is_replaced_and_not_followed(
    root: Path, tmp_path: Path, files: WholeFiles
) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "a.jpg").symlink_to("../secret")
    os.link(tmp_path / "secret", root / "b.jpg")
    files.write("a.jpg", b"a")
    files.write("b.jpg", b"b")
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (root / "a.jpg").is_symlink()
    assert tree(root) == {"a.jpg": b"a", "b.jpg": b"b"}


def test_a_directory_that_becomes_a_link_midway_leads_nowhere(
    root: Path, tmp_path: Path, files: WholeFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "sub").mkdir()
    (tmp_path / "secret").mkdir()
    real = os.rename

    def rename_after_swap(*args: object, **kwargs: object) -> None:
        monkeypatch.setattr(os, "rename", real)
        (root / "sub").rename(root / "moved")
        (root / "sub").symlink_to("../secret")
        real(*args, **kwargs)

    monkeypatch.setattr(os, "rename", rename_after_swap)
    files.write("sub/a.jpg", b"a")
    assert list((tmp_path / "secret").iterdir()) == []
    assert (root / "moved/a.jpg").read_bytes() == b"a"


@pytest.mark.parametrize("path", ["", "/etc/x", "../x", "a/../../x", "a//b", "a/", ".", "a\0b"])
def test_paths_that_naming_never_makes_are_refused_here_too(
    root: Path, files: WholeFiles, path: str
) -> None:
    with pytest.raises(ValueError, match="the path "):
        files.write(path, b"x")
    assert tree(root.parent) == {}


def test_writers_of_one_key_leave_one_whole_object(root: Path, files: WholeFiles) -> None:
    bodies = [bytes([n]) * 200_000 for n in range(1, 5)]
    files.write("sub/a.jpg", bodies[0])
    stop = threading.Event()
    seen: list[bytes] = []

    def write(body: bytes) -> None:
        with closing(WholeFiles(root, durable=False, sweeping=True)) as own:
            for _ in range(25):
                own.write("sub/a.jpg", body)

    def read() -> None:
        while not stop.is_set():
            seen.append((root / "sub/a.jpg").read_bytes())

    writers = [threading.Thread(target=write, args=(body,)) for body in bodies]
    reader = threading.Thread(target=read)
    for thread in (reader, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    stop.set()
    reader.join()
    assert seen
    assert set(seen) <= set(bodies)
    assert tree(root)["sub/a.jpg"] in bodies
    assert len(left_behind(root)) == 1


PIECES = st.one_of(
    st.sampled_from([f"{{{name}}}" for name in VARIABLES]),
    st.sampled_from(["/", ".", "..", "../", "/../", "{{", "}}", "\\", "a", "\0", "//", "~"]),
    st.text(max_size=2),
)


@given(
    template=st.lists(PIECES, min_size=1, max_size=6).map("".join),
    source_key=st.one_of(st.text(min_size=1, max_size=8), st.sampled_from(["..", "../a", "/a/.."])),
)
def test_no_template_and_no_source_ever_writes_outside(
    tmp_path_factory: pytest.TempPathFactory, template: str, source_key: str
) -> None:
    outer = tmp_path_factory.mktemp("outer")
    root = outer / "inner/root"
    with closing(WholeFiles(root, durable=False, sweeping=False)) as files:
        try:
            naming = Naming(
                template=KeyTemplate.parse(template),
                bucket=None,
                source=SourceName(bucket="films", key=source_key),
                format=ImageFormat.PNG,
            )
            key = naming.key(index=1, stream_ordinal=0)
        except RequestError:
            return
        files.write(key, b"image")
        assert tree(root) == {key: b"image"}
    assert {path.relative_to(root.parent).parts[0] for path in outer.rglob("inner/*")} == {"root"}
    assert len(tree(outer)) == 1
