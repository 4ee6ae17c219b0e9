"""Recognition of a file as tables, for people."""

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from agent.importing.meaning.priorities import DEFAULT_PRIORITY
from agent.importing.reading.recognition import RecognisedColumn, Recognition
from agent.importing.reading.recognition_json import ignored_columns
from agent.importing.terminal import printable

SHOWN_REFUSALS = 10
_SAMPLE_CHARACTERS = 40
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


def render(recognition: Recognition) -> RenderableType:
    """Lay out columns, projects, statuses, priorities, the first refused rows and warnings."""
    parts: list[RenderableType] = [_summary(recognition), _columns(recognition)]
    if recognition.projects:
        parts.append(_projects(recognition))
    if recognition.statuses:
        parts.append(_statuses(recognition))
    if recognition.priorities:
        parts.append(_priorities(recognition))
    if recognition.refused:
        parts.append(_refused(recognition))
    parts += [
        Text(f"Warning: {printable(warning)}", style="yellow") for warning in recognition.warnings
    ]
    return Group(*parts)


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
    return Text("\n".join(printable(line) for line in lines))


def _columns(recognition: Recognition) -> Grid:
    rows = [
        (_header(column), column.field, _source(column), column.format or "", _sample(column))
        for column in recognition.columns
    ]
    return _grid("Columns", ("column", "field", "found", "date format", "sample"), rows)


def _header(column: RecognisedColumn) -> str:
    return column.header if column.times == 1 else f"{column.header} (x{column.times})"


def _source(column: RecognisedColumn) -> str:
    return "as asked" if column.explicit else "by its name"


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
    unknown = f"unknown: {DEFAULT_PRIORITY}"
    rows = [
        (priority.name, str(priority.tasks), str(priority.priority or unknown))
        for priority in recognition.priorities
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
        grid.add_row(*(Text(printable(cell)) for cell in row))
    return grid
