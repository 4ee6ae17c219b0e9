"""Counts of tasks by age in past windows of days, made in one statement."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from domain_services.backlog.planning_schema import CLASS_BORDERS, AgeWindow, TaskAges
from domain_services.kernel.database.database import Database

# Window n begins n * days before the day. Ages and ends are days before the day; tasks with equal
# ones are counted as one. Only the windows that a task was open at are expanded. Sums of int are
# bigint, those of bigint numeric, which take a quarter longer.
_FIRST_DAY = "CAST(:day AS date) - CAST(:windows AS int) * CAST(:days AS int)"
_COUNT = text(
    f"""
    WITH dates AS (
        SELECT coalesce(created_on, (created_at AT TIME ZONE 'UTC')::date) AS created,
               finished_on AS finished
        FROM tasks
        WHERE project_id = :project_id AND (status <> 'completed' OR finished_on >= {_FIRST_DAY})
        UNION ALL
        SELECT created_on, finished_on FROM past_tasks
        WHERE project_id = :project_id
          AND finished_on >= {_FIRST_DAY} AND NOT EXISTS (
            SELECT FROM tasks WHERE tasks.project_id = past_tasks.project_id
                                AND tasks.external_key = past_tasks.external_key)),
    ages AS (
        SELECT CAST(:day AS date) - created AS age, CAST(:day AS date) - finished AS ended,
               CAST(count(*) AS int) AS tasks
        FROM dates WHERE created <= :day GROUP BY 1, 2),
    ends AS (
        SELECT age, ended, tasks, (ended + :days - 1) / :days AS ended_in FROM ages),
    counts AS (
        SELECT number, width_bucket(age - number * :days, CAST(:borders AS int[])) AS class,
               sum(tasks) AS open,
               coalesce(sum(tasks) FILTER (WHERE ended >= 1 AND number = ended_in), 0) AS finished
        FROM ends, generate_series(greatest(1, coalesce(ended_in, 1)),
                                   least(:windows, (age - 1) / :days)) AS number
        GROUP BY 1, 2),
    arrivals AS (
        SELECT ended_in AS number, sum(tasks) AS arrived FROM ends
        WHERE ended >= 1 AND ended_in <= :windows AND (age + :days - 1) / :days = ended_in
        GROUP BY 1),
    open_now AS (
        SELECT width_bucket(age, CAST(:borders AS int[])) AS class, sum(tasks) AS open FROM ages
        WHERE ended IS NULL OR ended < 0 GROUP BY 1)
    SELECT EXISTS (SELECT FROM backlogs WHERE project_id = :project_id) AS known,
           (SELECT max(age) FROM ages) AS oldest,
           (SELECT json_agg(json_build_array(class, open)) FROM open_now) AS open_now,
           (SELECT json_agg(json_build_array(number, class, open, finished))
            FROM counts) AS counts,
           (SELECT json_agg(json_build_array(number, arrived)) FROM arrivals) AS arrivals
    """  # noqa: S608 - constants of this file
)


async def count(
    database: Database, project_id: str, day: date, *, days: int, windows: int
) -> tuple[TaskAges, bool]:
    """Count the tasks by age at a day and at the starts of the windows before it.

    Returns the counts, and whether the project has any task.
    """
    values = {
        "project_id": project_id,
        "day": day,
        "days": days,
        "windows": windows,
        "borders": list(CLASS_BORDERS),
    }
    (row,) = await database.rows(_COUNT, values)
    ages = TaskAges(
        project_id=project_id,
        day=day,
        days=days,
        class_borders=list(CLASS_BORDERS),
        open_tasks=_by_class(dict(row.open_now or ())),
        windows=_windows(row, day, days, windows),
    )
    return ages, row.known


def _by_class(counts: dict[int, int]) -> list[int]:
    return [counts.get(age_class, 0) for age_class in range(1, len(CLASS_BORDERS) + 1)]


def _windows(row: Any, day: date, days: int, windows: int) -> list[AgeWindow]:
    """Build the windows from the last one before the first creation on, oldest first."""
    # A window is known when it ends on the day of the first creation, or later.
    known = (row.oldest + days - 1) // days if row.oldest is not None else 0
    open_at_start: dict[int, dict[int, int]] = {}
    finished: dict[int, dict[int, int]] = {}
    for number, age_class, open_tasks, finished_tasks in row.counts or ():
        open_at_start.setdefault(number, {})[age_class] = open_tasks
        finished.setdefault(number, {})[age_class] = finished_tasks
    arrived: dict[int, int] = dict(row.arrivals or ())
    return [
        AgeWindow(
            start_date=day - timedelta(days=number * days),
            open=_by_class(open_at_start.get(number, {})),
            finished=_by_class(finished.get(number, {})),
            arrived=arrived.get(number, 0),
        )
        for number in range(min(windows, known), 0, -1)
    ]
