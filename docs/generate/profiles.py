"""Tables of what is read of each tracker's export, generated from the profiles of the importer."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from babel import Locale

from agent.importing.profiles.catalogue import PROFILES
from agent.importing.profiles.profile import Lack, Profile

PAGE = Path(__file__).parents[2] / "docs" / "guide" / "import.md"
BEGIN = "<!-- profiles: written by `make docs` -->"
END = "<!-- end of profiles -->"

EXPORTS_HEAD = "| export | known by | how to make it | columns |\n|---|---|---|---|"
COLUMNS_HEAD = "| field | columns |\n|---|---|"
# Enough to know one's own export by.
LANGUAGE_FIELDS = ("id", "title", "status", "created", "finished")
LANGUAGES_HEAD = (
    f"| language | {' | '.join(LANGUAGE_FIELDS)} | columns |\n"
    f"|{'---|' * (len(LANGUAGE_FIELDS) + 2)}"
)
SEEN = {"real": "seen", "assumed": "assumed"}
SHOWN_ABSENT_COLUMNS = 2

Shapes = dict[str, list[Profile]]
"""Profiles in all languages by the name of their export without its language."""


def content() -> str:
    """Write a table of all exports, and the columns of each tracker below it."""
    trackers = [
        _by_shape(profiles)
        for _, profiles in groupby(PROFILES, key=lambda profile: profile.tracker.split()[0])
    ]
    exports = [line for shapes in trackers for line in _exports(shapes)]
    parts = [EXPORTS_HEAD + "\n" + "\n".join(exports)]
    return "\n\n".join([*parts, *("\n".join(_details(shapes)) for shapes in trackers)])


def replaced(text: str) -> str:
    """Return `text` with the tables between the markers. Raises: `ValueError` without them."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"add the markers {BEGIN!r} and {END!r} to {PAGE}")
    return f"{head}{BEGIN}\n\n{content()}\n\n{END}{tail}"


def write() -> bool:
    """Write the tables into the page; True when it changed."""
    before = PAGE.read_text()
    PAGE.write_text(replaced(before))
    return PAGE.read_text() != before


def _by_shape(profiles: Iterable[Profile]) -> Shapes:
    shapes: Shapes = {}
    for profile in profiles:
        name, _, last = profile.name.rpartition(", ")
        shapes.setdefault(name if last == _language_name(profile) else profile.name, []).append(
            profile
        )
    return shapes


def _language_name(profile: Profile) -> str | None:
    return Locale(profile.language).english_name


def _exports(shapes: Shapes) -> Iterator[str]:
    for name, (profile, *_) in shapes.items():
        yield f"| {name} | {_telling(profile)} | {profile.export} | {SEEN[profile.seen]} |"


def _telling(profile: Profile) -> str:
    groups = [(name,) for name in profile.telling] + list(profile.one_of)
    columns = ", ".join(" or ".join(f"`{name}`" for name in group) for group in groups)
    absent = [f"`{name}`" for name in profile.not_telling[:SHOWN_ABSENT_COLUMNS]]
    without = f"; no {', '.join(absent)}" if absent else ""
    return (columns or "an id and a day of creation") + without


def _details(shapes: Shapes) -> Iterator[str]:
    """Yield the lines of one tracker: its columns, its languages and what its exports lack."""
    profiles = [languages[0] for languages in shapes.values()]
    trackers = {profile.tracker for profile in profiles}
    title = trackers.pop() if len(trackers) == 1 else profiles[0].tracker.split()[0]
    yield f"<details><summary>{title}</summary>\n"
    yield COLUMNS_HEAD
    for field, names in _columns(profiles).items():
        yield f"| {field} | {', '.join(f'`{name}`' for name in names)} |"
    yield f"\n{_project(profiles)}"
    for lack, names in _lacks(shapes).items():
        having = "" if len(names) == len(shapes) else f" ({'; '.join(names)})"
        yield f"\nWithout {lack.what}{having}: {lack.effect}. Remedy: {lack.remedy}."
    languages = max(shapes.values(), key=len)
    if len(languages) > 1:
        yield f"\n{LANGUAGES_HEAD}"
        yield from map(_language, languages)
    yield "\n</details>"


def _columns(profiles: Iterable[Profile]) -> dict[str, list[str]]:
    """Collect the names of columns by field, of all shapes of a tracker."""
    columns: dict[str, dict[str, None]] = {}
    for profile in profiles:
        for field, names in profile.columns.items():
            spaced = (name for name in names if "(" not in name.replace(" (", ""))
            columns.setdefault(field, {}).update(dict.fromkeys(spaced))
    return {field: list(names) for field, names in columns.items()}


def _project(profiles: Iterable[Profile]) -> str:
    places = dict.fromkeys(_place(profile) for profile in profiles)
    return f"The project is {', or '.join(places)}."


def _place(profile: Profile) -> str:
    if profile.project_from == "key":
        return "the key before a task's number"
    if profile.project_from == "url":
        return "in the address of the task"
    names = profile.columns.get("project")
    if profile.project_names:
        columns = " or ".join(f"`{name}`" for name in profile.project_names)
        return f"the name that most rows have in {columns}, or the file's name"
    return f"the column `{names[0]}`" if names else "the file's name, or what `--project` names"


def _lacks(shapes: Shapes) -> dict[Lack, list[str]]:
    """Return the exports that have a lack."""
    having: dict[Lack, list[str]] = {}
    for name, (profile, *_) in shapes.items():
        for lack in profile.lacks:
            having.setdefault(lack, []).append(name)
    return having


def _language(profile: Profile) -> str:
    first = (profile.columns.get(field, ("",))[0] for field in LANGUAGE_FIELDS)
    cells = [f"`{name}`" if name else "" for name in first]
    return f"| {_language_name(profile)} | {' | '.join(cells)} | {SEEN[profile.seen]} |"
