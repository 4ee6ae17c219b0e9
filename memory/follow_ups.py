"""Follow-up runs: the run that begins the next sprint after one was closed.

A follow-up is stored in the transaction that finishes the closing run. It is due when the outcome
of the closed sprint has arrived, and without one after `WAIT_SECONDS`.
See docs/adr/0085-follow-up-run.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from domain_services.kernel.database.set_aside import pause_seconds
from memory.pool import Pool

# An outcome that has not arrived in this time is not waited for any longer.
WAIT_SECONDS = 600
# The tasks that the sprint released reach the backlog by an event of their own.
QUIET_SECONDS = 5
# A process that dies in a follow-up leaves it to another after this.
CLAIM_SECONDS = 120
# A refused follow-up is tried again after this: another run is unfinished, or a peer is away.
PAUSE_SECONDS = 10
AT_ONCE = 20

# Part of the statement that finishes a run: `ended` holds the run when it ended now.
INSERT: LiteralString = """
    INSERT INTO follow_up_runs AS waiting (project_id, run_id, sprint_id, due_at)
    SELECT project_id, run_id, %(closed_sprint)s::text,
           now() + make_interval(secs => %(follow_up_seconds)s)
    FROM ended
    WHERE %(closed_sprint)s::text IS NOT NULL AND EXISTS (
        SELECT 1 FROM cronjobs WHERE cronjobs.project_id = ended.project_id
        AND kind = 'orchestrate' AND suspended_at IS NULL)
    ON CONFLICT (project_id) DO UPDATE SET run_id = excluded.run_id,
        sprint_id = excluded.sprint_id, created_at = now(), due_at = excluded.due_at,
        claimed_until = NULL, tries = 0, error = NULL, set_aside_at = NULL
"""
_CLAIM = """
    UPDATE follow_up_runs SET claimed_until = now() + make_interval(secs => %(claim)s)
    WHERE project_id IN (
        SELECT project_id FROM follow_up_runs AS waiting
        WHERE (claimed_until IS NULL OR claimed_until < now()) AND set_aside_at IS NULL
            AND (due_at <= now()
            OR (created_at <= now() - make_interval(secs => %(quiet)s) AND EXISTS (
                SELECT 1 FROM sprint_outcomes
                WHERE sprint_outcomes.sprint_id = waiting.sprint_id)))
        ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
    RETURNING project_id, run_id, sprint_id, created_at, tries
"""
# Set aside, its claim never ends: releases before this column leave it alone too.
_FAILED = """
    UPDATE follow_up_runs SET tries = %(tries)s, error = %(error)s,
        claimed_until = CASE WHEN %(is_last)s THEN 'infinity'::timestamptz
            ELSE now() + make_interval(secs => %(pause)s) END,
        set_aside_at = CASE WHEN %(is_last)s THEN now() END
    WHERE project_id = %(project_id)s AND run_id = %(run_id)s
"""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A run that a project waits for."""

    project_id: str
    """The project."""
    run_id: UUID
    """Run that closed the sprint."""
    sprint_id: str
    """The closed sprint."""
    created_at: datetime
    """Moment at which the run was finished."""
    tries: int = 0
    """Tries that failed by an unforeseen error."""


class FollowUps:
    """Waiting follow-ups in the agent's database."""

    def __init__(self, pool: Pool, *, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._pool = pool
        self._quiet_seconds = quiet_seconds

    async def claim_due(self) -> list[FollowUp]:
        """Claim the follow-ups that are due."""
        values = {"claim": CLAIM_SECONDS, "quiet": self._quiet_seconds, "limit": AT_ONCE}
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(FollowUp)) as cursor,
        ):
            await cursor.execute(_CLAIM, values)
            return await cursor.fetchall()

    async def finish(self, follow_up: FollowUp) -> None:
        """Delete a follow-up; one of a newer run stays."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM follow_up_runs WHERE project_id = %s AND run_id = %s",
                (follow_up.project_id, follow_up.run_id),
            )

    async def postpone(self, follow_up: FollowUp) -> None:
        """Try a follow-up again after a pause."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE follow_up_runs SET claimed_until = now() + make_interval(secs => %s)"
                " WHERE project_id = %s AND run_id = %s",
                (PAUSE_SECONDS, follow_up.project_id, follow_up.run_id),
            )

    async def record_failure(self, follow_up: FollowUp, error: str, tries: int) -> bool:
        """Store an unforeseen error; True when it was the try number `tries`, the last one."""
        number = follow_up.tries + 1
        values = {
            "project_id": follow_up.project_id,
            "run_id": follow_up.run_id,
            "tries": number,
            "error": error,
            "pause": max(pause_seconds(number), PAUSE_SECONDS),
            "is_last": number >= tries,
        }
        async with self._pool.connection() as connection:
            await connection.execute(_FAILED, values)
        return number >= tries

    async def give_back(self, claimed: list[FollowUp]) -> None:
        """End the claims of follow-ups that are not finished, for another process."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE follow_up_runs SET claimed_until = NULL"
                " WHERE run_id = ANY(%s) AND set_aside_at IS NULL",
                ([follow_up.run_id for follow_up in claimed],),
            )

    async def of_projects(self, project_ids: list[str]) -> set[str]:
        """Return those of the projects that wait for a follow-up."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT project_id FROM follow_up_runs WHERE project_id = ANY(%s)", (project_ids,)
            )
            return {row[0] for row in await cursor.fetchall()}
