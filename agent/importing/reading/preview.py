"""Recognition of a file for people: sentences first, then tables."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table as Grid
from rich.text import Text

from agent.importing.meaning.priorities import DEFAULT_PRIORITY
from agent.importing.notices import Notice, Question
from agent.importing.reading.recognition import RecognisedColumn, Recognition
from agent.importing.reading.recognition_json import ignored_columns
from agent.importing.tasks import Kind
from agent.importing.terminal import printable

SHOWN_REFUSALS = 10
_SAMPLE_CHARACTERS = 40
_KINDS = {
    Kind.WORK: "planned and counted",
    Kind.CONTAINER: "not planned, not counted",
    Kind.PART: "goes with its task",
    Kind.LEFT_OUT: "left out by --types",
}


def render(recognition: Recognition) -> RenderableType:
    """Lay out the summary, doubts and notices, then what stands in the columns of the file."""
    parts: list[RenderableType] = [_summary(recognition)]
    parts += [question_text(question) for question in recognition.questions]
    parts += [notice_text(notice) for notice in recognition.notices]
    parts += _lacks(recognition)
    if recognition.columns:
        parts.append(_columns(recognition))
    if recognition.projects:
        parts.append(_projects(recognition))
    if any(kind.type or kind.kind is not Kind.WORK for kind in recognition.kinds):
        parts.append(_kinds(recognition))
    if recognition.statuses:
        parts.append(_statuses(recognition))
    if recognition.priorities:
        parts.append(_priorities(recognition))
    if recognition.refused:
        parts.append(_refused(recognition))
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


def _summary(recognition: Recognition) -> Text:
    kind = f"{recognition.table.kind}, " if recognition.table else ""
    lines = [
        f"{recognition.name}: {recognition.rows} rows, {kind}"
        f"{len(recognition.tasks)} tasks, {len(recognition.refused)} refused"
    ]
    states = recognition.states
    counts = (
        (states.completed, "completed"),
        (states.dropped, "closed without work"),
        (states.done_on_unknown_day, "done on an unknown day"),
        (states.open, f"open ({states.doing} in progress)"),
    )
    lines.append(", ".join(f"{number} {words}" for number, words in counts if number))
    told_by = f", told by {', '.join(recognition.told_by)}" if recognition.told_by else ""
    lines.append(f"read as {recognition.profile}{told_by}")
    if recognition.table and recognition.table.skipped:
        skipped = "; ".join(recognition.table.skipped)
        lines.append(
            f"the header is on line {recognition.table.header_line}; skipped above it: {skipped}"
        )
    if ignored := ignored_columns(recognition):
        lines.append(f"ignored columns: {', '.join(ignored)}")
    return Text("\n".join(printable(line) for line in lines if line))


def _lacks(recognition: Recognition) -> Iterator[Text]:
    for lack in recognition.lacks:
        yield Text(printable(f"Missing: {lack.what}. So {lack.effect}. To get it, {lack.remedy}."))


def _columns(recognition: Recognition) -> Grid:
    rows = [
        (_header(column), column.field, _source(column), column.format or "", _sample(column))
        for column in recognition.columns
    ]
    return _grid("Columns", ("column", "field", "found", "date format", "sample"), rows)


def _header(column: RecognisedColumn) -> str:
    name = ", ".join(column.names)
    return name if column.times == len(column.names) else f"{name} (x{column.times})"


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
            str(project.open),
            str(project.dropped),
            str(project.done_on_unknown_day),
            str(project.first),
            str(project.last),
        )
        for project in recognition.projects
    ]
    names = ("project", "tasks", "finished", "open", "dropped", "day unknown", "first", "last")
    return _grid("Projects", names, rows)


def _kinds(recognition: Recognition) -> Grid:
    rows = [(kind.type, str(kind.tasks), _KINDS[kind.kind]) for kind in recognition.kinds]
    return _grid("Types", ("type", "rows", "read as"), rows)


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
