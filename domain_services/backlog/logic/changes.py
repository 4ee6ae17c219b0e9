"""Changes of one task by its users."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import links, progress, reading, sprint_ownership
from domain_services.backlog.logic.links import Target
from domain_services.backlog.models import task_history, tasks
from domain_services.backlog.schema import TaskStatus, TaskUpdate
from domain_services.kernel.errors import Invalid, PreconditionFailed
from domain_services.kernel.types import utc_now

_LINK_FIELDS = frozenset({"depends_on", "story_id", "type"})


async def change(
    connection: AsyncConnection,
    task_id: str,
    request: TaskUpdate,
    *,
    actor: str,
    version: int | None = None,
) -> int:
    """Apply a partial update and return the new version; `version` is the one it must still have.

    A changed status or progress goes to the history under `actor`. A completed task of a closed
    sprint leaves that sprint when it is opened again.
    Raises: `NotFound`, `PreconditionFailed`, `Invalid`.
    """
    # Link targets are locked before the task itself: completing a dependency locks in this order
    # as well, so the two cannot deadlock.
    targets = await _link_targets(connection, task_id, request)
    task = await _lock(connection, task_id)
    sprint_id = sprint_ownership.owning_sprint(task)
    if sprint_id is not None:
        sprint_ownership.require_own_fields_unchanged(task, sprint_id, request)
    if version is not None and version != task.version:
        raise PreconditionFailed(
            f"{task_id} is at version {task.version}, not {version}: read it and try again",
            version=task.version,
        )
    status, percentage = progress.follow(
        request, task.status, task.progress_percentage, in_sprint=sprint_id is not None
    )
    values = request.model_dump(exclude_unset=True) | {
        "status": status,
        "progress_percentage": percentage,
        "finished_on": _finished_on(request, task, status),
        "version": task.version + 1,
        "updated_at": utc_now(),
    }
    if sprint_id is None and status != "completed":
        values["sprint_id"] = None
    values |= await _link_columns(connection, task, request, targets)
    await connection.execute(update(tasks).where(tasks.c.task_id == task_id).values(values))
    if (status, percentage) != (task.status, task.progress_percentage):
        await _record_progress(connection, task, status, percentage, actor)
    return task.version + 1


async def _record_progress(
    connection: AsyncConnection, task: Row[Any], status: TaskStatus, percentage: int, actor: str
) -> None:
    """Add the changed status and progress of a task to its history."""
    await connection.execute(
        insert(task_history).values(
            task_id=task.task_id,
            actor=actor,
            from_status=task.status,
            to_status=status,
            progress=percentage,
        )
    )


def _finished_on(request: TaskUpdate, task: Row[Any], status: TaskStatus) -> date | None:
    """Return the day of completion after the update; None for an open task. Raises: `Invalid`."""
    named = "finished_on" in request.model_fields_set
    if status != "completed":
        if request.finished_on is not None:
            raise Invalid(f"finished_on: {task.task_id} is {status}: complete it as well")
        return None
    return request.finished_on if named else task.finished_on


async def _lock(connection: AsyncConnection, task_id: str) -> Row[Any]:
    columns = ("task_id", "project_id", "type", "status", "progress_percentage", "assigned_to")
    columns += ("sprint_id", "ended_sprint_id", "story_id", "finished_on", "version")
    statement = select(*(tasks.c[name] for name in columns)).where(tasks.c.task_id == task_id)
    row = (await connection.execute(statement.with_for_update())).first()
    if row is None:
        raise reading.unknown(task_id)
    return row


async def _link_targets(
    connection: AsyncConnection, task_id: str, request: TaskUpdate
) -> Mapping[str, Target]:
    """Return the tasks that the request links to, by name; locks the backlog if there are any."""
    if not request.model_fields_set & _LINK_FIELDS:
        return {}
    project_id = await links.lock_backlog_of(connection, task_id)
    if project_id is None:
        raise reading.unknown(task_id)
    names = [*(request.depends_on or ()), *filter(None, [request.story_id])]
    return await links.targets(connection, project_id, names)


async def _link_columns(
    connection: AsyncConnection,
    task: Row[Any],
    request: TaskUpdate,
    targets: Mapping[str, Target],
) -> dict[str, object]:
    """Return the columns of the new links. Raises: `Invalid` for an impossible link."""
    values: dict[str, object] = {}
    if request.depends_on is not None:
        values |= await _dependencies(connection, task, request.depends_on, targets)
    if request.type is not None:
        await _require_fitting_type(connection, task, request)
    if request.story_id is not None:
        story, kind = targets.get(request.story_id), request.type or task.type
        reason = links.no_story(request.story_id, story, kind, task.project_id)
        if reason is not None or story is None:
            raise Invalid(f"story_id: {reason}")
        values["story_id"] = story.task_id
    return values


async def _dependencies(
    connection: AsyncConnection,
    task: Row[Any],
    names: list[str],
    targets: Mapping[str, Target],
) -> dict[str, object]:
    if missing := [name for name in names if name not in targets]:
        raise Invalid(f"depends_on: {', '.join(missing)}: no task of {task.project_id}")
    dependency_ids = list(dict.fromkeys(targets[name].task_id for name in names))
    cycle = await links.cycle_through(connection, task.task_id, dependency_ids)
    if cycle is not None:
        raise Invalid(f"depends_on: would close the cycle {' -> '.join(cycle)}")
    ready = all(targets[name].completed for name in names)
    return {"depends_on": dependency_ids, "ready": ready}


async def _require_fitting_type(
    connection: AsyncConnection, task: Row[Any], request: TaskUpdate
) -> None:
    """Refuse a new type that contradicts the task's present links. Raises: `Invalid`."""
    if links.is_story(request.type or ""):
        if task.story_id is not None and "story_id" not in request.model_fields_set:
            raise Invalid(
                f"type: the task belongs to {task.story_id}, so it is no story: "
                "set story_id to null as well"
            )
    elif links.is_story(task.type):
        has_tasks = exists().where(tasks.c.story_id == task.task_id)
        if await connection.scalar(select(has_tasks)):
            raise Invalid("type: tasks belong to this story, so it stays one: move them first")
