"""Recovery of runs: leases, runs whose process died, and tries that failed.

A decided run whose lease has ended is claimed and resumed by any process. A failed try ends the
lease after a pause that doubles with each try.
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from memory.pool import Pool
from memory.run import ROW, LeaseLost, Run, RunError

AT_ONCE = 20
# After 2, 4, 8 and 16 seconds: within a minute a run is done or has failed.
MAX_TRIES = 5
FIRST_PAUSE_SECONDS = 2.0
GIVEN_UP_DAYS = 30  # that a run without a successor is reported
# Longer than any statement of a start may still run in a server that was not waited for.
HUNG_UP_SECONDS = 60.0

_ABANDON: LiteralString = """
    UPDATE runs SET status = 'abandoned', ended_at = now(), token = token + 1
    WHERE status = 'running' AND (lease_until < now() OR run_id = ANY(%s))
"""
# The runs of a paused project rest: the guard would refuse each call anew every few seconds.
_CLAIM: LiteralString = f"""
    UPDATE runs SET token = token + 1, lease_until = now() + make_interval(secs => lease_seconds)
    WHERE run_id IN (
        SELECT run_id FROM runs WHERE status = 'decided' AND lease_until < now()
            AND NOT EXISTS (SELECT FROM pauses WHERE ended_at IS NULL
                AND (pauses.project_id IS NULL OR pauses.project_id = runs.project_id))
        ORDER BY lease_until LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING {ROW}
"""
# Not earlier: who claims it next must see a lease that has ended.
_GIVE_BACK = """
    UPDATE runs SET lease_until = least(lease_until, now())
    FROM unnest(%(ids)s::uuid[], %(tokens)s::bigint[]) AS held (id, held_token)
    WHERE run_id = held.id AND token = held.held_token AND status = 'decided'
"""
_RENEW = """
    UPDATE runs SET lease_until = now() + make_interval(secs => lease_seconds)
    WHERE run_id = %(id)s AND token = %(token)s AND status IN ('running', 'decided')
"""
_POSTPONE = """
    UPDATE runs SET lease_until = now() + make_interval(secs => %(pause)s), error = %(error)s
    WHERE run_id = %(id)s AND token = %(token)s AND status = 'decided'
"""
_COUNT_FAILURE = """
    UPDATE runs SET tries = tries + 1, error = %(error)s,
        lease_until = now() + make_interval(secs => %(first)s * 2 ^ tries)
    WHERE run_id = %(id)s AND token = %(token)s AND status = 'decided' RETURNING tries
"""
_GIVEN_UP = """
    SELECT run_id, project_id, coalesce(error ->> 'detail', '') FROM runs AS failed
    WHERE status = 'failed' AND decided_at IS NOT NULL
        AND ended_at > now() - make_interval(days => %s)
        AND NOT EXISTS (SELECT FROM runs AS newer
            WHERE newer.project_id = failed.project_id AND newer.run_id > failed.run_id
            AND newer.status IN ('done', 'undone'))
    ORDER BY run_id DESC LIMIT %s
"""


@dataclass
class HungUpStarts:
    """Ids of runs that this process has left: its store was away at their start, or at their end.

    Such a run may be stored as running, and nobody works on it.
    """

    _since: dict[UUID, float] = field(default_factory=dict[UUID, float])

    def add(self, run_id: UUID) -> None:
        """Note a run that nobody here works on."""
        self._since[run_id] = time.monotonic()

    @property
    def ids(self) -> list[UUID]:
        """Return the ids whose run may be stored still."""
        oldest = time.monotonic() - HUNG_UP_SECONDS
        self._since = {run_id: since for run_id, since in self._since.items() if since > oldest}
        return list(self._since)


class RunRecovery:
    """Claims runs to resume, renews leases, and counts failed tries."""

    def __init__(self, pool: Pool, hung_up: HungUpStarts) -> None:
        self._pool = pool
        self._hung_up = hung_up

    async def due(self) -> list[Run]:
        """Claim decided runs whose lease has ended, and abandon undecided ones.

        Runs of a paused project are left until the pause has ended.
        """
        async with self._pool.connection() as connection:
            await connection.execute(_ABANDON, (self._hung_up.ids,))
            async with connection.cursor(binary=True, row_factory=class_row(Run)) as cursor:
                await cursor.execute(_CLAIM, (AT_ONCE,))
                return await cursor.fetchall()

    async def give_back(self, runs: Sequence[Run]) -> None:
        """End the leases of decided runs, so that another process resumes them at once."""
        values = {"ids": [run.run_id for run in runs], "tokens": [run.token for run in runs]}
        async with self._pool.connection() as connection:
            await connection.execute(_GIVE_BACK, values)

    async def renew(self, run: Run) -> bool:
        """Begin the lease of a run again; False when this process no longer holds it."""
        values = {"id": run.run_id, "token": run.token}
        async with self._pool.connection() as connection:
            return (await connection.execute(_RENEW, values)).rowcount == 1

    async def postpone(self, run: Run, error: RunError, seconds: float) -> None:
        """Leave a decided run to the recovery after a pause; an outage is no failed try."""
        values = {"id": run.run_id, "token": run.token, "error": Jsonb(error), "pause": seconds}
        async with self._pool.connection() as connection:
            await connection.execute(_POSTPONE, values)

    async def count_failure(self, run: Run, error: RunError) -> int:
        """Store a failed try, leave the run to the recovery, and return the number of tries.

        Raises: `LeaseLost`.
        """
        values = {
            "id": run.run_id,
            "token": run.token,
            "error": Jsonb(error),
            "first": FIRST_PAUSE_SECONDS,
        }
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_COUNT_FAILURE, values)).fetchone()
        if row is None:
            raise LeaseLost(run.run_id)
        return int(row[0])

    async def given_up(self, limit: int) -> list[tuple[UUID, str, str]]:
        """Return runs that failed after their decision: id, project and reason, newest first.

        A newer run of the project that is done ends the report, and so do `GIVEN_UP_DAYS`.
        """
        async with self._pool.connection() as connection:
            values = (GIVEN_UP_DAYS, limit)
            return await (await connection.execute(_GIVEN_UP, values)).fetchall()
