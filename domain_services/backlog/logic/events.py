"""Handlers of the sprint service's events: the backlog's copy of tasks in sprints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import TaskStatus
from domain_services.events import TaskUpdated
from domain_services.kernel.messaging.effects import BatchHandler
from domain_services.kernel.messaging.envelope import Envelope

_LOCK = text(
    """
    SELECT task_id, project_id, status, progress_percentage, sprint_id, assigned_to, finished_on,
           ended_sprint_id, sprint_version, version
    FROM tasks WHERE task_id = ANY(:task_ids) ORDER BY task_id FOR UPDATE
    """
)
_STORE = text(
    """
    WITH changed AS (
        SELECT * FROM jsonb_to_recordset(CAST(:tasks AS jsonb)) AS task (
            task_id text, status text, progress_percentage int, sprint_id text, assigned_to text,
            finished_on date, ended_sprint_id text, sprint_version bigint, version bigint)),
    stored AS (
        UPDATE tasks SET status = changed.status,
               progress_percentage = changed.progress_percentage,
               sprint_id = changed.sprint_id, assigned_to = changed.assigned_to,
               finished_on = changed.finished_on, ended_sprint_id = changed.ended_sprint_id,
               sprint_version = changed.sprint_version, version = changed.version,
               updated_at = CASE WHEN tasks.version < changed.version
                                 THEN now() ELSE tasks.updated_at END
        FROM changed WHERE tasks.task_id = changed.task_id)
    INSERT INTO task_history (task_id, at, actor, from_status, to_status, progress)
    SELECT task_id, at, actor, from_status, to_status, progress
    FROM jsonb_to_recordset(CAST(:steps AS jsonb)) AS step (
        task_id text, at timestamptz, actor text, from_status text, to_status text, progress int)
    """
)


@dataclass(frozen=True)
class _Task:
    """Row of a task, as far as a sprint changes it."""

    task_id: str
    project_id: str
    status: TaskStatus
    progress_percentage: int
    sprint_id: str | None
    assigned_to: str | None
    finished_on: date | None
    ended_sprint_id: str | None
    sprint_version: int
    version: int


async def apply_task_updates(connection: AsyncConnection, events: Sequence[Envelope]) -> None:
    """Apply the sprint service's states of tasks that are newer than the last ones applied.

    Raises: `LookupError` for an unknown task.
    """
    updates = [TaskUpdated.model_validate(event.event_data) for event in events]
    tasks = await _locked(connection, {update.task_id for update in updates})
    before = dict(tasks)
    steps: list[dict[str, Any]] = []
    for event, update in zip(events, updates, strict=True):
        task = tasks.get(update.task_id)
        if task is None or task.project_id != update.project_id:
            raise LookupError(f"there is no task {update.task_id} in {update.project_id}")
        after = _released(_updated(task, update), update)
        tasks[update.task_id] = after
        if _progress(after) != _progress(task):
            steps.append(_step(task, after, update, event.metadata.source_service))
    changed = [task for task in tasks.values() if task != before[task.task_id]]
    if changed:
        values = {"tasks": orjson.dumps(changed).decode(), "steps": orjson.dumps(steps).decode()}
        await connection.execute(_STORE, values)


async def _locked(connection: AsyncConnection, task_ids: set[str]) -> dict[str, _Task]:
    rows = await connection.execute(_LOCK, {"task_ids": list(task_ids)})
    return {row["task_id"]: _Task(**row) for row in rows.mappings()}


def _updated(task: _Task, update: TaskUpdated) -> _Task:
    """Return the task after an update; the same when it is not newer."""
    if not _is_newer(update, task):
        return task
    status = _status(update)
    is_completed = status == "completed"
    return replace(
        task,
        status=status,
        progress_percentage=update.progress_percentage,
        # A released task that is completed stays listed in its sprint: `sprint_id` is kept.
        sprint_id=update.sprint_id or (task.sprint_id if is_completed else None),
        # In its sprint again after a release that was undone.
        ended_sprint_id=None
        if update.sprint_id is not None and update.sprint_id == task.ended_sprint_id
        else task.ended_sprint_id,
        assigned_to=update.assigned_to,
        finished_on=(update.finished_on or task.finished_on) if is_completed else None,
        sprint_version=update.version,
        # The sprint service counts on from the version it reserved: ours never falls behind its
        # own, or the first events of a task's next sprint would look old.
        version=max(task.version + 1, update.version),
    )


def _is_newer(update: TaskUpdated, task: _Task) -> bool:
    return update.version > task.sprint_version


def _released(task: _Task, update: TaskUpdated) -> _Task:
    """Note the sprint that ended, when it releases a completed task."""
    # Only of the version that was applied last. A task that was opened again after an earlier
    # release is not completed any more, or is in no sprint: a repeated release does not touch it.
    is_last = update.version == task.sprint_version and task.status == "completed"
    if update.sprint_id is None and _status(update) == "completed" and is_last:
        return replace(task, ended_sprint_id=task.sprint_id)
    return task


def _status(update: TaskUpdated) -> TaskStatus:
    """Return the backlog's status: `unassigned` out of a sprint unless done, and never in one."""
    if update.sprint_id is None:
        return "completed" if update.status == "completed" else "unassigned"
    return "assigned_to_sprint" if update.status == "unassigned" else update.status


def _progress(task: _Task) -> tuple[TaskStatus, int]:
    return task.status, task.progress_percentage


def _step(before: _Task, after: _Task, update: TaskUpdated, actor: str) -> dict[str, Any]:
    return {
        "task_id": after.task_id,
        "at": update.updated_at,
        "actor": actor,
        "from_status": before.status,
        "to_status": after.status,
        "progress": after.progress_percentage,
    }


BATCH_HANDLERS: Mapping[str, BatchHandler] = {TaskUpdated.event_type: apply_task_updates}
