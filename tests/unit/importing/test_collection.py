"""Garbage collection is as it was before, after rows were read."""

import gc

import pytest

from agent.importing.reading.collection import without_collection


def test_collection_goes_on_after_the_rows() -> None:
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collection_goes_on_after_a_refusal() -> None:
    with pytest.raises(ValueError, match="refused"), without_collection():
        raise ValueError("refused")
    assert gc.isenabled()


def test_collection_rests_until_the_outermost_part_ends() -> None:
    with without_collection():
        with without_collection():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
