"""Shapes of Jira's exports, each in every language that is known."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.importing.profiles.jira import (
    english,
    french,
    further,
    german,
    portuguese,
    russian,
    spanish,
)
from agent.importing.profiles.jira.words import (
    CLOUD,
    CURRENT,
    FINISHED,
    SERVER,
    SHEET,
    JiraWords,
    Names,
)
from agent.importing.profiles.profile import Lack, Profile

LANGUAGES: tuple[JiraWords, ...] = (
    english.WORDS,
    spanish.WORDS,
    german.WORDS,
    french.WORDS,
    portuguese.WORDS,
    russian.WORDS,
    *further.WORDS,
)
# English names of columns by field; every shape has some of them.
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
    # A key says more than a number; a step's parent more than the epic above it.
    "parent": ("parent key", "parent id", "parent"),
    "sprint": ("sprint",),
}
CUSTOM_COLUMNS: dict[str, Names] = {
    "rank": ("rank",),
    "estimate": ("story points", "story point estimate"),
    "parent": ("epic link", "parent link"),
    "sprint": ("sprint",),
    "started": ("actual start",),
}
CLOUD_ONLY: Names = (
    "status category",
    "status category changed",
    "assignee id",
    "reporter id",
    "creator id",
    "project lead id",
    "parent key",
)
NO_CATEGORY = Lack(
    what="the status category",
    effect="a status with a name of the team's own is not understood by itself",
    remedy="say what it means with --status, such as --status Live=done",
)
NO_FINISH = Lack(
    what="the day of the finish",
    effect="done tasks are done on an unknown day, so there is no velocity",
    remedy="add the column Resolved or Status category changed to the list and export it again, "
    "or export all fields",
)
ALL_FIELDS = (
    "Filters, View all work items (or issues), Export, Export CSV (all fields). Jira limits the "
    "rows of a file: divide a large search by its dates, and name all files in one command."
)
CURRENT_FIELDS = (
    "Filters, choose the columns, Export, Export CSV (filter fields or current fields)."
)
FROM_SHEET = "The list of issues as an Excel or HTML file, saved as CSV or as a workbook."


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape that Jira exports in any language; names of columns are English."""

    name: str
    telling: Names
    export: str
    one_of: Names = ()
    not_telling: Names = ()
    lacks: tuple[Lack, ...] = ()


SHAPES = (
    Shape(CLOUD, ("issue key", "project key"), ALL_FIELDS),
    Shape(
        SERVER,
        ("issue key", "project key"),
        ALL_FIELDS,
        one_of=("component/s", "fix version/s", "affects version/s", "project lead"),
        not_telling=CLOUD_ONLY,
        lacks=(NO_CATEGORY,),
    ),
    Shape(
        CURRENT,
        ("issue key", "summary"),
        CURRENT_FIELDS,
        not_telling=("project key", "resolved", "status category changed"),
        lacks=(NO_FINISH,),
    ),
    Shape(
        FINISHED,
        ("issue key", "summary"),
        CURRENT_FIELDS,
        one_of=("resolved", "status category changed"),
        not_telling=("project key",),
    ),
    Shape(
        SHEET,
        ("key", "summary", "issue type"),
        FROM_SHEET,
        not_telling=("issue key", "project key"),
    ),
)


def profile(shape: Shape, words: JiraWords) -> Profile:
    """Return the profile of a shape in a language."""
    groups = [words.names(column) for column in shape.telling]
    if shape.one_of:
        groups.append(_all_names(shape.one_of, words))
    not_telling = _all_names(shape.not_telling, words)
    columns: dict[str, Names] = {}
    for field, known in COLUMNS.items():
        names = [column for column in known if column not in shape.not_telling]
        if names:
            columns[field] = tuple(name for column in names for name in words.known_names(column))
    for field, names in CUSTOM_COLUMNS.items():
        custom = [name for column in names for name in words.custom_names(column)]
        columns[field] = tuple(dict.fromkeys((*columns.get(field, ()), *custom)))
    times = words.known_names("original estimate")
    columns["estimate"] = (*columns["estimate"], *times)
    return Profile(
        name=shape.name if words.language == "en" else f"{shape.name}, {words.label}",
        language=words.language,
        telling=(),
        one_of=tuple(groups),
        not_telling=not_telling,
        columns=columns,
        statuses=words.statuses,
        types=words.types,
        resolutions=words.resolutions,
        priorities=words.priorities,
        categories=words.categories,
        # Jira writes it in seconds.
        estimate_hours=dict.fromkeys(times, 1 / 3600),
        project_from="key" if "project" not in columns else "column",
        lacks=shape.lacks,
        export=shape.export,
        seen="real" if shape.name in words.seen else "assumed",
    )


def _all_names(columns: Iterable[str], words: JiraWords) -> Names:
    return tuple(name for column in columns for name in words.names(column))


JIRA: tuple[Profile, ...] = tuple(profile(shape, words) for words in LANGUAGES for shape in SHAPES)
