"""Audits that runs owe to the chronicle: those on the way, and all that it must hold."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.messaging import deliveries
from memory.pool import Connection, Pool

ROUTE: LiteralString = "/v1/notes/decision_audit"
"""The chronicle's route for audits, as `deliveries.route` holds it."""

# The same audit enqueued again changes nothing.
_ENQUEUE = """
    INSERT INTO deliveries (id, route, body) VALUES (%s, %s, %s) ON CONFLICT (id) DO NOTHING
"""
_WAITING = """
    SELECT id FROM deliveries WHERE delivered_at IS NULL AND body ->> 'project_id' = %s
"""
# A delivery that is set aside is not delivered either: its audit is on the way.
_RUNS: LiteralString = """
    SELECT a.run_id, a.project_id, a.decision_source, encode(a.content, 'hex') AS content,
           EXISTS (SELECT FROM deliveries d WHERE d.id = a.run_id AND d.delivered_at IS NULL)
               AS is_waiting
    FROM audited_runs a
"""
# Written apart, so that each has an index in the order of its answer.
_PAGE = _RUNS + "WHERE a.run_id > %(after)s ORDER BY a.run_id LIMIT %(limit)s"
_PAGE_OF_PROJECT = (
    _RUNS
    + "WHERE a.project_id = %(project_id)s AND a.run_id > %(after)s"
    + " ORDER BY a.run_id LIMIT %(limit)s"
)
_KNOWN = _RUNS + "WHERE a.run_id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class AuditedRun:
    """Run, or deed of a person, whose audit the chronicle must hold."""

    run_id: UUID
    """Id of the audit, which is the run's; a deed has one of its own."""
    project_id: str
    """Project that was decided about."""
    decision_source: str | None
    """Rule alone, or rule and evidence; None as `content`."""
    content: str | None
    """Digest of the audit, hex; None for a run of an early release, which may have none."""
    is_waiting: bool
    """True while the audit is not known to be delivered."""


async def enqueue(connection: Connection, audit: DecisionAuditCreate) -> None:
    """Store an audit for the delivery worker; it exists when the caller's transaction commits."""
    body = Jsonb(deliveries.body_of(audit))
    await connection.execute(_ENQUEUE, (audit.audit_id, ROUTE, body))


class AuditedRuns:
    """Reader of the runs with an audit, whose rows outlive the runs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def page(self, project_id: str | None, after: UUID, limit: int) -> list[AuditedRun]:
        """Return up to `limit` runs of a project, None for all, by their ids beyond `after`."""
        query = _PAGE if project_id is None else _PAGE_OF_PROJECT
        values = {"project_id": project_id, "after": after, "limit": limit}
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(AuditedRun)) as cursor,
        ):
            return await (await cursor.execute(query, values)).fetchall()

    async def known(self, run_ids: Collection[UUID]) -> dict[UUID, AuditedRun]:
        """Return those of the runs that are known, of any project."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(AuditedRun)) as cursor,
        ):
            rows = await (await cursor.execute(_KNOWN, (list(run_ids),))).fetchall()
        return {run.run_id: run for run in rows}


class WaitingAudits:
    """Reader of undelivered audits; the delivery worker posts them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def waiting(self, project_id: str) -> set[UUID]:
        """Return the ids of the project's audits that are not known to be delivered."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_WAITING, (project_id,))).fetchall()
        return {row[0] for row in rows}
