"""New tasks: all of a request or none, numbered by the project's counter."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import new_links
from domain_services.backlog.models import tasks
from domain_services.backlog.schema import TaskCreate
from domain_services.kernel.errors import Conflict, Invalid

_NAMED_IN_DETAIL = 3
# The row stays locked until the transaction ends: numbers have no gaps, keys cannot be taken twice.
_COUNT_UP = text(
    """
    INSERT INTO backlogs (project_id, last_number) VALUES (:project_id, :count)
    ON CONFLICT (project_id) DO UPDATE SET last_number = backlogs.last_number + :count
    RETURNING last_number
    """
)
_RECORD = text(
    """
    INSERT INTO task_history (task_id, actor, from_status, to_status, progress)
    SELECT task_id, :actor, NULL, status, progress_percentage FROM tasks
    WHERE project_id = :project_id AND number > :after ORDER BY number
    """
)


async def count_up(connection: AsyncConnection, project_id: str, count: int) -> int:
    """Take `count` numbers and lock the project's backlog; returns the last number taken."""
    counted = {"project_id": project_id, "count": count}
    return (await connection.execute(_COUNT_UP, counted)).scalar_one()


async def create(
    connection: AsyncConnection, project_id: str, wanted: Sequence[TaskCreate], *, actor: str
) -> list[str]:
    """Store tasks, one at least; returns their ids in the order of `wanted`.

    Raises: `Invalid`, naming each task that is linked to what cannot be; `Conflict`, naming each
    task whose external key is taken.
    """
    last = await count_up(connection, project_id, len(wanted))
    first = last - len(wanted) + 1
    numbers = range(first, last + 1)
    task_ids = [f"{project_id}-TASK{number:03d}" for number in numbers]
    linked, impossible = await new_links.resolve(connection, project_id, wanted, task_ids)
    taken = await _taken_keys(connection, project_id, wanted)
    _refuse(impossible, taken)
    rows = [
        each.model_dump()
        | {"task_id": task_id, "project_id": project_id, "number": number}
        | {"depends_on": to.depends_on, "story_id": to.story_id, "ready": to.ready}
        for each, task_id, number, to in zip(wanted, task_ids, numbers, linked, strict=True)
    ]
    await connection.execute(insert(tasks), rows)
    recording = {"project_id": project_id, "after": first - 1, "actor": actor}
    await connection.execute(_RECORD, recording)
    return task_ids


def _refuse(impossible: Sequence[dict[str, Any]], taken: Sequence[dict[str, Any]]) -> None:
    errors = sorted([*impossible, *taken], key=lambda each: each["index"])
    if not errors:
        return
    named = [f"task {each['index']}: {each['message']}" for each in errors[:_NAMED_IN_DETAIL]]
    more = len(errors) - len(named)
    detail = f"nothing was created; {'; '.join(named)}" + (f"; and {more} more" if more else "")
    raise (Invalid if impossible else Conflict)(detail, errors=errors)


async def _taken_keys(
    connection: AsyncConnection, project_id: str, wanted: Sequence[TaskCreate]
) -> list[dict[str, Any]]:
    keys = Counter(each.external_key for each in wanted if each.external_key is not None)
    found = await connection.execute(
        select(tasks.c.external_key, tasks.c.task_id).where(
            tasks.c.project_id == project_id, tasks.c.external_key.in_(keys)
        )
    )
    taken = {key: f"external key {key} is taken by {task_id}" for key, task_id in found}
    repeated = {key: f"external key {key} is named twice" for key, n in keys.items() if n > 1}
    reasons = repeated | taken
    return [
        {"index": index, "external_key": each.external_key, "message": reasons[each.external_key]}
        for index, each in enumerate(wanted)
        if each.external_key in reasons
    ]
