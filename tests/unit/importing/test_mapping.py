"""Columns: as asked, or by the names trackers give them."""

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.mapping import map_columns, parse_mapping

JIRA = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Resolution,"
    "Assignee,Created,Resolved,Labels,Labels,Sprint,Sprint,Custom field (Story Points),Comment"
)
GITHUB = "number,title,state,created_at,closed_at,assignees,labels,repository"
GENERIC = "ID,Title,Created_At,Closed-At,Project"


def fields(header: str, **asked: str) -> dict[str, str]:
    return {column.field: column.header for column in map_columns(tuple(header.split(",")), asked)}


def test_jira_columns_are_known() -> None:
    assert fields(JIRA) == {
        "id": "Issue key",
        "project": "Project key",
        "created": "Created",
        "finished": "Resolved",
        "title": "Summary",
        "status": "Status",
        "priority": "Priority",
        "assignee": "Assignee",
        "type": "Issue Type",
        "labels": "Labels",
        "estimate": "Custom field (Story Points)",
    }


def test_github_columns_are_known() -> None:
    found = fields(GITHUB)
    assert (found["id"], found["created"], found["finished"]) == (
        "number",
        "created_at",
        "closed_at",
    )
    assert (found["project"], found["status"]) == ("repository", "state")


def test_names_are_known_in_any_case_and_separation() -> None:
    assert fields(GENERIC) == {
        "id": "ID",
        "project": "Project",
        "created": "Created_At",
        "finished": "Closed-At",
        "title": "Title",
    }


def test_first_of_two_names_that_mean_the_same_is_taken() -> None:
    assert fields("created_at,Created At") == {"created": "created_at"}


def test_unknown_names_are_left_alone() -> None:
    assert fields("foo,bar") == {}


def test_repeated_header_has_all_its_positions() -> None:
    columns = {column.field: column for column in map_columns(tuple(JIRA.split(",")), {})}
    assert columns["labels"].positions == (12, 13)


def test_asked_column_stands_before_the_known_one() -> None:
    assert fields(JIRA, title="Comment")["title"] == "Comment"
    (column,) = map_columns(("Foo",), {"title": "foo"})
    assert (column.header, column.asked) == ("Foo", True)


def test_asked_name_that_fits_two_columns_only_by_case_is_refused() -> None:
    with pytest.raises(CsvRefused, match="'ID'"):
        map_columns(("id", "Id"), {"id": "ID"})


def test_unknown_column_is_answered_with_the_columns() -> None:
    with pytest.raises(CsvRefused, match=r"No column 'made' in the file.*a, b"):
        map_columns(("a", "", "b"), {"created": "made"})


def test_unknown_field_is_answered_with_the_fields() -> None:
    for refused in (lambda: parse_mapping(["made=a"]), lambda: map_columns(("a",), {"made": "a"})):
        with pytest.raises(CsvRefused, match=r"'made'.*id, project, created, finished"):
            refused()


def test_mapping_is_read_from_one_or_several_texts() -> None:
    expected = {"id": "key", "created": "made on", "title": "what, and why"}
    assert parse_mapping(["id=key, created = made on,title=what, and why"]) == expected
    assert parse_mapping(["id=key", "created=made on", "title=what, and why"]) == expected
    assert parse_mapping(["id=a=b"]) == {"id": "a=b"}
    assert parse_mapping([]) == {}


@pytest.mark.parametrize("text", ["id", "id=", "", "id=a,title="])
def test_mapping_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(CsvRefused, match="form field=column"):
        parse_mapping([text])


def test_field_mapped_twice_is_refused() -> None:
    with pytest.raises(CsvRefused, match="'id' is mapped twice: 'a' and 'b'"):
        parse_mapping(["id=a", "id=b"])
