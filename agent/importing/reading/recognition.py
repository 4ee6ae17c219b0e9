"""Recognition of a file before anything is written: columns, formats, tasks and refusals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from agent.importing.dates.formats import DateFormat, date_format, latest_today
from agent.importing.errors import CsvRefused
from agent.importing.loading.limits import MAX_LABELS
from agent.importing.meaning import ranks
from agent.importing.meaning.statuses import State, state_of
from agent.importing.reading.column_sampling import (
    ChosenFormats,
    ColumnSamples,
    choose_formats,
    sample_columns,
)
from agent.importing.reading.counts import (
    PriorityCount,
    ProjectCount,
    StatusCount,
    count_priorities,
    count_projects,
    count_statuses,
)
from agent.importing.reading.mapping import MappedColumn, map_columns
from agent.importing.reading.row_reader import REQUIRED_FIELDS, RowReader
from agent.importing.reading.rows import read_rows
from agent.importing.tables.table import Table
from agent.importing.tasks import Refusal, Task, option_project_id


@dataclass(frozen=True, slots=True)
class RecognisedColumn:
    """A column that feeds a field."""

    field: str
    """Name of the field."""
    header: str
    """Name of the column as the file writes it."""
    times: int
    """Columns of that name."""
    explicit: bool
    """True when the caller mapped it, False when it was detected by its name."""
    format: str | None
    """Name of the date format; None for other fields and when no format fits."""
    sample: str | None
    """First non-empty value; None when there is none."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Everything recognised in a file."""

    table: Table
    """File that was read."""
    columns: tuple[RecognisedColumn, ...]
    """Columns that feed a field, in the order of the fields."""
    rows: int
    """All rows: tasks and refused ones."""
    tasks: tuple[Task, ...]
    """Tasks in the order of the file."""
    refused: tuple[Refusal, ...]
    """Refused rows in the order of the file."""
    projects: tuple[ProjectCount, ...]
    """Tasks by project."""
    statuses: tuple[StatusCount, ...]
    """Tasks by status."""
    priorities: tuple[PriorityCount, ...]
    """Tasks by priority."""
    corrected: int
    """Tasks whose finish lay before their creation and was moved to it."""
    warnings: tuple[str, ...]
    """Sentences for the person who imports."""
    first: date | None
    """Earliest date that could be read, in refused rows too; None without any."""
    last: date | None
    """Latest date that could be read, in refused rows too; None without any."""


def recognise(
    table: Table,
    mapping: Mapping[str, str],
    *,
    prefix: str = "",
    project: str | None = None,
    format_name: str | None = None,
    today: date | None = None,
) -> Recognition:
    """Read a table by the mapping given and the column names known.

    `prefix` stands before every value of the project column; `project` names one project for all
    rows instead. `format_name` (see FORMATS) is the format of every date column. A row with a date
    after `today` is refused; None is the present day.
    Raises: `CsvRefused` when a field or column is unknown, or id, created or the project has none.
    """
    columns = _required_columns(table, mapping, project)
    forced = None if format_name is None else date_format(format_name)
    samples = sample_columns(table, columns, forced, today=today)
    chosen = choose_formats(
        samples.dates, {field: column.header for field, column in columns.items()}
    )
    formats, warnings = chosen.formats, _date_warnings(chosen)
    reader = RowReader(
        header=table.header,
        columns=columns,
        formats=formats,
        today=today or latest_today(),
        prefix=prefix,
        project=None if project is None else option_project_id(project),
        forced=forced is not None,
    )
    rows = read_rows(table, reader)
    tasks, rank_warnings = _usable_ranks(columns, rows.tasks)
    days = [day for dates in samples.dates.values() for day in (dates.first, dates.last) if day]
    return Recognition(
        table=table,
        columns=_recognised_columns(columns, formats, samples),
        rows=len(rows.tasks) + len(rows.refused),
        tasks=tasks,
        refused=rows.refused,
        projects=count_projects(rows.tasks),
        statuses=count_statuses(rows.tasks),
        priorities=count_priorities(rows.tasks),
        corrected=rows.corrected,
        warnings=(*warnings, *_task_warnings(columns, rows.tasks), *rank_warnings),
        first=min(days, default=None),
        last=max(days, default=None),
    )


def _required_columns(
    table: Table, mapping: Mapping[str, str], project: str | None
) -> dict[str, MappedColumn]:
    columns = {column.field: column for column in map_columns(table.header, mapping)}
    if project is not None:
        if "project" in mapping:
            raise CsvRefused("Give either --project or a column for project, not both.")
        # The option goes before a column that was only detected by its name.
        columns.pop("project", None)
    missing = [
        field
        for field in REQUIRED_FIELDS
        if field not in columns and not (field == "project" and project is not None)
    ]
    if missing:
        hint = " or name the project with --project" if "project" in missing else ""
        raise CsvRefused(
            f"No column is known for {', '.join(missing)}: map it with --map field=column{hint}. "
            f"The columns are {', '.join(name for name in table.header if name)}."
        )
    return columns


def _date_warnings(chosen: ChosenFormats) -> list[str]:
    questions = [f"{question.text} Use {question.answer}." for question in chosen.questions]
    return [*questions, *(notice.text for notice in chosen.notices if notice.weight == "warning")]


def _recognised_columns(
    columns: Mapping[str, MappedColumn],
    formats: Mapping[str, DateFormat | None],
    samples: ColumnSamples,
) -> tuple[RecognisedColumn, ...]:
    return tuple(
        RecognisedColumn(
            field=column.field,
            header=column.header,
            times=len(column.positions),
            explicit=column.explicit,
            format=chosen.name if (chosen := formats.get(column.field)) else None,
            sample=samples.first_values.get(column.field),
        )
        for column in columns.values()
    )


def _usable_ranks(
    columns: Mapping[str, MappedColumn], tasks: tuple[Task, ...]
) -> tuple[tuple[Task, ...], list[str]]:
    """Return the tasks, without ranks that cannot be compared, and a warning about these."""
    if not ranks.are_mixed(task.rank for task in tasks):
        return tasks, []
    warning = (
        f"The column {columns['rank'].header!r} mixes numbers and texts, so it tells no order: "
        "the ranks are ignored. Export one kind, or map another column with --map rank=Column."
    )
    return tuple(replace(task, rank=None) for task in tasks), [warning]


def _task_warnings(columns: Mapping[str, MappedColumn], tasks: Sequence[Task]) -> list[str]:
    warnings: list[str] = []
    if "finished" not in columns:
        warnings.append("No column is mapped to finished: every task counts as open.")
    reopened = sum(
        1
        for task in tasks
        if task.finished and task.status and state_of(task.status) in (State.TO_DO, State.DOING)
    )
    if reopened:
        warnings.append(
            f"{reopened} tasks have a finish date though their status says they are not done: "
            "the finish date counts."
        )
    shortened = sum(len(task.labels) > MAX_LABELS for task in tasks)
    if shortened:
        warnings.append(
            f"{shortened} tasks have more than {MAX_LABELS} labels: the first {MAX_LABELS} "
            "are kept."
        )
    return warnings
