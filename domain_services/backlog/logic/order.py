"""Product Owner's order of a backlog: the rank of its open tasks."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import creation
from domain_services.backlog.planning_schema import BacklogOrder
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Invalid

_NAMED_IN_DETAIL = 3
_FIND = text(
    """
    SELECT task_id, external_key, project_id, status FROM tasks
    WHERE task_id = ANY(CAST(:names AS text[]))
       OR (project_id = :project_id AND external_key = ANY(CAST(:names AS text[])))
    """
)
# Only tasks whose place changes are written. They are locked before what depends on them, as a
# completed task locks its dependents after itself: the two do not deadlock.
_STORE = text(
    """
    WITH ordered AS (
        SELECT * FROM unnest(CAST(:task_ids AS text[])) WITH ORDINALITY AS task (task_id, place)),
    places AS MATERIALIZED (
        SELECT tasks.task_id, ordered.place FROM tasks LEFT JOIN ordered USING (task_id)
        WHERE tasks.project_id = :project_id
          AND (tasks.order_number IS NOT NULL OR ordered.place IS NOT NULL)
          AND tasks.order_number IS DISTINCT FROM ordered.place
        ORDER BY tasks.ready DESC, tasks.task_id FOR NO KEY UPDATE OF tasks)
    UPDATE tasks SET order_number = places.place FROM places WHERE tasks.task_id = places.task_id
    """
)
_READ = text(
    """
    SELECT EXISTS (SELECT FROM backlogs WHERE project_id = :project_id) AS known,
           ARRAY(SELECT task_id FROM tasks WHERE project_id = :project_id AND rank IS NOT NULL
                 ORDER BY rank) AS task_ids
    """
)


async def replace(
    connection: AsyncConnection, project_id: str, names: Sequence[str]
) -> BacklogOrder:
    """Give the named tasks the ranks from 1, and take the rank of all others.

    Raises: `Invalid`, naming each task that cannot be ranked.
    """
    # The lock of the backlog: of two orders at once, the later one stands whole.
    await creation.count_up(connection, project_id, 0)
    tasks = await connection.execute(_FIND, {"project_id": project_id, "names": list(names)})
    rows = _by_name(tasks.all(), project_id)
    errors = [
        {"index": index, "task_id": name, "message": message}
        for index, name, message in _errors(names, rows, project_id)
    ]
    if errors:
        examples = [f"{error['task_id']} {error['message']}" for error in errors]
        more = len(errors) - _NAMED_IN_DETAIL
        detail = "; ".join(examples[:_NAMED_IN_DETAIL]) + (f"; and {more} more" if more > 0 else "")
        raise Invalid(f"the order stays as it was: {detail}", errors=errors)
    task_ids = [rows[name].task_id for name in names]
    await connection.execute(_STORE, {"project_id": project_id, "task_ids": task_ids})
    return BacklogOrder(project_id=project_id, task_ids=task_ids)


async def read(database: Database, project_id: str) -> tuple[BacklogOrder, bool]:
    """Read the ranked open tasks, and whether the project has any task."""
    (row,) = await database.rows(_READ, {"project_id": project_id})
    return BacklogOrder(project_id=project_id, task_ids=row.task_ids), row.known


def _by_name(rows: Sequence[Row[Any]], project_id: str) -> dict[str, Row[Any]]:
    """Return the tasks by every name; an id goes before an equal external key."""
    own = [row for row in rows if row.project_id == project_id]
    by_key = {row.external_key: row for row in own if row.external_key is not None}
    return by_key | {row.task_id: row for row in rows}


def _errors(
    names: Sequence[str], rows: Mapping[str, Row[Any]], project_id: str
) -> Iterator[tuple[int, str, str]]:
    """Find what cannot be ranked: its place in the request, its name and the reason."""
    places: dict[str, tuple[int, str]] = {}
    for index, name in enumerate(names):
        row = rows.get(name)
        if row is None:
            yield index, name, f"is no task of {project_id}: correct its name"
            continue
        first_index, first_name = places.setdefault(row.task_id, (index, name))
        if row.project_id != project_id:
            yield index, name, f"is a task of {row.project_id}: leave it out"
        elif row.status == "completed":
            yield index, name, "is completed: leave it out"
        elif first_index != index:
            same = "named twice" if first_name == name else f"the same task as {first_name}"
            yield index, name, f"is {same}: name it once"
