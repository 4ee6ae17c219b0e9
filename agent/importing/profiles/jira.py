"""Exports of Jira: all fields of Cloud and of Server, and the columns of a search, by language."""

from dataclasses import dataclass

from agent.importing.profiles.jira_language import JiraLanguage, Names
from agent.importing.profiles.jira_words import LANGUAGES
from agent.importing.profiles.profile import Lack, Profile

# Columns by field, in English: every shape has some of them.
COLUMNS: dict[str, Names] = {
    "id": ("issue key", "key"),
    "number": ("issue id",),
    "project": ("project key",),
    "title": ("summary",),
    "type": ("issue type",),
    "status": ("status",),
    "status_category": ("status category",),
    "status_changed": ("status category changed",),
    "resolution": ("resolution",),
    "priority": ("priority",),
    "assignee": ("assignee",),
    "labels": ("labels",),
    "created": ("created",),
    "updated": ("updated",),
    "finished": ("resolved",),
    # The key before the number, the parent of a step before the epic.
    "parent": ("parent key", "parent id", "parent"),
    "sprint": ("sprint",),
}
CUSTOM_COLUMNS: dict[str, Names] = {
    "rank": ("rank",),
    "estimate": ("story points", "story point estimate"),
    "parent": ("epic link",),
    "sprint": ("sprint",),
    "started": ("actual start",),
}
_CLOUD_ONLY = (
    "status category",
    "assignee id",
    "reporter id",
    "creator id",
    "project lead id",
    "parent key",
)
_NO_CATEGORY = Lack(
    what="the status category",
    effect="a status with a name of the team's own is not understood by itself",
    remedy="say what it means with --status NAME=todo, doing, done or dropped",
)
_NO_FINISH = Lack(
    what="the day of the finish",
    effect="done tasks count as done on an unknown day, so that there is no velocity",
    remedy="add the column Resolved or Status category changed to the list, or export all fields",
)
_ALL_FIELDS = (
    "In the list of issues, choose Export, then CSV (all fields). Jira gives at most 1,000 rows a "
    "file: divide the search by its dates, and name all files in one command."
)
_CHOSEN = "In the list of issues, choose the columns, then Export, then CSV (current fields)."


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the shapes that Jira exports in any language; names are English."""

    name: str
    telling: Names
    one_of: Names = ()
    not_telling: Names = ()
    lacks: tuple[Lack, ...] = ()
    export: str = _ALL_FIELDS


SHAPES = (
    Shape("Jira Cloud, all fields", ("issue key", "project key")),
    Shape(
        "Jira Server, all fields",
        ("issue key", "project key"),
        one_of=("component/s", "fix version/s", "affects version/s", "project lead"),
        not_telling=_CLOUD_ONLY,
        lacks=(_NO_CATEGORY,),
    ),
    Shape(
        "Jira, current fields",
        ("issue key", "summary"),
        not_telling=("project key", "resolved", "status category changed"),
        lacks=(_NO_FINISH,),
        export=_CHOSEN,
    ),
    Shape(
        "Jira, current fields with the finish",
        ("issue key", "summary"),
        one_of=("resolved", "status category changed"),
        not_telling=("project key",),
        export=_CHOSEN,
    ),
)


def profile(shape: Shape, words: JiraLanguage) -> Profile:
    """Return the profile of a shape in a language."""
    translated = [names for name in shape.telling if len(names := _names(name, words)) > 1]
    plain = [_names(name, words)[0] for name in shape.telling if len(_names(name, words)) == 1]
    further = [tuple(name for known in shape.one_of for name in _names(known, words))]
    return Profile(
        name=shape.name if words.language == "en" else f"{shape.name}, in {words.label}",
        language=words.language,
        telling=tuple(plain),
        one_of=(*translated, *(further if shape.one_of else ())),
        not_telling=tuple(name for known in shape.not_telling for name in _names(known, words)),
        columns=_columns(words),
        statuses=words.statuses,
        types=words.types,
        resolutions=words.resolutions,
        priorities=words.priorities,
        project_from="key" if "project key" in shape.not_telling else "column",
        lacks=shape.lacks,
        export=shape.export,
        seen=words.seen,
    )


def _names(column: str, words: JiraLanguage) -> Names:
    return words.columns.get(column, (column,))


def _columns(words: JiraLanguage) -> dict[str, Names]:
    """Name the columns of each field, first in the language, then in English.

    A field that an administrator added keeps its English name in every language.
    """
    columns: dict[str, list[str]] = {}
    for field, known in COLUMNS.items():
        columns[field] = [name for column in known for name in _names(column, words)]
    for field, known in CUSTOM_COLUMNS.items():
        titles = [
            title for column in known for title in (*words.custom_columns.get(column, ()), column)
        ]
        bracketed = [
            f"{prefix} ({title})"
            for title in titles
            for prefix in (*words.custom_field, "custom field")
        ]
        columns.setdefault(field, []).extend([*bracketed, *titles])
    return {field: tuple(dict.fromkeys(names)) for field, names in columns.items()}


JIRA: tuple[Profile, ...] = tuple(profile(shape, words) for words in LANGUAGES for shape in SHAPES)
