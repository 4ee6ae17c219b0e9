"""Rows of a project as its last import knew them, in a file of the data folder.

No service reads the file: it holds what happened after the project's day too. A later export is
merged with it, the clock takes from it what was kept back, and decisions are compared with it.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from agent.importing.errors import CsvRefused
from agent.importing.history.work import work_of
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Kind, Task, TrackerSprint, Transition

FORMAT = "dsm-import"
# Files of earlier versions must stay readable: fields may be added, with a default.
VERSION = 1
_DAYS = ("created", "finished", "dropped", "started")
_LISTS = ("labels", "sprints", "others")
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


def save(data_dir: Path, rows: KnownRows) -> None:
    """Write the rows in one step: a crash leaves either the old file or the new one."""
    path = path_of(data_dir, rows.project_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "project_id": rows.project_id,
        "as_of": rows.as_of.isoformat(),
        "cadence_days": rows.cadence_days,
        "known_until": rows.known_until.isoformat(),
        "anchor": rows.windows_end.isoformat(),
        "reached": rows.day.isoformat(),
        "tasks": [_to_json(task) for task in rows.tasks],
        "sprints": [_sprint_to_json(sprint) for sprint in rows.sprints],
    }
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        json.dump(content, stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def find(data_dir: Path, project_id: str) -> KnownRows | None:
    """Read the rows of a project; None when no import of this release saved any.

    Raises: `CsvRefused` when the file is damaged or of a later release.
    """
    content = read_json(data_dir, project_id)
    if content is None or content.get("format") != FORMAT:
        return None
    path = path_of(data_dir, project_id)
    if content.get("version") != VERSION:
        raise CsvRefused(
            f"{path} was written by another release (format version {content.get('version')}): "
            "use that release, or move the file away."
        )
    try:
        return KnownRows(
            project_id=content["project_id"],
            as_of=date.fromisoformat(content["as_of"]),
            cadence_days=content["cadence_days"],
            known_until=date.fromisoformat(content["known_until"]),
            anchor=_day(content.get("anchor")),
            reached=_day(content.get("reached")),
            tasks=tuple(_from_json(project_id, row) for row in content["tasks"]),
            sprints=tuple(_sprint_from_json(project_id, row) for row in content.get("sprints", ())),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def read_json(data_dir: Path, project_id: str) -> dict[str, Any] | None:
    """Read the file of a project as JSON; None when there is none. Raises: `CsvRefused`."""
    path = path_of(data_dir, project_id)
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(path) from error
    if not isinstance(content, dict):
        raise _damaged(path)
    return cast("dict[str, Any]", content)


def project_ids(data_dir: Path) -> Iterator[str]:
    """Yield the ids of the projects that were imported into a data folder, sorted."""
    yield from sorted(path.stem for path in (data_dir / "imports").glob("*.json"))


def path_of(data_dir: Path, project_id: str) -> Path:
    """Return the path of a project's file."""
    return data_dir / "imports" / f"{project_id}.json"


def _damaged(path: Path) -> CsvRefused:
    return CsvRefused(f"{path} is damaged: move it away and import the project's files again.")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _to_json(task: Task) -> dict[str, object]:
    values = {name: value for name, value in asdict(task).items() if value not in (None, ())}
    del values["project"]
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


def _from_json(project_id: str, row: dict[str, Any]) -> Task:
    values = dict(row)
    for name in _DAYS:
        if name in values:
            values[name] = date.fromisoformat(values[name])
    if "updated" in values:
        values["updated"] = datetime.fromisoformat(values["updated"])
    for name in _LISTS:
        if name in values:
            values[name] = tuple(values[name])
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
