"""What was recognised, for people (Rich) and for programs (JSON)."""

import unicodedata
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from agent.importing.priorities import DEFAULT_PRIORITY
from agent.importing.recognition import RecognisedColumn, Recognition

SHOWN_REFUSALS = 10
_SAMPLE_CHARACTERS = 40
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def render(recognition: Recognition) -> RenderableType:
    """Tables of the columns, projects, statuses, priorities, first refused rows; warnings."""
    parts: list[RenderableType] = [_summary(recognition), _columns(recognition)]
    if recognition.projects:
        parts.append(_projects(recognition))
    if recognition.statuses:
        parts.append(_statuses(recognition))
    if recognition.priorities:
        parts.append(_priorities(recognition))
    if recognition.refused:
        parts.append(_refused(recognition))
    parts += [Text(f"Warning: {plain(text)}", style="yellow") for text in recognition.warnings]
    return Group(*parts)


def to_json(recognition: Recognition) -> dict[str, Any]:
    """The recognition as JSON types: every refused row, but counts instead of the tasks."""
    return {
        "file": str(recognition.table.path),
        "delimiter": recognition.table.delimiter,
        "rows": recognition.rows,
        "tasks": len(recognition.tasks),
        "finish_dates_corrected": recognition.corrected,
        "first_date": _iso(recognition.first),
        "last_date": _iso(recognition.last),
        "columns": [asdict(column) for column in recognition.columns],
        "ignored_columns": ignored_columns(recognition),
        "projects": [
            asdict(project) | {"first": _iso(project.first), "last": _iso(project.last)}
            for project in recognition.projects
        ],
        "statuses": [asdict(status) for status in recognition.statuses],
        "priorities": [asdict(priority) for priority in recognition.priorities],
        "refused": [asdict(refusal) for refusal in recognition.refused],
        "warnings": list(recognition.warnings),
    }


def ignored_columns(recognition: Recognition) -> list[str]:
    """The named columns that feed no field, each once, in the order of the file."""
    used = {column.header for column in recognition.columns}
    names = dict.fromkeys(recognition.table.header)
    return [name for name in names if name and name not in used]


def plain(text: str) -> str:
    """The text with control and direction characters replaced: none acts on a terminal."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if unicodedata.category(character) in ("Cc", "Cf")
        else character
        for character in text
    )


def _iso(day: object) -> str | None:
    return None if day is None else str(day)


def _summary(recognition: Recognition) -> Text:
    delimiter = recognition.table.delimiter
    lines = [
        f"{recognition.table.path}: {recognition.rows} rows, "
        f"{_DELIMITER_NAMES.get(delimiter, delimiter)}-separated, "
        f"{len(recognition.tasks)} tasks, {len(recognition.refused)} refused"
    ]
    if recognition.corrected:
        lines.append(f"{recognition.corrected} finish dates before creation corrected to it")
    if ignored := ignored_columns(recognition):
        lines.append(f"ignored columns: {', '.join(ignored)}")
    return Text("\n".join(plain(line) for line in lines))


def _columns(recognition: Recognition) -> Grid:
    rows = [
        (_header(column), column.field, _found(column), column.format or "", _sample(column))
        for column in recognition.columns
    ]
    return _grid("Columns", ("column", "field", "found", "date format", "sample"), rows)


def _header(column: RecognisedColumn) -> str:
    return column.header if column.times == 1 else f"{column.header} (x{column.times})"


def _found(column: RecognisedColumn) -> str:
    return "as asked" if column.asked else "by its name"


def _sample(column: RecognisedColumn) -> str:
    sample = column.sample or ""
    return sample if len(sample) <= _SAMPLE_CHARACTERS else sample[: _SAMPLE_CHARACTERS - 1] + "…"


def _projects(recognition: Recognition) -> Grid:
    rows = [
        (
            project.project,
            str(project.tasks),
            str(project.finished),
            str(project.tasks - project.finished),
            str(project.first),
            str(project.last),
        )
        for project in recognition.projects
    ]
    return _grid("Projects", ("project", "tasks", "finished", "open", "first", "last"), rows)


def _statuses(recognition: Recognition) -> Grid:
    rows = [
        (status.status, str(status.tasks), status.state or "unknown: by finish date")
        for status in recognition.statuses
    ]
    return _grid("Statuses", ("status", "tasks", "read as"), rows)


def _priorities(recognition: Recognition) -> Grid:
    rows = [
        (each.name, str(each.tasks), str(each.priority or f"unknown: {DEFAULT_PRIORITY}"))
        for each in recognition.priorities
    ]
    return _grid("Priorities", ("priority", "tasks", "read as (1 is the highest)"), rows)


def _refused(recognition: Recognition) -> Grid:
    shown = recognition.refused[:SHOWN_REFUSALS]
    title = f"Refused rows (first {len(shown)} of {len(recognition.refused)})"
    rows = [(str(refusal.row), refusal.column, refusal.reason) for refusal in shown]
    return _grid(title, ("row", "column", "reason"), rows)


def _grid(title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> Grid:
    grid = Grid(title=title, title_justify="left")
    for heading in headings:
        grid.add_column(heading, overflow="fold")
    for row in rows:
        # Text, not str: cells of a file must not be read as markup.
        grid.add_row(*(Text(plain(cell)) for cell in row))
    return grid
