"""What a file holds, before anything is written: columns, formats, counts, tasks, refused rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.column_sampling import settle, survey
from agent.importing.dates import date_format, latest_today
from agent.importing.errors import CsvRefused
from agent.importing.limits import MOST_LABELS
from agent.importing.mapping import MappedColumn, map_columns
from agent.importing.priorities import priority_of
from agent.importing.statuses import State, state_of
from agent.importing.table import Table
from agent.importing.tasks import REQUIRED, Reader, Refusal, RowRefused, Task, named_project
from agent.importing.validation import fault


@dataclass(frozen=True, slots=True)
class RecognisedColumn:
    """A column and its field; `format` for dates only, `sample` is the first value, if any."""

    field: str
    header: str
    times: int
    asked: bool
    format: str | None
    sample: str | None


@dataclass(frozen=True, slots=True)
class ProjectCount:
    """A project's tasks: how many, how many finished, and its first and last date."""

    project: str
    tasks: int
    finished: int
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class StatusCount:
    """A status as written and how often; `state` is None when its name is not known."""

    status: str
    tasks: int
    state: State | None


@dataclass(frozen=True, slots=True)
class PriorityCount:
    """A priority as written and how often; `priority` (1 to 5) is None when it is not known."""

    name: str
    tasks: int
    priority: int | None


@dataclass(frozen=True, slots=True)
class Recognition:
    """`rows` = len(tasks) + len(refused); `corrected` tasks had a finish before their creation.

    `first` and `last` are the range of all dates that could be read, of refused rows too.
    """

    table: Table
    columns: tuple[RecognisedColumn, ...]
    rows: int
    tasks: tuple[Task, ...]
    refused: tuple[Refusal, ...]
    projects: tuple[ProjectCount, ...]
    statuses: tuple[StatusCount, ...]
    priorities: tuple[PriorityCount, ...]
    corrected: int
    warnings: tuple[str, ...]
    first: date | None
    last: date | None


def recognise(
    table: Table,
    mapping: Mapping[str, str],
    *,
    prefix: str = "",
    project: str | None = None,
    format_name: str | None = None,
    today: date | None = None,
) -> Recognition:
    """Read the table with the columns asked for and those known by name.

    `prefix` stands before every value of the project column; `project` names the one project
    instead. `format_name` (see FORMATS) settles the format of every date column. A row with a
    date after `today` is refused; None is the day it is now.
    Raises CsvRefused when a field or column is unknown, or id, created or the project has none.
    """
    columns = _required_columns(table, mapping, project)
    forced = None if format_name is None else date_format(format_name)
    samples, detected = survey(table, columns, forced)
    formats, warnings = settle(detected, columns)
    if forced:
        formats = dict.fromkeys(formats, forced)
    named = None if project is None else named_project(project)
    reader = Reader(
        header=table.header,
        columns=columns,
        formats=formats,
        today=today or latest_today(),
        prefix=prefix,
        project=named,
        forced=forced is not None,
    )
    tasks, refused, corrected = _read(table, reader)
    warnings += _doubts(columns, tasks)
    dates = [day for found in detected.values() for day in (found.first, found.last) if day]
    return Recognition(
        table=table,
        columns=tuple(
            RecognisedColumn(
                field=column.field,
                header=column.header,
                times=len(column.positions),
                asked=column.asked,
                format=known.name if (known := formats.get(column.field)) else None,
                sample=samples.get(column.field),
            )
            for column in columns.values()
        ),
        rows=len(tasks) + len(refused),
        tasks=tuple(tasks),
        refused=tuple(refused),
        projects=_count_projects(tasks),
        statuses=_count_statuses(tasks),
        priorities=_count_priorities(tasks),
        corrected=corrected,
        warnings=tuple(warnings),
        first=min(dates, default=None),
        last=max(dates, default=None),
    )


def _required_columns(
    table: Table, mapping: Mapping[str, str], project: str | None
) -> dict[str, MappedColumn]:
    columns = {column.field: column for column in map_columns(table.header, mapping)}
    if project is not None:
        if "project" in mapping:
            raise CsvRefused("Give either --project or a column for project, not both.")
        columns.pop("project", None)
    missing = [
        field
        for field in REQUIRED
        if field not in columns and not (field == "project" and project is not None)
    ]
    if missing:
        hint = " or name the project with --project" if "project" in missing else ""
        raise CsvRefused(
            f"No column is known for {', '.join(missing)}: map it with --map field=column{hint}. "
            f"The columns are {', '.join(name for name in table.header if name)}."
        )
    return columns


def _read(table: Table, reader: Reader) -> tuple[list[Task], list[Refusal], int]:
    tasks: list[Task] = []
    refused: list[Refusal] = []
    seen: dict[tuple[str, str], int] = {}
    corrected = 0
    for record in table.records():
        try:
            task, was_corrected = reader.read(record)
            _check_documents(task, reader)
            first = seen.setdefault((task.project, task.id), record.row)
            if first != record.row:
                raise RowRefused(
                    reader.columns["id"].header, f"{task.id!r} is already the id of row {first}"
                )
        except RowRefused as error:
            refused.append(Refusal(record.row, error.column, error.reason, tuple(record.cells)))
        else:
            tasks.append(task)
            corrected += was_corrected
    return tasks, refused, corrected


def _check_documents(task: Task, reader: Reader) -> None:
    """Raises RowRefused when a service would refuse what is made of the task."""
    if (found := fault(task)) is not None:
        field, reason = found
        column = reader.columns.get(field)
        raise RowRefused(column.header if column else "", reason)


def _doubts(columns: Mapping[str, MappedColumn], tasks: list[Task]) -> list[str]:
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
    shortened = sum(len(task.labels) > MOST_LABELS for task in tasks)
    if shortened:
        warnings.append(
            f"{shortened} tasks have more than {MOST_LABELS} labels: the first {MOST_LABELS} "
            "are kept."
        )
    return warnings


def _count_projects(tasks: list[Task]) -> tuple[ProjectCount, ...]:
    grouped: dict[str, list[Task]] = {}
    for task in tasks:
        grouped.setdefault(task.project, []).append(task)
    return tuple(
        ProjectCount(
            project=project,
            tasks=len(own),
            finished=sum(task.finished is not None for task in own),
            first=min(task.created for task in own),
            last=max(task.finished or task.created for task in own),
        )
        for project, own in sorted(grouped.items())
    )


def _count_statuses(tasks: list[Task]) -> tuple[StatusCount, ...]:
    counts = Counter(task.status for task in tasks if task.status)
    return tuple(
        StatusCount(status, count, state_of(status)) for status, count in counts.most_common()
    )


def _count_priorities(tasks: list[Task]) -> tuple[PriorityCount, ...]:
    counts = Counter(task.priority for task in tasks if task.priority)
    return tuple(
        PriorityCount(name, count, priority_of(name)) for name, count in counts.most_common()
    )
