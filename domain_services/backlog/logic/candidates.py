"""Free tasks in full planning order, with the facts that decide whether one is planned."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import text

from domain_services.backlog.schema import TaskStatus
from domain_services.kernel.database.database import Database

_FREE: TaskStatus = "unassigned"
# What a task waits for is looked up after the limit: for the candidates alone.
_SELECT = text(
    """
    WITH free AS (
        SELECT task_id, title, external_key, rank, carried_over, ready, depends_on, priority,
               estimate, number, version, assigned_to, begun, source_sprint, in_source_sprint,
               coalesce(created_on, (created_at AT TIME ZONE 'UTC')::date) AS created_on
        FROM tasks
        WHERE project_id = :project_id AND status = :free AND sprint_id IS NULL
          AND (CAST(:task_ids AS text[]) IS NULL OR task_id = ANY(CAST(:task_ids AS text[])))),
    aged AS (
        SELECT *, greatest(0, CAST(:day AS date) - created_on) AS age_days FROM free),
    candidates AS MATERIALIZED (
        SELECT * FROM aged
        ORDER BY in_source_sprint DESC, rank, carried_over DESC, ready DESC, priority,
                 width_bucket(age_days, CAST(:borders AS int[])), created_on, number
        LIMIT :limit)
    SELECT EXISTS (SELECT FROM backlogs WHERE project_id = :project_id) AS known,
           (SELECT coalesce(json_agg(candidate), '[]')::text FROM (
                SELECT task_id, title, external_key, rank, carried_over, ready,
                       ARRAY(SELECT needed.task_id FROM tasks AS needed
                             WHERE NOT candidates.ready AND needed.status <> 'completed'
                               AND needed.task_id = ANY(candidates.depends_on)
                             ORDER BY needed.task_id) AS waits_for,
                       priority, estimate, created_on, age_days, version, assigned_to, begun,
                       source_sprint
                FROM candidates) AS candidate) AS body
    """
)


async def list_free(
    database: Database,
    project_id: str,
    day: date,
    *,
    limit: int,
    class_borders: Sequence[int] = (),
    task_ids: Sequence[str] | None = None,
) -> tuple[str, bool]:
    """Read free tasks as a JSON array of `Candidate`s, those to plan first in front.

    Returns the array, and whether the project has any task.
    """
    values = {
        "project_id": project_id,
        "day": day,
        "free": _FREE,
        "limit": limit,
        # Without borders every age is in one class.
        "borders": list(class_borders) or [0],
        "task_ids": None if task_ids is None else list(task_ids),
    }
    (row,) = await database.rows(_SELECT, values)
    return row.body, row.known
