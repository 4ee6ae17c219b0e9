"""A cell names the parent by its id, or within a text."""

import pytest

from agent.importing.meaning.parents import parent_of


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("ENG-2", "ENG-2"),
        (" 12 ", "12"),
        ("User story #12: Log in", "12"),
        ("#12", "12"),
        ("C#", "C#"),
        ("", None),
        (" \n", None),
    ],
)
def test_cell_names_its_parent(cell: str, expected: str | None) -> None:
    assert parent_of(cell) == expected
