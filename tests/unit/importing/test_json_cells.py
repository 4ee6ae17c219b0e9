"""Tables made from the answers of an API hold JSON in cells: its names are read, not its marks."""

from datetime import date

import pytest

from agent.importing.meaning.json_cells import json_names
from agent.importing.meaning.people import Person, people_of
from agent.importing.meaning.sprint_names import SprintCell, sprints_written
from agent.importing.reading.labels import labels_of
from tests.unit.importing.conftest import Recognise

USERS = (
    '[{"id":"MDQ6VXNlcjE=","login":"ann-li","name":"Ann Li"},{"id":"2","login":"bob","name":""}]'
)


def test_people_labels_and_sprints_of_json_are_their_names() -> None:
    assert people_of(USERS) == (Person("Ann Li"), Person("bob"))
    assert people_of('{"displayName":"Doe, John"}') == (Person("Doe, John"),)
    assert people_of('[{"name":"unassigned"}]') == ()
    labels = '[{"id":"LA_1","name":"good first, issue","color":"7057ff"},{"name":"bug"}]'
    assert labels_of([labels]) == ("good first", "issue", "bug")
    assert labels_of(['["a","b","a"]']) == ("a", "b")
    cell = '{"id":7,"name":"Sprint 3","state":"closed","startDate":"2024-01-08T09:00:00.000Z"}'
    assert sprints_written(cell, "names", "") == [
        SprintCell("Sprint 3", start=date(2024, 1, 8), state="closed")
    ]
    assert sprints_written('{"title":"v1, again","number":3}', "name", "") == [
        SprintCell("v1, again")
    ]


@pytest.mark.parametrize(
    "text", ["", "[Ann, Bob]", "{no json}", '[{"id":1}]', "[{}]", '["', "[" * 100_000, '{"name":7}']
)
def test_other_brackets_are_no_json_of_names(text: str) -> None:
    assert json_names(text) is None


def test_export_of_the_command_line_of_github_is_read(recognised: Recognise) -> None:
    quoted = USERS.replace('"', '""')
    label = '"[{""name"":""ui""}]"'
    first, second = recognised(
        "number,title,state,createdAt,closedAt,assignees,labels\n"
        f'1,One,CLOSED,2024-01-08T09:00:00Z,2024-01-10T09:00:00Z,"{quoted}",{label}\n'
        "2,Two,OPEN,2024-01-09T09:00:00Z,,[],[]\n",
        project="SHOP",
    ).tasks
    assert (first.assignee, first.others, first.labels) == ("Ann Li", ("bob",), ("ui",))
    assert (second.assignee, second.labels) == (None, ())
