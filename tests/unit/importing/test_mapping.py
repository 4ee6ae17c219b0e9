"""Mapping of columns to fields, by choice or by the names that trackers use."""

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.reading.mapping import map_columns, parse_mapping

JIRA = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Priority,Resolution,"
    "Assignee,Created,Resolved,Labels,Labels,Sprint,Sprint,Custom field (Story Points),Comment"
)
GITHUB = "number,title,state,created_at,closed_at,assignees,labels,repository"
GENERIC = "ID,Title,Created_At,Closed-At,Project"


def fields(header: str, **mapping: str) -> dict[str, str]:
    return {
        column.field: column.header for column in map_columns(tuple(header.split(",")), mapping)
    }


def test_columns_of_a_jira_export_are_detected() -> None:
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
        "resolution": "Resolution",
        "sprint": "Sprint",
    }


def test_columns_of_a_github_export_are_detected() -> None:
    mapped = fields(GITHUB)
    assert (mapped["id"], mapped["created"], mapped["finished"]) == (
        "number",
        "created_at",
        "closed_at",
    )
    assert (mapped["project"], mapped["status"]) == ("repository", "state")


def test_column_names_are_detected_in_any_case_and_with_any_separator() -> None:
    assert fields(GENERIC) == {
        "id": "ID",
        "project": "Project",
        "created": "Created_At",
        "finished": "Closed-At",
        "title": "Title",
    }


def test_leftmost_of_two_names_for_a_field_is_mapped() -> None:
    assert fields("created_at,Created At") == {"created": "created_at"}


def test_unknown_column_names_are_not_mapped() -> None:
    assert fields("foo,bar") == {}


def test_repeated_column_name_is_mapped_with_all_positions() -> None:
    columns = {column.field: column for column in map_columns(tuple(JIRA.split(",")), {})}
    assert columns["labels"].positions == (12, 13)


def test_chosen_column_goes_before_a_detected_one() -> None:
    assert fields(JIRA, title="Comment")["title"] == "Comment"
    (column,) = map_columns(("Foo",), {"title": "foo"})
    assert (column.header, column.explicit) == ("Foo", True)


def test_chosen_name_that_fits_two_columns_only_by_case_is_refused() -> None:
    with pytest.raises(CsvRefused, match="'ID'"):
        map_columns(("id", "Id"), {"id": "ID"})


def test_unknown_column_is_refused_with_the_list_of_columns() -> None:
    with pytest.raises(CsvRefused, match=r"No column 'produced' in the file.*a, b"):
        map_columns(("a", "", "b"), {"created": "produced"})


def test_unknown_field_is_refused_with_the_list_of_fields() -> None:
    for call in (
        lambda: parse_mapping(["produced=a"]),
        lambda: map_columns(("a",), {"produced": "a"}),
    ):
        with pytest.raises(CsvRefused, match=r"'produced'.*id, project, created, finished"):
            call()


def test_mapping_is_parsed_from_one_or_several_options() -> None:
    expected = {"id": "key", "created": "created on", "title": "what, and why"}
    assert parse_mapping(["id=key, created = created on,title=what, and why"]) == expected
    assert parse_mapping(["id=key", "created=created on", "title=what, and why"]) == expected
    assert parse_mapping(["id=a=b"]) == {"id": "a=b"}
    assert parse_mapping([]) == {}


@pytest.mark.parametrize("text", ["id", "id=", "", "id=a,title="])
def test_malformed_mapping_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(CsvRefused, match="form field=column"):
        parse_mapping([text])


def test_field_mapped_twice_is_refused() -> None:
    with pytest.raises(CsvRefused, match="'id' is mapped twice: 'a' and 'b'"):
        parse_mapping(["id=a", "id=b"])
