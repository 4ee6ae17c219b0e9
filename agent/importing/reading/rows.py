"""Second pass over a file: every row becomes a task or a refusal."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from agent.importing.loading.validation import find_invalid_field
from agent.importing.meaning.cell_text import cell_texts
from agent.importing.reading.mapping import MappedColumn
from agent.importing.reading.row_reader import RowReader
from agent.importing.reading.source_rows import SourceRow, cells_of
from agent.importing.reading.values import Values
from agent.importing.tables.table import Table
from agent.importing.tasks import Refusal, RowRefused, Task, TrackerSprint

# A task within these bounds fits every service; the services' own types judge all others.
_ORDINARY_CHARACTERS = 100


@dataclass(slots=True)
class RawRow:
    """One row before it is a task."""

    line: int
    """Line of the file, or the place in the order of the tracker."""
    values: Values
    """Texts by field, stripped."""
    cells: Sequence[str] = ()
    """Cells of the file, unchanged."""
    fault: str = ""
    """Why the row must be refused; "" when nothing speaks against it."""
    transitions: tuple[tuple[datetime, str], ...] = ()
    """Moments and statuses, the oldest first."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a file, divided into tasks and refusals."""

    tasks: list[Task]
    """Tasks in the order of the file; each id once in a project."""
    refused: tuple[Refusal, ...]
    """Refused rows in the order of the file."""
    numbers: Mapping[str, str]
    """Ids by the second id that parents refer to."""
    sprints: tuple[TrackerSprint, ...]
    """Sprints that the rows name."""


def raw_rows_of_table(
    table: Table, columns: Mapping[str, MappedColumn], empty: Sequence[str] = ()
) -> Iterator[RawRow]:
    """Yield the rows of a table with the cells of the mapped columns.

    `empty` are values in lower case that mean an empty cell.
    """
    values_of = collector(columns)
    if empty:
        values_of = emptied_collector(values_of, frozenset(empty))
    width = len(table.header)
    for record in table.records():
        cells = record.cells
        fault = record.fault
        # Spreadsheets end rows with empty cells that the header does not have.
        if len(cells) > width and any(map(str.strip, cells[width:])):
            fault = fault or f"has {len(cells)} cells, the header only {width}"
        yield RawRow(record.row, values_of(cells), cells, fault)


def collector(columns: Mapping[str, MappedColumn]) -> Callable[[list[str]], Values]:
    """Return a function that collects the values of the mapped columns from a row's cells."""
    # Fields of one column first: their texts then stand beside their names.
    ordered = sorted(columns.items(), key=lambda item: len(item[1].positions) > 1)
    chosen = _chooser([place for _, column in ordered for place in column.positions])
    single = [name for name, column in ordered if len(column.positions) == 1]
    several: list[tuple[str, slice]] = []
    start = len(single)
    for name, column in ordered[len(single) :]:
        several.append((name, slice(start, start + len(column.positions))))
        start += len(column.positions)

    def collect(cells: list[str]) -> Values:
        texts = cell_texts(chosen(cells))
        # The rest of the texts belongs to the fields of several columns.
        first = dict(zip(single, texts, strict=False))
        lists: dict[str, Sequence[str]] = {}
        for name, part in several:
            lists[name] = own = texts[part]
            first[name] = own[0] or next(filter(None, own), "")
        return Values(first, lists)

    return collect


def _chooser(places: Sequence[int]) -> Callable[[list[str]], Sequence[str]]:
    """Return a function that chooses the cells at some places."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda cells: [cells[place] for place in places]


def emptied_collector(
    values_of: Callable[[list[str]], Values], empty: frozenset[str]
) -> Callable[[list[str]], Values]:
    """Return a collector to which some values are empty cells."""

    def emptied(text: str) -> str:
        return "" if text.casefold() in empty else text

    def collect(cells: list[str]) -> Values:
        values = values_of(cells)
        first = {name: emptied(text) for name, text in values.first.items()}
        lists = {name: [*map(emptied, texts)] for name, texts in values.several.items()}
        for name, texts in lists.items():
            first[name] = next(filter(None, texts), "")
        return Values(first, lists)

    return collect


def raw_rows_of_source(rows: Iterable[SourceRow]) -> Iterator[RawRow]:
    """Yield the rows that a tracker's API gave."""
    for row in rows:
        first = {name: next(filter(None, texts), "") for name, texts in row.values.items()}
        values = Values(first, row.values)
        yield RawRow(row.line, values, cells_of(row), transitions=row.transitions)


def read_rows(raw_rows: Iterable[RawRow], reader: RowReader) -> Rows:
    """Read every row; refuse those that are no task. Of a repeated id the newest row counts."""
    tasks: list[Task] = []
    refused: list[Refusal] = []
    numbers: dict[str, str] = {}
    places: dict[str, dict[str, int]] = {}
    for row in raw_rows:
        try:
            if row.fault:
                raise RowRefused("", row.fault)
            task, closing = reader.read(row.values, row.transitions)
            _check_documents(task, reader)
        except RowRefused as error:
            refused.append(Refusal(row.line, error.column, error.reason, tuple(row.cells)))
            continue
        for number in row.values.texts("number"):
            numbers.setdefault(number, task.id)
        place = places.setdefault(task.project, {}).setdefault(task.id, len(tasks))
        if place == len(tasks):
            tasks.append(task)
            reader.count(task, closing, row.values)
        elif tasks[place] == task:
            reader.tally.repeated += 1
        else:
            reader.tally.differing.add(task.id)
            if not _is_older(task, tasks[place]):
                tasks[place] = task
    return Rows(tasks, tuple(refused), numbers, tuple(reader.sprints.sprints.values()))


def _is_older(task: Task, other: Task) -> bool:
    return task.updated is not None and other.updated is not None and task.updated < other.updated


def _check_documents(task: Task, reader: RowReader) -> None:
    if len(task.id) <= _ORDINARY_CHARACTERS and task.id.isprintable():
        return
    if (invalid := find_invalid_field(task)) is not None:
        field, reason = invalid
        raise RowRefused(reader.header(field), reason)
