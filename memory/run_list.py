"""List of runs: one line for each, newest first, without their documents."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from memory.pool import Pool
from memory.run import RunKind, Status
from memory.run_summary import RunSummary

CLOCK_SECONDS = 600.0  # between the clocks of a process and of the database, at most

# The holds of a project are rows that are deleted when its work ends
# (docs/adr/0075-move-the-clock.md).
_PAGE: LiteralString = """
    SELECT run_id, project_id, kind, status,
        coalesce((request ->> 'dry_run')::boolean, false) AS dry_run,
        started_at, decided_at, ended_at, expires_at, reviewed_by, undone_by, tries,
        error ->> 'detail' AS reason,
        ARRAY(SELECT jsonb_array_elements_text(
            coalesce(response -> 'actions_taken', '[]'::jsonb))) AS actions_taken
    FROM runs
    WHERE (%(project_id)s::text IS NULL OR project_id = %(project_id)s)
        AND (%(statuses)s::text[] IS NULL OR status = ANY(%(statuses)s))
        AND (%(kind)s::text IS NULL OR kind = %(kind)s)
        AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
        AND run_id >= %(first)s
        AND (%(before)s::uuid IS NULL OR run_id < %(before)s)
    ORDER BY run_id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Runs of a list; None: any."""

    project_id: str | None = None
    """Id of the project."""
    statuses: Collection[Status] | None = None
    """States, one of which the run has."""
    kind: RunKind | None = None
    """Kind of the run."""
    since: datetime | None = None
    """First moment of the start."""
    until: datetime | None = None
    """Moment before which the run started."""


async def read_page(
    pool: Pool, runs: RunFilter = RunFilter(), *, before: UUID | None = None, limit: int
) -> list[RunSummary]:
    """Read up to `limit` runs that match, newest first, from the one before `before` on.

    A run that begins meanwhile changes no later page.
    """
    values = {
        "project_id": runs.project_id,
        "statuses": list(runs.statuses) if runs.statuses else None,
        "kind": runs.kind,
        "since": runs.since,
        "until": runs.until,
        "first": _first_id(runs.since),
        "before": before,
        "limit": limit,
    }
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(RunSummary)) as cursor,
    ):
        await cursor.execute(_PAGE, values)
        return await cursor.fetchall()


def _first_id(since: datetime | None) -> UUID:
    """Return an id below those of all runs that started at `since` or later."""
    # The ids begin with their time (UUIDv7), so that the search ends there. The clocks of processes
    # and database differ a little.
    if since is None:
        return UUID(int=0)
    milliseconds = int((since.timestamp() - CLOCK_SECONDS) * 1000)
    return UUID(int=max(milliseconds, 0) << 80)
