"""Undelivered audits: decisions whose audit the chronicle has not accepted yet."""

from typing import LiteralString
from uuid import UUID

from memory.pool import Pool

ROUTE: LiteralString = "/v1/notes/decision_audit"
"""The chronicle's route for audits, as `deliveries.route` holds it."""

_WAITING = """
    SELECT id FROM deliveries WHERE delivered_at IS NULL AND body ->> 'project_id' = %s
"""


class WaitingAudits:
    """Reader of undelivered audits; the delivery worker posts them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, project_id: str) -> set[UUID]:
        """Return the ids of the project's audits that are not known to be delivered."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_WAITING, (project_id,))).fetchall()
        return {row[0] for row in rows}
