"""Ids of rows tell the project of a table only where most of them do."""

import pytest

from agent.importing.errors import CsvRefused
from tests.unit.importing.conftest import Recognise

# The table has a name that tells no project, so that its rows alone can.
HEAD = "id,created\n"


def test_ids_of_most_rows_tell_the_project(recognised: Recognise) -> None:
    recognition = recognised(f"{HEAD}SHOP-1,2024-01-08\nSHOP-2,2024-01-09\n3,2024-01-10\n")
    assert [task.project for task in recognition.tasks] == ["SHOP", "SHOP"]
    assert [refusal.row for refusal in recognition.refused] == [4]


def test_ids_of_half_of_the_rows_tell_none(recognised: Recognise) -> None:
    with pytest.raises(CsvRefused, match="No column is known for project"):
        recognised(f"{HEAD}SHOP-1,2024-01-08\n2,2024-01-09\n")


def test_rows_with_more_cells_than_the_header_are_no_voice_against_it(
    recognised: Recognise,
) -> None:
    recognition = recognised(
        f"{HEAD}SHOP-1,2024-01-08\n2,2024-01-09,more\n3,2024-01-09,more\n4,2024-01-10,more\n"
    )
    assert [task.id for task in recognition.tasks] == ["SHOP-1"]
    assert [refusal.row for refusal in recognition.refused] == [3, 4, 5]


def test_project_that_becomes_too_long_behind_its_prefix_is_asked_for(
    recognised: Recognise,
) -> None:
    row = f"{HEAD}SHOP-1,2024-01-08\n"
    assert recognised(row, prefix="X" * 28).tasks[0].project == "X" * 28 + "SHOP"
    with pytest.raises(CsvRefused, match="No column is known for project"):
        recognised(row, prefix="X" * 29)
