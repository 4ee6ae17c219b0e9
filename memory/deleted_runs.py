"""Deleted runs, counted by project for the check of the audits."""

from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import LiteralString
from uuid import UUID

from memory.pool import Pool

# Part of the statement that deletes runs: `gone` holds them. In one order, or two processes that
# delete at once could wait for each other.
COUNT: LiteralString = """
    INSERT INTO deleted_runs AS sums (project_id, runs, audited, audit_sum)
    SELECT project_id, count(*), count(response), coalesce(sum(
        CAST(CAST('x' || left(encode(sha256(uuid_send(run_id)), 'hex'), 15) AS bit(60)) AS bigint))
        FILTER (WHERE response IS NOT NULL), 0)
    FROM gone GROUP BY project_id ORDER BY project_id
    ON CONFLICT (project_id) DO UPDATE SET runs = sums.runs + excluded.runs,
        audited = sums.audited + excluded.audited,
        audit_sum = sums.audit_sum + excluded.audit_sum
"""
_READ = "SELECT runs, audited, audit_sum FROM deleted_runs WHERE project_id = %s"


@dataclass(frozen=True, slots=True)
class DeletedRuns:
    """Remainder of the deleted runs of one project."""

    runs: int
    """All of them."""
    audited: int
    """Those that owed an audit to the chronicle."""
    audit_sum: Decimal
    """Sum of `summand` over the ids of those."""


async def deleted_runs(pool: Pool, project_id: str) -> DeletedRuns:
    """Return the remainder of a project's deleted runs; zeros when none was deleted."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_READ, (project_id,))).fetchone()
    return DeletedRuns(*row) if row else DeletedRuns(0, 0, Decimal(0))


def summand(run_id: UUID) -> int:
    """Return the number that an audited run adds to `audit_sum`: 60 bits of its id's SHA-256."""
    # A sum does not depend on the order of deletion, and shows any id that was exchanged.
    return int.from_bytes(sha256(run_id.bytes).digest()[:8]) >> 4
