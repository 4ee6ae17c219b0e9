"""Exports of Jira are known in each shape and language, and each of their columns is read."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.profiles.catalogue import ANY_TABLE, PROFILES
from agent.importing.profiles.jira.shapes import JIRA, LANGUAGES
from agent.importing.profiles.jira.words import JiraWords
from agent.importing.profiles.names import CUSTOM_FIELD_PREFIXES, normalised
from agent.importing.profiles.profile import Profile
from agent.importing.profiles.telling import is_header, tell

EXPORTS = Path(__file__).parent / "exports"
SHAPES = {
    "cloud": "Jira Cloud, all fields",
    "server": "Jira Server, all fields",
    "current": "Jira, current fields",
    "sheet": "Jira, sheet",
}
LABELS = {words.language: words.label for words in LANGUAGES}
FILES = sorted(path.name for path in EXPORTS.glob("jira-*.csv"))
CURRENT = {
    *("id", "number", "title", "type", "status", "resolution", "priority", "assignee", "created"),
    "updated",
}
ALL = CURRENT | {"project", "finished", "labels", "sprint", "rank", "estimate"}
FIELDS = {
    "cloud": ALL | {"parent", "status_category"},
    "server": ALL | {"parent"},
    "current": CURRENT,
    "sheet": ALL - {"number", "project"},
}


def rows_of(name: str) -> list[list[str]]:
    with (EXPORTS / name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def shape_of(name: str) -> tuple[str, str]:
    """Return the shape and the name of the profile of a file."""
    _, shape, language = Path(name).stem.split("-")
    ending = "" if language == "en" else f", {LABELS[language]}"
    return shape, SHAPES[shape] + ending


def read_fields(profile: Profile, header: list[str]) -> dict[str, list[int]]:
    """Return the positions of the columns by the field that they feed."""
    names = [normalised(name) for name in header]
    positions = {
        field: [position for position, name in enumerate(names) if name in known]
        for field, known in profile.columns.items()
    }
    return {field: places for field, places in positions.items() if places}


def values(rows: list[list[str]], positions: list[int]) -> set[str]:
    return {normalised(row[position]) for row in rows for position in positions} - {""}


@pytest.mark.parametrize("name", FILES)
def test_export_is_known_by_its_columns(name: str) -> None:
    header, *_ = rows_of(name)
    export = tell(header)
    assert (export.profile.name, export.missing) == (shape_of(name)[1], ())
    assert set(export.told_by) <= {column.strip() for column in header}
    assert is_header(header)
    assert not any(is_header(row) for row in rows_of(name)[1:])


@pytest.mark.parametrize("name", FILES)
def test_every_column_that_matters_feeds_its_field(name: str) -> None:
    header, *_ = rows_of(name)
    shape, _ = shape_of(name)
    fields = read_fields(tell(header).profile, header)
    assert FIELDS[shape] <= fields.keys()
    fed = [position for positions in fields.values() for position in positions]
    assert len(set(fed)) == len(fed), "one column feeds two fields"


@pytest.mark.parametrize("name", [name for name in FILES if tell(rows_of(name)[0]).profile.types])
def test_values_that_jira_comes_with_are_understood(name: str) -> None:
    header, *rows = rows_of(name)
    profile = tell(header).profile
    if profile.language in ("en", "it", "nl", "pl", "zh", "ja"):
        return
    fields = read_fields(profile, header)
    assert values(rows, fields["status"]) <= profile.statuses.keys()
    assert values(rows, fields.get("status_category", [])) <= profile.categories.keys()
    assert values(rows, fields["resolution"]) <= profile.resolutions.keys()
    assert values(rows, fields["priority"]) <= profile.priorities.keys()
    assert len(values(rows, fields["type"]) & profile.types.keys()) == 2


def test_each_shape_has_an_export_in_each_language_of_the_six() -> None:
    six = ("en", "es", "de", "fr", "pt", "ru")
    expected = {
        f"jira-{shape}-{language}.csv"
        for shape in ("cloud", "server", "current")
        for language in six
    }
    assert expected <= set(FILES)
    assert {Path(name).stem.split("-")[2] for name in FILES} == LABELS.keys()


@pytest.mark.parametrize("words", LANGUAGES, ids=lambda words: words.label)
def test_bracket_of_a_custom_field_is_never_a_unit(words: JiraWords) -> None:
    assert set(words.custom_field) <= CUSTOM_FIELD_PREFIXES


@pytest.mark.parametrize("profile", JIRA, ids=lambda profile: profile.name)
def test_no_name_of_a_column_feeds_two_fields(profile: Profile) -> None:
    names = [name for known in profile.columns.values() for name in known]
    assert sorted({name for name in names if names.count(name) > 1}) == []


OPTIONAL = ("priority", "labels", "rank", "estimate", "parent", "updated", "resolution", "assignee")
OWN_COLUMNS = st.lists(st.sampled_from(["Our own", "Team", "URL", "", "Notes (old)"]), max_size=4)


@given(data=st.data())
def test_moved_added_and_missing_columns_tell_the_same_export(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FILES))
    header, *_ = rows_of(name)
    fields = read_fields(tell(header).profile, header)
    left_out = data.draw(st.sets(st.sampled_from(OPTIONAL)))
    positions = {position for field in left_out for position in fields.get(field, [])}
    remaining = [cell for position, cell in enumerate(header) if position not in positions]
    moved = data.draw(st.permutations([*remaining, *data.draw(OWN_COLUMNS)]))
    spelled = [data.draw(st.sampled_from([str, str.upper, spaced]))(cell) for cell in moved]
    assert tell(spelled).profile.name == shape_of(name)[1]


def spaced(name: str) -> str:
    return f" {name.replace(' ', '  ')}\t"


def test_words_that_languages_share_belong_to_the_first_one() -> None:
    # Portuguese forbids more columns than English, which is no sign of Portuguese.
    cells = ["Status", "Project name", "Priority", "Resolution", "Sprint"]
    assert tell(cells).profile.language == "en"


@given(data=st.data())
def test_trimmed_export_is_never_taken_for_another_language(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(FILES))
    header, *_ = rows_of(name)
    language = tell(header).profile.language
    cells = data.draw(st.lists(st.sampled_from(header), min_size=1, max_size=8, unique=True))
    profile = tell(cells).profile
    assert profile is ANY_TABLE or profile in JIRA
    shared = {normalised(cell) for cell in cells} & {
        known for columns in PROFILES[0].columns.values() for known in columns
    }
    # Words that two languages share, as Status and Sprint, do not decide.
    assert profile is ANY_TABLE or profile.language in (language, "en") or len(shared) == len(cells)
