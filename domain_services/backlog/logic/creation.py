"""Creation of tasks: all of a request or none, numbered by the project's counter."""

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import new_links
from domain_services.backlog.logic.new_links import TaskError
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
    """Allocate `count` numbers and lock the project's backlog; returns the last number."""
    values = {"project_id": project_id, "count": count}
    return (await connection.execute(_COUNT_UP, values)).scalar_one()


async def create(
    connection: AsyncConnection, project_id: str, new_tasks: Sequence[TaskCreate], *, actor: str
) -> list[str]:
    """Store tasks, one at least; returns their ids in the order of `new_tasks`.

    Raises: `Invalid`, naming each task with an impossible link; `Conflict`, naming each task whose
    external key is taken.
    """
    last = await count_up(connection, project_id, len(new_tasks))
    first = last - len(new_tasks) + 1
    numbers = range(first, last + 1)
    task_ids = [f"{project_id}-TASK{number:03d}" for number in numbers]
    links, link_errors = await new_links.resolve(connection, project_id, new_tasks, task_ids)
    _refuse(link_errors, await _key_errors(connection, project_id, new_tasks))
    rows = [
        task.model_dump()
        | {"task_id": task_id, "project_id": project_id, "number": number}
        | {"progress_percentage": 100 if task.status == "completed" else 0}
        | {"depends_on": link.depends_on, "story_id": link.story_id, "ready": link.ready}
        for task, task_id, number, link in zip(new_tasks, task_ids, numbers, links, strict=True)
    ]
    await connection.execute(insert(tasks), rows)
    history = {"project_id": project_id, "after": first - 1, "actor": actor}
    await connection.execute(_RECORD, history)
    return task_ids


def _refuse(link_errors: Sequence[TaskError], key_errors: Sequence[TaskError]) -> None:
    errors = sorted([*link_errors, *key_errors], key=itemgetter("index"))
    if not errors:
        return
    examples = [f"task {error['index']}: {error['message']}" for error in errors[:_NAMED_IN_DETAIL]]
    more = len(errors) - len(examples)
    detail = f"nothing was created; {'; '.join(examples)}" + (f"; and {more} more" if more else "")
    raise (Invalid if link_errors else Conflict)(detail, errors=errors)


async def _key_errors(
    connection: AsyncConnection, project_id: str, new_tasks: Sequence[TaskCreate]
) -> list[TaskError]:
    keys = Counter(task.external_key for task in new_tasks if task.external_key is not None)
    rows = await connection.execute(
        select(tasks.c.external_key, tasks.c.task_id).where(
            tasks.c.project_id == project_id, tasks.c.external_key.in_(keys)
        )
    )
    stored = {key: f"external key {key} is taken by {task_id}" for key, task_id in rows}
    repeated = {key: f"external key {key} is named twice" for key, n in keys.items() if n > 1}
    reasons: dict[str | None, str] = repeated | stored
    return [
        {"index": index, "external_key": task.external_key, "message": reasons[task.external_key]}
        for index, task in enumerate(new_tasks)
        if task.external_key in reasons
    ]
