"""Dates of tasks that were finished before the backlog was kept here."""

from collections import Counter
from collections.abc import Sequence

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import creation
from domain_services.backlog.planning_schema import PastTask
from domain_services.kernel.errors import Invalid

_NAMED_IN_DETAIL = 3
_DELETE = text("DELETE FROM past_tasks WHERE project_id = :project_id")
_INSERT = text(
    """
    INSERT INTO past_tasks (project_id, external_key, created_on, finished_on)
    SELECT :project_id, external_key, created_on, finished_on
    FROM jsonb_to_recordset(CAST(:tasks AS jsonb))
         AS past(external_key text, created_on date, finished_on date)
    """
)


async def replace(
    connection: AsyncConnection, project_id: str, past_tasks: Sequence[PastTask]
) -> None:
    """Replace the past tasks of a project. Raises: `Invalid`, naming each impossible one."""
    _check(past_tasks)
    # The lock of the backlog: of two replacements at once, one is stored whole.
    await creation.count_up(connection, project_id, 0)
    await connection.execute(_DELETE, {"project_id": project_id})
    rows = [task.model_dump() for task in past_tasks]
    values = {"project_id": project_id, "tasks": orjson.dumps(rows).decode()}
    await connection.execute(_INSERT, values)


def _check(past_tasks: Sequence[PastTask]) -> None:
    counts = Counter(task.external_key for task in past_tasks)
    errors = [
        {"index": index, "external_key": task.external_key, "message": message}
        for index, task in enumerate(past_tasks)
        if (message := _error(task, counts[task.external_key])) is not None
    ]
    if errors:
        examples = [f"task {error['index']}: {error['message']}" for error in errors]
        more = len(errors) - _NAMED_IN_DETAIL
        detail = "; ".join(examples[:_NAMED_IN_DETAIL]) + (f"; and {more} more" if more > 0 else "")
        raise Invalid(f"nothing was stored; {detail}", errors=errors)


def _error(task: PastTask, count: int) -> str | None:
    if count > 1:
        return f"external key {task.external_key} is named {count} times: name it once"
    if task.finished_on < task.created_on:
        return f"{task.external_key} is finished before it is created: correct its days"
    return None
