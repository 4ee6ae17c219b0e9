"""Changes of one task by its users."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import links, progress, reading, sprint_ownership
from domain_services.backlog.logic.links import Target
from domain_services.backlog.models import task_history, tasks
from domain_services.backlog.schema import TaskUpdate
from domain_services.kernel.errors import Invalid, PreconditionFailed
from domain_services.kernel.types import utc_now

_LINKING = frozenset({"depends_on", "story_id", "type"})


async def change(
    connection: AsyncConnection,
    task_id: str,
    wanted: TaskUpdate,
    *,
    actor: str,
    version: int | None = None,
    ended_sprint: str | None = None,
) -> int:
    """Apply a partial update and return the new version; `version` is the one it must still have.

    A changed status or progress goes to the history under `actor`. `ended_sprint` no longer keeps
    the task, which leaves it when it is opened again.
    Raises: `NotFound`, `PreconditionFailed`, `Invalid`.
    """
    # What a task may be linked to is locked before the task itself: whoever completes a dependency
    # takes the two in this order as well.
    targets = await _targets(connection, task_id, wanted)
    before = await _lock(connection, task_id)
    if version is not None and version != before.version:
        raise PreconditionFailed(
            f"{task_id} is at version {before.version}, not {version}", version=before.version
        )
    kept_by = before.sprint_id if before.sprint_id != ended_sprint else None
    if kept_by is not None and sprint_ownership.changes_what_is_kept(before, wanted):
        raise sprint_ownership.refusal(task_id, kept_by)
    status, percentage = progress.follow(
        wanted, before.status, before.progress_percentage, in_sprint=kept_by is not None
    )
    values = wanted.model_dump(exclude_unset=True) | {
        "status": status,
        "progress_percentage": percentage,
        "version": before.version + 1,
        "updated_at": utc_now(),
    }
    if kept_by is None and status != "completed":
        values["sprint_id"] = None
    values |= await _links(connection, before, wanted, targets)
    await connection.execute(update(tasks).where(tasks.c.task_id == task_id).values(values))
    if (status, percentage) != (before.status, before.progress_percentage):
        await connection.execute(
            insert(task_history).values(
                task_id=task_id,
                actor=actor,
                from_status=before.status,
                to_status=status,
                progress=percentage,
            )
        )
    return before.version + 1


async def _lock(connection: AsyncConnection, task_id: str) -> Row[Any]:
    columns = ("task_id", "project_id", "type", "status", "progress_percentage", "assigned_to")
    columns += ("sprint_id", "story_id", "version")
    statement = select(*(tasks.c[name] for name in columns)).where(tasks.c.task_id == task_id)
    found = (await connection.execute(statement.with_for_update())).first()
    if found is None:
        raise reading.unknown(task_id)
    return found


async def _targets(
    connection: AsyncConnection, task_id: str, wanted: TaskUpdate
) -> Mapping[str, Target]:
    """What `wanted` names, by name, under the backlog's lock; nothing when it changes no link."""
    if not wanted.model_fields_set & _LINKING:
        return {}
    project_id = await links.lock_backlog_of(connection, task_id)
    if project_id is None:
        raise reading.unknown(task_id)
    names = [*(wanted.depends_on or ()), *filter(None, [wanted.story_id])]
    return await links.targets(connection, project_id, names)


async def _links(
    connection: AsyncConnection,
    before: Row[Any],
    wanted: TaskUpdate,
    targets: Mapping[str, Target],
) -> dict[str, Any]:
    """The columns that hold the new links. Raises: `Invalid` for what cannot be linked."""
    values: dict[str, Any] = {}
    if wanted.depends_on is not None:
        values |= await _dependencies(connection, before, wanted.depends_on, targets)
    if wanted.type is not None:
        await _require_fitting_type(connection, before, wanted)
    if wanted.story_id is not None:
        story, kind = targets.get(wanted.story_id), wanted.type or before.type
        reason = links.no_story(wanted.story_id, story, kind, before.project_id)
        if reason is not None or story is None:
            raise Invalid(f"story_id: {reason}")
        values["story_id"] = story.task_id
    return values


async def _dependencies(
    connection: AsyncConnection,
    before: Row[Any],
    names: list[str],
    targets: Mapping[str, Target],
) -> dict[str, Any]:
    if missing := [name for name in names if name not in targets]:
        raise Invalid(f"depends_on: {', '.join(missing)}: no task of {before.project_id}")
    needed = list(dict.fromkeys(targets[name].task_id for name in names))
    cycle = await links.cycle_through(connection, before.task_id, needed)
    if cycle is not None:
        raise Invalid(f"depends_on: would close the cycle {' -> '.join(cycle)}")
    ready = all(targets[name].completed for name in names)
    return {"depends_on": needed, "ready": ready}


async def _require_fitting_type(
    connection: AsyncConnection, before: Row[Any], wanted: TaskUpdate
) -> None:
    """Raises: `Invalid` when the new type does not go with the task's present links."""
    if links.is_story(wanted.type or ""):
        if before.story_id is not None and "story_id" not in wanted.model_fields_set:
            raise Invalid(f"type: the task belongs to {before.story_id}, so it is no story")
    elif links.is_story(before.type):
        has_tasks = exists().where(tasks.c.story_id == before.task_id)
        if await connection.scalar(select(has_tasks)):
            raise Invalid("type: tasks belong to this story, so it stays one")
