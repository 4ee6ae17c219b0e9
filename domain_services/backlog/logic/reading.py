"""Reads of tasks, built as JSON in SQL: the database writes the body of the answer."""

from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import TaskStatus
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import NotFound

MAX_PAGE = 10_000

_FIELDS = """
    task_id, project_id, title, description, status, sprint_id, assigned_to, progress_percentage,
    priority, type, labels, estimate, external_key, depends_on, ready, rank, carried_over,
    story_id, begun, started_on, source_sprint, version, created_on, finished_on, created_at,
    updated_at
"""
# Tasks of a running sprint of the source first, then ranked ones, begun work, ready tasks, the
# highest priority, the oldest (unknown age last), and as they were created: the index
# `tasks_in_planning_order`, so that no list is sorted.
_ORDER = "in_source_sprint DESC, rank, carried_over DESC, ready DESC, priority, created_on, number"
_GET = text(
    f"""
    SELECT version, row_to_json(task)::text AS body
    FROM (SELECT {_FIELDS} FROM tasks WHERE task_id = :task_id) AS task
    """  # noqa: S608 - constants of this file
)
_FILTER = """
    project_id = :project_id
    AND (CAST(:status AS text) IS NULL OR status = :status)
    AND (CAST(:assigned_to AS text) IS NULL OR assigned_to = :assigned_to)
    AND (CAST(:ready AS boolean) IS NULL OR ready = :ready)
    AND (CAST(:story_id AS text) IS NULL OR story_id = :story_id)
"""


def _list(condition: str, order: str) -> TextClause:
    return text(
        f"""
        SELECT (SELECT count(*) FROM tasks WHERE {_FILTER}) AS total,
               EXISTS (SELECT FROM backlogs WHERE project_id = :project_id) AS known,
               (SELECT coalesce(json_agg(task), '[]')::text
                FROM (SELECT {_FIELDS} FROM tasks WHERE {_FILTER} {condition}
                      ORDER BY {order} LIMIT :limit OFFSET :offset) AS task) AS body
        """  # noqa: S608 - constants of this file
    )


_LIST = _list("", _ORDER)
# In the order of creation, which no change of a task moves: a reader of all pages misses none.
_AFTER = _list(
    """
    AND number > CASE WHEN :after = '' THEN 0 ELSE (
        SELECT number FROM tasks WHERE task_id = :after AND project_id = :project_id) END
    """,
    "number",
)
_HISTORY = text(
    """
    SELECT (SELECT coalesce(json_agg(change), '[]')::text
            FROM (SELECT at, actor, from_status, to_status, progress AS progress_percentage
                  FROM task_history WHERE task_id = :task_id
                  ORDER BY id LIMIT :limit OFFSET :offset) AS change) AS body
    FROM tasks WHERE task_id = :task_id
    """
)
_OF_SPRINT = text(
    f"""
    SELECT json_build_object('sprint_id', CAST(:sprint_id AS text),
                             'tasks', coalesce(json_agg(task), '[]'))::text
    FROM (SELECT {_FIELDS} FROM tasks
          WHERE project_id = :project_id AND sprint_id = :sprint_id ORDER BY {_ORDER}) AS task
    """  # noqa: S608 - constants of this file
)


@dataclass(frozen=True)
class Page:
    """Page of a project's tasks."""

    body: str
    """JSON array of tasks."""
    total: int
    """Number of tasks that match, on all pages."""
    known: bool
    """Whether the project has any task at all."""


async def get(database: Database, task_id: str) -> tuple[str, int]:
    """Read a task as JSON, and its version. Raises: `NotFound`."""
    rows = await database.rows(_GET, {"task_id": task_id})
    if not rows:
        raise unknown(task_id)
    (row,) = rows
    return row.body, row.version


def unknown(task_id: str) -> NotFound:
    """Make the error of a task that does not exist."""
    return NotFound(f"there is no task {task_id}", task_id=task_id)


async def history(connection: AsyncConnection, task_id: str, *, limit: int, offset: int) -> str:
    """Read a task's `TaskChange`s as a JSON array, oldest first. Raises: `NotFound`."""
    values = {"task_id": task_id, "limit": limit, "offset": offset}
    row = (await connection.execute(_HISTORY, values)).first()
    if row is None:
        raise unknown(task_id)
    return row.body


async def list_page(
    database: Database,
    project_id: str,
    *,
    status: TaskStatus | None = None,
    assigned_to: str | None = None,
    ready: bool | None = None,
    story_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Page:
    """Read tasks of a project in planning order; at most `MAX_PAGE` of them.

    With the id of a task as `after`, those created after it in the order of their creation; ""
    begins with the first, and nothing comes after a task that the project does not have.
    """
    (row,) = await database.rows(
        _LIST if after is None else _AFTER,
        {
            "project_id": project_id,
            "status": status,
            "assigned_to": assigned_to,
            "ready": ready,
            "story_id": story_id,
            **({} if after is None else {"after": after}),
            "limit": MAX_PAGE if limit is None else limit,
            "offset": offset,
        },
    )
    return Page(row.body, row.total, row.known)


async def of_sprint(connection: AsyncConnection, project_id: str, sprint_id: str) -> str:
    """Read the tasks that a sprint holds as the JSON of a `Reservation`, in planning order."""
    values = {"project_id": project_id, "sprint_id": sprint_id}
    return (await connection.execute(_OF_SPRINT, values)).scalar_one()
