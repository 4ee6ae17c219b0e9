"""List of runs: one line for each, newest first, without their documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from memory.pool import Pool
from memory.run import Status

# The holds of a project are rows that are deleted when its work ends
# (docs/adr/0075-move-the-clock.md).
_PAGE: LiteralString = """
    SELECT run_id, project_id, status, coalesce((request ->> 'dry_run')::boolean, false) AS dry_run,
        started_at, decided_at, ended_at, tries, error ->> 'detail' AS reason,
        ARRAY(SELECT jsonb_array_elements_text(
            coalesce(response -> 'actions_taken', '[]'::jsonb))) AS actions_taken
    FROM runs
    WHERE (%(project_id)s::text IS NULL OR project_id = %(project_id)s)
        AND (%(status)s::text IS NULL OR status = %(status)s)
        AND (%(before)s::uuid IS NULL OR run_id < %(before)s)
    ORDER BY run_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list."""

    run_id: UUID
    """Id of the run; ids rise with the time of the start."""
    project_id: str
    """Id of the project."""
    status: Status
    """State of the run."""
    dry_run: bool
    """True when the request asked for no call."""
    started_at: datetime
    """Time of the start."""
    decided_at: datetime | None
    """None before the decision, and for a run that planned no call."""
    ended_at: datetime | None
    """None while the run is not finished."""
    tries: int
    """Failed tries to finish it; outages do not count."""
    reason: str | None
    """Why the run, or the last try to finish it, failed; None when neither did."""
    actions_taken: list[str]
    """Calls that it made, in words."""


async def read_page(
    pool: Pool,
    *,
    project_id: str | None = None,
    status: Status | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[RunLine]:
    """Read up to `limit` runs that match, newest first, from the one before `before` on."""
    values = {"project_id": project_id, "status": status, "before": before, "limit": limit}
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(RunLine)) as cursor,
    ):
        await cursor.execute(_PAGE, values)
        return await cursor.fetchall()
