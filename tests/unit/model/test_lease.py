"""A lease owns its picture until it is released, however many variables name the lease."""

from __future__ import annotations

from weakref import ref

import pytest

from framecap.model.lease import Lease, PictureReleased


class Picture:
    """Stands for a decoded picture."""


def test_a_release_frees_the_picture_while_variables_name_the_lease() -> None:
    lease = Lease(Picture())
    also_named = [lease, lease]
    picture = ref(lease.picture)
    assert picture() is not None
    lease.release()
    assert picture() is None
    assert not any(named.held for named in also_named)


def test_a_picture_cannot_be_used_after_its_release() -> None:
    lease = Lease(Picture())
    lease.release()
    for use in (lambda: lease.picture, lease.take):
        with pytest.raises(PictureReleased):
            use()


def test_releasing_again_does_nothing() -> None:
    lease = Lease(Picture())
    lease.release()
    lease.release()
    assert not lease.held


def test_a_block_releases_at_its_end_also_by_an_error() -> None:
    lease = Lease(Picture())
    with pytest.raises(ZeroDivisionError), lease as held:
        assert held is lease and held.held
        raise ZeroDivisionError
    assert not lease.held


def test_taking_ends_the_lease_and_keeps_the_picture() -> None:
    picture = Picture()
    lease = Lease(picture)
    assert lease.take() is picture
    assert not lease.held


def test_a_lease_may_begin_without_a_picture() -> None:
    assert not Lease.released().held


def test_a_picture_may_be_none() -> None:
    assert Lease(None).held
