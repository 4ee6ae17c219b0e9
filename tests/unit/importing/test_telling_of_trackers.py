"""Exports in the shape of each tracker are known by the names of their columns."""

import csv
import io
from pathlib import Path

import pytest

from agent.importing.profiles.catalogue import ANY_TABLE, PROFILES
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile
from agent.importing.profiles.telling import is_header, tell
from agent.importing.reading.fields import FIELD_NAMES, FURTHER_FIELDS

EXPORTS = Path(__file__).parent / "exports"
# Jira's exports have a test of their own.
PROFILE_OF = {
    "asana.csv": "Asana",
    "asana-spreadsheet.csv": "Asana",
    "azure-boards.csv": "Azure Boards",
    "azure-boards-default-query.csv": "Azure Boards",
    "azure-boards-tree.csv": "Azure Boards",
    "clickup-view.csv": "ClickUp",
    "clickup-workspace.csv": "ClickUp",
    "github-issues.csv": "GitHub, issues by the API",
    "github-issues-by-gh.csv": "GitHub, issues by gh",
    "github-project.tsv": "GitHub, view of a project",
    "gitlab.csv": "GitLab",
    "gitlab-older.csv": "GitLab",
    "linear.csv": "Linear",
    "linear-newer.csv": "Linear",
    "openproject.csv": "OpenProject, English",
    "openproject-de.csv": "OpenProject, German",
    "openproject-es.csv": "OpenProject, Spanish",
    "openproject-fr.csv": "OpenProject, French",
    "openproject-pt.csv": "OpenProject, Portuguese",
    "openproject-ru.csv": "OpenProject, Russian",
    "redmine.csv": "Redmine, English",
    "redmine-de.csv": "Redmine, German",
    "redmine-es.csv": "Redmine, Spanish",
    "redmine-fr.csv": "Redmine, French",
    "redmine-pt.csv": "Redmine, Portuguese",
    "redmine-ru.csv": "Redmine, Russian",
    "shortcut.csv": "Shortcut",
    "taiga-user-stories.csv": "Taiga, user stories",
    "trello.csv": "Trello",
    "youtrack.csv": "YouTrack",
}
FILES = sorted(PROFILE_OF)


def header_of(name: str) -> list[str]:
    """Return the first line of a file that is a header."""
    content = (EXPORTS / name).read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("iso-8859-1")
    delimiter = "\t" if name.endswith(".tsv") else max(",;", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    return next(row for row in rows if is_header(row))


@pytest.mark.parametrize("name", FILES)
def test_export_is_known_with_its_columns_in_any_order(name: str) -> None:
    header = header_of(name)
    assert tell(header).profile.name == PROFILE_OF[name]
    assert tell(header[::-1]).profile.name == PROFILE_OF[name]
    assert tell([cell.upper() for cell in header]).profile.name == PROFILE_OF[name]
    assert tell([*header, "Our own column", ""]).profile.name == PROFILE_OF[name]


@pytest.mark.parametrize("name", FILES)
def test_export_without_a_telling_column_is_never_taken_for_another_tracker(name: str) -> None:
    header = header_of(name)
    tracker = PROFILE_OF[name].partition(",")[0]
    for column in tell(header).told_by:
        export = tell([cell for cell in header if cell != column])
        assert export.profile is ANY_TABLE or export.profile.tracker == tracker


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_profile_is_known_by_its_own_telling_columns(profile: Profile) -> None:
    if profile is ANY_TABLE:
        return
    header = [*profile.telling, *(group[0] for group in profile.one_of)]
    assert tell(header).profile.tracker == profile.tracker


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_profile_says_how_to_get_the_export_and_what_it_lacks(profile: Profile) -> None:
    assert profile.export.endswith(".")
    assert [lack for lack in profile.lacks if not (lack.what and lack.effect and lack.remedy)] == []
    assert {lack.field for lack in profile.lacks} <= {"", *FIELD_NAMES, *FURTHER_FIELDS}
    assert [name for name in profile.categories if normalised(name) != name] == []


def test_files_are_all_of_the_folder() -> None:
    assert set(PROFILE_OF) <= {path.name for path in EXPORTS.iterdir()}


def test_linear_without_the_columns_of_cycles_is_told() -> None:
    header = ("ID", "Team", "Title", "Status", "Project", "Created", "Completed", "Canceled")
    assert tell(header).profile.name == "Linear, without cycles"


@pytest.mark.parametrize("unit", ["(CET)", "(Eastern Time)", "[EST]", "(Europe/Berlin)"])
def test_zone_behind_a_name_is_no_part_of_it(unit: str) -> None:
    assert normalised(f"Closed at {unit}") == "closed at"
