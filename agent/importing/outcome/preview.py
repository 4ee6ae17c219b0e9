"""Outcome of a file for people: sentences first, then tables."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from agent.importing.meaning.priorities import DEFAULT_PRIORITY
from agent.importing.notices import Notice, Question
from agent.importing.outcome.file_outcome import ColumnOutcome, FileOutcome
from agent.importing.tasks import Kind
from agent.importing.terminal import printable
from domain_services.kernel.words import listed

SHOWN_REFUSALS = 10
_SAMPLE_CHARACTERS = 40
_SHOWN_COLUMNS = 40
_KINDS = {
    Kind.WORK: "planned and counted",
    Kind.CONTAINER: "not planned, not counted",
    Kind.PART: "goes with its task",
    Kind.LEFT_OUT: "left out by --types",
}


def render(file: FileOutcome) -> RenderableType:
    """Lay out the summary, doubts and notices, then what stands in the columns of the file."""
    parts: list[RenderableType] = [_summary(file)]
    parts += [question_text(question) for question in file.questions]
    parts += [notice_text(notice) for notice in file.notices]
    parts += _lacks(file)
    if file.columns:
        parts.append(_columns(file))
    if file.projects:
        parts.append(_projects(file))
    if any(kind.type or kind.kind is not Kind.WORK for kind in file.kinds):
        parts.append(_kinds(file))
    if file.statuses:
        parts.append(_statuses(file))
    if file.priorities:
        parts.append(_priorities(file))
    if file.refused_rows:
        parts.append(_refused(file))
    return Group(*parts)


def question_text(question: Question) -> Text:
    """Lay out a doubt with the option that settles it."""
    text = f"Question: {question.text} Answer with {question.answer}"
    return Text(printable(text), style="bold yellow")


def notice_text(notice: Notice) -> Text:
    """Lay out a sentence; a warning is marked."""
    if notice.weight == "warning":
        return Text(f"Warning: {printable(notice.text)}", style="yellow")
    return Text(printable(notice.text))


def _summary(file: FileOutcome) -> Text:
    kind = f"{file.kind}, " if file.kind else ""
    lines = [
        f"{file.file}: {file.rows} rows, {kind}{file.tasks} tasks, {file.refused_rows} refused"
    ]
    states = file.states
    counts = (
        (states.completed, "completed"),
        (states.dropped, "closed without work"),
        (states.done_on_unknown_day, "done on an unknown day"),
        (states.open, f"open ({states.doing} in progress)"),
    )
    lines.append(", ".join(f"{number} {words}" for number, words in counts if number))
    told_by = f", told by {', '.join(file.told_by)}" if file.told_by else ""
    lines.append(f"read as {file.profile}{told_by}")
    if file.skipped_lines:
        skipped = "; ".join(file.skipped_lines)
        lines.append(f"the header is on line {file.header_line}; skipped above it: {skipped}")
    if file.ignored_columns:
        lines.append(f"ignored columns: {listed(file.ignored_columns, _SHOWN_COLUMNS)}")
    return Text("\n".join(printable(line) for line in lines if line))


def _lacks(file: FileOutcome) -> Iterator[Text]:
    for lack in file.lacks:
        yield Text(printable(f"Missing: {lack.what}. So {lack.effect}. To get it, {lack.remedy}."))


def _columns(file: FileOutcome) -> Grid:
    rows = [
        (_header(column), column.field, _source(column), column.format or "", _sample(column))
        for column in file.columns
    ]
    return _grid("Columns", ("column", "field", "found", "date format", "sample"), rows)


def _header(column: ColumnOutcome) -> str:
    name = ", ".join(column.names)
    return name if column.times == len(column.names) else f"{name} (x{column.times})"


def _source(column: ColumnOutcome) -> str:
    return "as asked" if column.asked else "by its name"


def _sample(column: ColumnOutcome) -> str:
    sample = column.sample or ""
    return sample if len(sample) <= _SAMPLE_CHARACTERS else sample[: _SAMPLE_CHARACTERS - 1] + "…"


def _projects(file: FileOutcome) -> Grid:
    rows = [
        (
            project.project,
            str(project.tasks),
            str(project.finished),
            str(project.open),
            str(project.dropped),
            str(project.done_on_unknown_day),
            str(project.first),
            str(project.last),
        )
        for project in file.projects
    ]
    names = ("project", "tasks", "finished", "open", "dropped", "day unknown", "first", "last")
    return _grid("Projects", names, rows)


def _kinds(file: FileOutcome) -> Grid:
    rows = [(kind.type, str(kind.tasks), _KINDS[kind.kind]) for kind in file.kinds]
    return _grid("Types", ("type", "rows", "read as"), rows)


def _statuses(file: FileOutcome) -> Grid:
    rows = [
        (status.status, str(status.tasks), status.state or "unknown: by finish date")
        for status in file.statuses
    ]
    return _grid("Statuses", ("status", "tasks", "read as"), rows)


def _priorities(file: FileOutcome) -> Grid:
    unknown = f"unknown: {DEFAULT_PRIORITY}"
    rows = [
        (priority.name, str(priority.tasks), str(priority.priority or unknown))
        for priority in file.priorities
    ]
    return _grid("Priorities", ("priority", "tasks", "read as (1 is the highest)"), rows)


def _refused(file: FileOutcome) -> Grid:
    shown = file.refused[:SHOWN_REFUSALS]
    title = f"Refused rows (first {len(shown)} of {file.refused_rows})"
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
