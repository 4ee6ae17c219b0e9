"""Audits owed to the chronicle: written in the run's last transaction, gone when it has them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from memory.pool import Pool

LEASE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30

# Claimed by moving the next try: who dies while posting leaves the audit to the next round.
_CLAIM = """
    UPDATE owed_audits SET attempts = attempts + 1, next_try = now() + make_interval(secs => %s)
    WHERE audit_id IN (SELECT audit_id FROM owed_audits WHERE next_try <= now()
                       ORDER BY next_try, audit_id LIMIT %s FOR UPDATE SKIP LOCKED)
    RETURNING audit_id, project_id, audit, attempts
"""
_DELIVERED = "DELETE FROM owed_audits WHERE audit_id = %s"
_POSTPONE = """
    UPDATE owed_audits
    SET next_try = now() + make_interval(secs => least(2 ^ least(attempts, 10), %s))
    WHERE audit_id = %s
"""
_WAITING = "SELECT audit_id FROM owed_audits WHERE project_id = %s"


@dataclass(frozen=True, slots=True)
class OwedAudit:
    """`audit` is the body of the chronicle's request; `attempts` counts this one too."""

    audit_id: UUID
    project_id: str
    audit: dict[str, Any]
    attempts: int


class OwedAudits:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, limit: int) -> list[OwedAudit]:
        """What is due, in the order it was decided; nobody else gets it for `LEASE_SECONDS`."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(OwedAudit)) as cursor,
        ):
            await cursor.execute(_CLAIM, (LEASE_SECONDS, limit))
            return sorted(await cursor.fetchall(), key=lambda owed: owed.audit_id)

    async def delivered(self, audit_id: UUID) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(_DELIVERED, (audit_id,))

    async def postpone(self, audit_id: UUID) -> None:
        """Try again later, twice as late each time up to `LONGEST_PAUSE_SECONDS`."""
        async with self._pool.connection() as connection:
            await connection.execute(_POSTPONE, (LONGEST_PAUSE_SECONDS, audit_id))

    async def waiting(self, project_id: str) -> set[UUID]:
        """The project's audits that are not known to be delivered."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_WAITING, (project_id,))).fetchall()
        return {row[0] for row in rows}
