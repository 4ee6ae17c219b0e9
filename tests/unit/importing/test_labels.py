"""Labels of a row, as trackers join them."""

import pytest

from agent.importing.reading.labels import labels_of


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["a", "", "b"], ("a", "b")),
        (["a, b;c\nd"], ("a", "b", "c", "d")),
        (["[backend, api]"], ("backend", "api")),
        (["[]"], ()),
        (["[WIP] later"], ("[WIP] later",)),
        (["a, a"], ("a",)),
        ([], ()),
        ([""], ()),
    ],
)
def test_labels_are_taken_apart(texts: list[str], labels: tuple[str, ...]) -> None:
    assert labels_of(texts) == labels
