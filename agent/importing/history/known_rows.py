"""Rows of a project as its last import knew them, and the document that keeps them.

No decision reads them: they tell what happened after the project's day too. A later export is
merged with them, the clock takes from them what was kept back, and decisions are compared with
them.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from functools import cached_property
from sys import intern
from types import MappingProxyType
from typing import Any

from agent.importing.errors import CsvRefused
from agent.importing.history.row_document import Document, damaged
from agent.importing.history.row_store import RowStore
from agent.importing.history.work import work_of
from agent.importing.meaning.statuses import State
from agent.importing.reading.collection import without_collection
from agent.importing.tasks import Kind, Task, TrackerSprint, Transition

FORMAT = "dsm-import"
# Files of earlier versions must stay readable: fields may be added, with a default.
VERSION = 1
_DAYS = ("created", "finished", "dropped", "started")
_LISTS = ("labels", "sprints", "others")
_REPEATED = ("status", "priority", "assignee", "type", "email")
_KEPT_FIELDS = tuple(field.name for field in fields(Task) if field.name != "project")
_SPRINT_DAYS = ("start", "end", "closed")


@dataclass(frozen=True)
class KnownRows:
    """All rows of a project that are known, kept-back ones included."""

    project_id: str
    """Project id."""
    as_of: date
    """Day of the last import."""
    cadence_days: int
    """Length of the windows of the history, in days."""
    known_until: date
    """Newest day of any row of the imported files: later days are not known."""
    tasks: tuple[Task, ...]
    """Tasks of the project, each once."""
    anchor: date | None = None
    """Day before which the windows of the history end in a row; None: the day of the import."""
    reached: date | None = None
    """Day up to which the rows were brought into the services; None: the day of the import."""
    sprints: tuple[TrackerSprint, ...] = ()
    """Sprints of the tracker of which the files told more than the name."""

    @property
    def windows_end(self) -> date:
        """Day before which the windows of the history end in a row."""
        return self.anchor or self.as_of

    @property
    def day(self) -> date:
        """Day up to which the rows were brought into the services."""
        return max(self.as_of, self.reached or self.as_of)

    @cached_property
    def work(self) -> tuple[Task, ...]:
        """Tasks that are planned and counted, in the order of their creation."""
        return tuple(work_of(self.tasks))

    def by_key(self) -> dict[str, Task]:
        """Return the tasks that are planned and counted by their id in the file."""
        return {task.id: task for task in self.work}


async def save(store: RowStore, rows: KnownRows) -> None:
    """Keep the rows of a project in place of those before."""
    await store.write(rows.project_id, to_document(rows))


async def find(store: RowStore, project_id: str, tasks: Iterable[Task] = ()) -> KnownRows | None:
    """Read the rows of a project; None when no import of this release saved any.

    A row that equals one of `tasks` is that task itself: most rows of a later export are as they
    were, and are held once. Raises: `CsvRefused` when they are damaged or of a later release.
    """
    document = await store.read(project_id)
    if document is None:
        return None
    by_id = {task.id: task for task in tasks if task.project == project_id}
    return from_document(document, store.describe(project_id), by_id)


async def find_all(
    store: RowStore, project_ids: Iterable[str], tasks: Collection[Task] = ()
) -> dict[str, KnownRows]:
    """Read the rows of projects; one without any is absent. `tasks` and errors: as `find`."""
    rows_by_id: dict[str, KnownRows] = {}
    for name in project_ids:
        if (rows := await find(store, name, tasks)) is not None:
            rows_by_id[name] = rows
        # Files are read without a pause, and asyncio ends by Ctrl-C only at one.
        await asyncio.sleep(0)
    return rows_by_id


def to_document(rows: KnownRows) -> Document:
    """Convert rows to JSON types, each task when it is asked for."""
    values = {
        "format": FORMAT,
        "version": VERSION,
        "project_id": rows.project_id,
        "as_of": rows.as_of.isoformat(),
        "cadence_days": rows.cadence_days,
        "known_until": rows.known_until.isoformat(),
        "anchor": rows.windows_end.isoformat(),
        "reached": rows.day.isoformat(),
        "sprints": [_sprint_to_json(sprint) for sprint in rows.sprints],
    }
    return Document(values, map(_to_json, rows.tasks))


def from_document(
    document: Document, place: str, same: Mapping[str, Task] = MappingProxyType({})
) -> KnownRows | None:
    """Read rows from JSON types; None for a document of release 0.1.0, which had no rows.

    `place` names where the document is kept. A row that equals the task of its id in `same` is that
    task itself. Raises: `CsvRefused`.
    """
    values = document.values
    if values.get("format") != FORMAT:
        return None
    if values.get("version") != VERSION:
        raise CsvRefused(
            f"{place} was written by another release (format version {values.get('version')}): "
            "use that release, or move the file away."
        )
    if document.tasks is None:
        raise damaged(place)
    try:
        project_id = values["project_id"]
        return KnownRows(
            project_id=project_id,
            as_of=date.fromisoformat(values["as_of"]),
            cadence_days=values["cadence_days"],
            known_until=date.fromisoformat(values["known_until"]),
            anchor=_day(values.get("anchor")),
            reached=_day(values.get("reached")),
            tasks=_tasks_from_json(project_id, document.tasks, same),
            sprints=tuple(_sprint_from_json(project_id, row) for row in values.get("sprints", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(place) from error


def _tasks_from_json(
    project_id: str, rows: Iterable[dict[str, Any]], same: Mapping[str, Task]
) -> tuple[Task, ...]:
    lists: dict[tuple[str, ...], tuple[str, ...]] = {}
    with without_collection():
        tasks = (_from_json(project_id, row, lists) for row in rows)
        return tuple(known if (known := same.get(task.id)) == task else task for task in tasks)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _to_json(task: Task) -> dict[str, object]:
    values: dict[str, Any] = {
        name: value
        for name in _KEPT_FIELDS
        if (value := getattr(task, name)) is not None and value != ()
    }
    if task.kind is Kind.WORK:
        del values["kind"]
    for name in (*_DAYS, "updated"):
        if name in values:
            values[name] = values[name].isoformat()
    if task.transitions:
        values["transitions"] = [
            [change.day.isoformat(), change.status, change.state] for change in task.transitions
        ]
    return values


def _from_json(
    project_id: str, row: dict[str, Any], lists: dict[tuple[str, ...], tuple[str, ...]]
) -> Task:
    """Read a task; it shares its lists and repeated texts with the others."""
    values = dict(row)
    for name in _REPEATED:
        if name in values:
            values[name] = intern(values[name])
    for name in _DAYS:
        if name in values:
            values[name] = date.fromisoformat(values[name])
    if "updated" in values:
        values["updated"] = datetime.fromisoformat(values["updated"])
    for name in _LISTS:
        if name in values:
            texts = tuple(values[name])
            values[name] = lists.setdefault(texts, texts)
    if "state" in values:
        values["state"] = State(values["state"])
    if "kind" in values:
        values["kind"] = Kind(values["kind"])
    values["transitions"] = tuple(
        Transition(date.fromisoformat(day), status, None if state is None else State(state))
        for day, status, state in values.get("transitions", ())
    )
    return Task(project=project_id, **values)


def _sprint_to_json(sprint: TrackerSprint) -> dict[str, object]:
    values = {name: value for name, value in asdict(sprint).items() if value not in (None, False)}
    del values["project"]
    for name in _SPRINT_DAYS:
        if name in values:
            values[name] = values[name].isoformat()
    return values


def _sprint_from_json(project_id: str, row: dict[str, Any]) -> TrackerSprint:
    days = {name: _day(row.get(name)) for name in _SPRINT_DAYS}
    committed = row.get("committed")
    return TrackerSprint(
        project=project_id,
        name=row["name"],
        **days,
        state=row.get("state"),
        inferred=row.get("inferred", False),
        committed=None if committed is None else tuple(committed),
    )
