"""Second pass over a file: every row becomes a task or a refusal."""

from dataclasses import dataclass

from agent.importing.loading.validation import find_invalid_field
from agent.importing.reading.row_reader import RowReader
from agent.importing.tables.table import Table
from agent.importing.tasks import Refusal, RowRefused, Task


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a file, divided into tasks and refusals."""

    tasks: tuple[Task, ...]
    """Tasks in the order of the file."""
    refused: tuple[Refusal, ...]
    """Refused rows in the order of the file."""
    corrected: int
    """Tasks whose finish lay before their creation and was moved to it."""


def read_rows(table: Table, reader: RowReader) -> Rows:
    """Read every row of the table; refuse those that are no task or repeat an id."""
    tasks: list[Task] = []
    refused: list[Refusal] = []
    first_rows: dict[tuple[str, str], int] = {}
    corrected = 0
    for record in table.records():
        try:
            task, was_corrected = reader.read(record)
            _check_documents(task, reader)
            # After all other checks: a refused row must not claim its id.
            first_row = first_rows.setdefault((task.project, task.id), record.row)
            if first_row != record.row:
                raise RowRefused(
                    reader.columns["id"].header, f"{task.id!r} is already the id of row {first_row}"
                )
        except RowRefused as error:
            refused.append(Refusal(record.row, error.column, error.reason, tuple(record.cells)))
        else:
            tasks.append(task)
            corrected += was_corrected
    return Rows(tuple(tasks), tuple(refused), corrected)


def _check_documents(task: Task, reader: RowReader) -> None:
    if (invalid := find_invalid_field(task)) is not None:
        field, reason = invalid
        column = reader.columns.get(field)
        raise RowRefused(column.header if column else "", reason)
