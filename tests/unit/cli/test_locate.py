import pytest

from framecap.cli.locate import locate
from framecap.errors import SourceInvalid
from framecap.source.address import FileAddress, ObjectAddress, UrlAddress
from framecap.storage.registry import Stores


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory; the data directory beside it has the bucket `films`."""
    (tmp_path / "data" / "buckets" / "films").mkdir(parents=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def find(text, here):
    return locate(text, Stores(here.parent / "data"))


def test_a_path_that_exists_wins_over_a_bucket(here):
    (here / "films").mkdir()
    (here / "films" / "a.mp4").touch()
    assert find("films/a.mp4", here) == FileAddress(str(here / "films" / "a.mp4"))


def test_the_object_of_a_bucket(here):
    assert find("films/a.mp4", here) == ObjectAddress("films", "a.mp4")


@pytest.mark.parametrize("text", ["a.mp4", "nowhere/a.mp4", "films", "films/", "./films/a.mp4"])
def test_anything_else_is_a_path(here, text):
    found = find(text, here)
    assert isinstance(found, FileAddress)
    assert found.path.startswith(str(here))


def test_an_absolute_path_is_never_an_object(here):
    assert find("/films/a.mp4", here) == FileAddress("/films/a.mp4")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("s3://films/a.mp4", ObjectAddress), ("https://host/a.mp4", UrlAddress)],
)
def test_what_has_a_scheme_is_an_address(here, text, kind):
    assert isinstance(find(text, here), kind)


@pytest.mark.parametrize("text", ["ftp://host/a.mp4", "films/../a.mp4", "s3://"])
def test_what_is_no_address_is_refused(here, text):
    with pytest.raises(SourceInvalid):
        find(text, here)
