"""An export is known by the names of its columns."""

import pytest

from agent.importing.profiles.catalogue import ANY_TABLE, PROFILES
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile
from agent.importing.profiles.telling import is_header, tell

CURRENT_FIELDS = "Issue Type,Issue key,Issue id,Summary,Assignee,Reporter,Priority,Status,Created"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Issue key", "issue key"),
        ("\ufeffIssue  Key ", "issue key"),
        ("closed_at", "closed at"),
        ("Sub-task", "sub task"),
        ("Created At (UTC)", "created at"),
        ("Created (GMT+02:00)", "created"),
        ("Created [Europe/Berlin]", "created"),
        ("Estimate (hours)", "estimate"),
        ("Custom field (Story Points)", "custom field (story points)"),
        ("Custom field (Points)", "custom field (points)"),
        ("Benutzerdefiniertes Feld (h)", "benutzerdefiniertes feld (h)"),
        ("Status (old)", "status (old)"),
        ("Componente(s)", "componente(s)"),
        ("Vorgangsschlüssel:", "vorgangsschlüssel"),
        ("Summary *", "summary"),
        ("Sprint.1", "sprint"),
        ("Id. zgłoszenia", "id. zgłoszenia"),
        ("Version 1.2", "version 1.2"),
        ("Catégorie d\u2019état", "catégorie d'état"),
        ("Issue\u00a0key\n", "issue key"),
        ("Issue\nkey", "issue key"),
        ("RE\u0301SUME\u0301", "r\u00e9sum\u00e9"),
        ("(UTC)", "(utc)"),
        ("", ""),
    ],
)
def test_names_have_one_spelling(name: str, expected: str) -> None:
    assert normalised(name) == expected


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_profiles_write_names_as_they_are_compared(profile: Profile) -> None:
    names = [
        *profile.telling,
        *profile.not_telling,
        *(name for group in profile.one_of for name in group),
        *(name for columns in profile.columns.values() for name in columns),
        *profile.statuses,
        *profile.types,
        *profile.resolutions,
        *profile.priorities,
    ]
    assert [name for name in names if normalised(name) != name] == []


def test_profiles_have_names_of_their_own() -> None:
    names = [profile.name for profile in PROFILES]
    assert len(set(names)) == len(names)
    assert PROFILES[-1] is ANY_TABLE


@pytest.mark.parametrize(
    "header",
    [
        CURRENT_FIELDS,
        CURRENT_FIELDS.upper(),
        "\ufeff" + CURRENT_FIELDS.replace(",", " ,  "),
        CURRENT_FIELDS + ",Our own column,,",
        CURRENT_FIELDS.replace("Issue id,", "").replace(",Priority", ""),
    ],
)
def test_an_export_is_known_in_other_spellings_and_with_other_columns(header: str) -> None:
    export = tell(header.split(","))
    assert export.profile.name == "Jira, current fields"
    assert [normalised(name) for name in export.told_by] == ["issue key", "summary"]


def test_told_by_names_columns_as_the_file_writes_them() -> None:
    assert tell([" ISSUE KEY", "Summary "]).told_by == ("ISSUE KEY", "Summary")


@pytest.mark.parametrize(
    ("header", "name", "missing"),
    [
        (
            "Key,Summary,Status,Sprint,Status Category,Resolved",
            "Jira, sheet",
            ("issue type",),
        ),
        (
            "Issue key,Status,Sprint,Epic Link,Created",
            "Jira, current fields",
            ("summary",),
        ),
        ("Clave,Resumen,Estado,Creada,Prioridad", "Jira, sheet, Spanish", None),
        ("Schlüssel,Status,Erstellt,Priorität,Lösung", "Jira, sheet, German", None),
        # A half-translated export.
        ("Issue key,Zusammenfassung,Erstellt,Lösung,Sprint", "Jira, current fields, German", None),
    ],
)
def test_a_trimmed_export_is_read_as_the_nearest_one(
    header: str, name: str, missing: tuple[str, ...] | None
) -> None:
    export = tell(header.split(","))
    assert export.profile.name == name
    assert export.missing
    assert missing is None or export.missing == missing


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Issue Key,Summary,Created", "Jira, current fields"),
        ("ISSUE_KEY,SUMMARY,CREATED", "Jira, current fields"),
        ("key,summary,issuetype,status,created,resolutiondate", "Jira, sheet"),
        ("Project,Key,Summary,Issue Type,Created,Resolved", "Jira, sheet"),
        ("Work item key,Summary,Space key,Work type,Created", "Jira Cloud, all fields"),
        ("Issue key,Project key,Fix Version/s,Summary", "Jira Server, all fields"),
        # Cloud said Fix Version/s until 2021, and gave people ids from 2019 on.
        ("Issue key,Project key,Fix Version/s,Assignee Id", "Jira Cloud, all fields"),
        (
            "Issue key,Summary,Created,Status Category Changed",
            "Jira, current fields with the finish",
        ),
    ],
)
def test_shapes_of_jira_are_told_apart(header: str, name: str) -> None:
    export = tell(header.split(","))
    assert (export.profile.name, export.missing) == (name, ())


def test_the_most_telling_columns_win_where_two_trackers_are_mixed() -> None:
    jira = ["Issue key", "Project key", "Summary"]
    # Linear is known by three columns, Jira by two.
    linear = ["Team", "Cycle Number", "Completed"]
    assert tell([*jira, "Team"]).profile.tracker == "Jira Cloud"
    assert tell([*jira, *linear]).profile.tracker == "Linear"
    assert tell([*linear, *jira]).profile.tracker == "Linear"


@pytest.mark.parametrize(
    "header",
    [
        "Key,Summary,Status",
        "Key,Summary,Status,Created,Closed Date",
        # Backlog, Bugzilla and Mantis.
        "ID,Project ID,Key,Issue Type,Subject,Status,Priority,Assignee,Created,Updated",
        "Bug ID,Product,Component,Assignee,Status,Resolution,Summary,Changed",
        "Id,Project,Reporter,Assigned To,Priority,Severity,Summary,Status,Resolution,Updated",
        "Issue id,Summary,Issue Type,Status,Project key,Created,Sprint,Status Category",
        "id,title,state,created_at,closed_at,sprint",
        # Another tracker's export that a guess would read without its finish.
        "Key,Summary,Status,Sprint,Status Category,Closed Date",
        "",
    ],
)
def test_an_export_that_only_looks_alike_is_any_table(header: str) -> None:
    assert tell(header.split(",")).profile is ANY_TABLE


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CURRENT_FIELDS, True),
        ("Task ID,Created At,Name", True),
        ("Issue key,Summary", False),
        ("Name,Created", False),
        (",,", False),
        ("https://tracker.example/issue key,,", False),
    ],
)
def test_a_header_has_columns_of_a_tracker_or_an_id_and_a_day(line: str, expected: bool) -> None:
    assert is_header(line.split(",")) is expected
