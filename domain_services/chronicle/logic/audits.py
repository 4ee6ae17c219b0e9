"""Audits of decisions: append-only, chained by hash within a project.

The chain of a project begins with 32 zero bytes; each link is the SHA-256 of the link before it
followed by the record's canonical JSON, which is PostgreSQL's text of a jsonb value in UTF-8. The
record holds the time of recording as `$recorded_at`. Records from before chronicle_0009 do not: the
digest of their times is in the chain's row, and in the record of the first audit after them as
`$old_times`. The database links what is inserted, and keeps the length and the head of each chain.
A chain whose front was cut off goes on from the hash in the newest signed head.
"""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import orjson
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import cut_heads
from domain_services.chronicle.logic.cut_heads import Cuts
from domain_services.chronicle.models import decision_audits
from domain_services.chronicle.schema import (
    AuditIdentity,
    ChainVerification,
    DecisionAudit,
    DecisionAuditCreate,
    ProjectChain,
)
from domain_services.kernel.database.database import slow_statements
from domain_services.kernel.errors import Conflict, Invalid, NotFound

GENESIS = bytes(32)
# Chains of years take longer than other statements may.
VERIFY_SECONDS = 60

# The database links what is inserted, so that a role which may only insert cannot forge a link
# (docs/adr/0029-append-only-audits.md).
_APPEND = text(
    """
    INSERT INTO decision_audits (record) VALUES (CAST(:record AS jsonb))
    ON CONFLICT (audit_id) DO NOTHING RETURNING sequence
    """
)
_SAME = text(
    """
    SELECT record - CAST(:chained AS text[]) = CAST(:record AS jsonb)
    FROM decision_audits WHERE audit_id = :audit_id
    UNION ALL
    SELECT content = audit_content(CAST(:record AS jsonb))
    FROM cut_decisions WHERE audit_id = :audit_id
    """
)
# Fields that the database adds to a record, beside those that the caller sent.
CHAINED_FIELDS = ["$recorded_at", "$old_times"]
# The chain is verified in the database: sending every record of years to the service would take
# longer than hashing it.
VERIFY = text(
    """
    WITH cuts AS (
        SELECT DISTINCT ON (project_id) project_id, sequence AS cut_up_to,
               decode(CAST(head AS jsonb) ->> 'hash', 'hex') AS cut_hash,
               decode(CAST(head AS jsonb) ->> 'old_times', 'hex') AS old_times
        FROM decision_cuts
        WHERE CAST(:project_id AS text) IS NULL OR project_id = :project_id
        ORDER BY project_id, sequence DESC),
    links AS (
        SELECT project_id, sequence, audit_id, prev_hash, hash,
               coalesce(lag(hash) OVER chain, cut_hash, :genesis) AS link_before,
               coalesce(cut_up_to, 0) + row_number() OVER chain AS place,
               lead(sequence) OVER chain IS NULL AS is_last,
               hash = sha256(prev_hash || convert_to(CAST(record AS text), 'UTF8')) AS is_whole,
               made_at = CAST(record ->> 'timestamp' AS timestamptz) AS is_timed,
               recorded_at = CAST(record ->> '$recorded_at' AS timestamptz) AS is_dated,
               record ->> '$old_times' AS old_times
        FROM decision_audits LEFT JOIN cuts USING (project_id)
        WHERE CAST(:project_id AS text) IS NULL OR project_id = :project_id
        WINDOW chain AS (PARTITION BY project_id ORDER BY sequence)),
    chains AS (
        SELECT * FROM decision_chains
        WHERE CAST(:project_id AS text) IS NULL OR project_id = :project_id),
    -- Audits whose records hold no time of recording.
    old AS (
        SELECT project_id, min(sequence) AS sequence, max(sequence) AS up_to
        FROM links WHERE is_dated IS NULL GROUP BY project_id),
    sealed AS (
        SELECT DISTINCT ON (project_id) project_id, decode(old_times, 'hex') AS old_times
        FROM links WHERE old_times IS NOT NULL ORDER BY project_id, sequence),
    judged AS (
        SELECT l.project_id, l.sequence, l.audit_id, CASE
            WHEN l.sequence <> l.place THEN 'audits before it are missing'
            WHEN l.prev_hash <> l.link_before THEN 'it does not continue the audit before it'
            WHEN NOT l.is_whole THEN 'its content was changed'
            WHEN NOT l.is_timed THEN 'its time was changed'
            WHEN NOT l.is_dated THEN 'its time of recording was changed'
            WHEN l.is_last AND (c.head, c.length) IS DISTINCT FROM (l.hash, l.sequence)
                THEN 'audits after it are missing, or the end of the chain was changed'
            END AS problem, 1 AS counts
        FROM links l LEFT JOIN chains c ON c.project_id = l.project_id
        UNION ALL
        SELECT project_id, 0, NULL, 'no audit is left', 0
        FROM (SELECT project_id FROM chains WHERE length > 0
              UNION SELECT project_id FROM cuts) AS c
        WHERE NOT EXISTS (SELECT FROM links l WHERE l.project_id = c.project_id)
        UNION ALL
        SELECT old.project_id, l.sequence, l.audit_id,
               'a time of recording was changed, of it or of an audit up to number ' || old.up_to,
               0
        FROM old JOIN links l USING (project_id, sequence)
        LEFT JOIN sealed ON sealed.project_id = old.project_id
        LEFT JOIN chains c ON c.project_id = old.project_id
        LEFT JOIN cuts ON cuts.project_id = old.project_id
        WHERE CASE WHEN cuts.project_id IS NULL THEN coalesce(sealed.old_times, c.old_times)
                   ELSE cuts.old_times END
              IS DISTINCT FROM old_times_of(old.project_id)),
    first AS (
        SELECT DISTINCT ON (project_id) * FROM judged WHERE problem IS NOT NULL
        ORDER BY project_id, sequence),
    counted AS (
        SELECT project_id, sum(counts) AS records FROM judged GROUP BY project_id)
    SELECT project_id, records, first.problem IS NULL AS verified, first.audit_id AS first_broken,
           nullif(first.sequence, 0) AS first_broken_sequence, first.problem,
           encode(chains.head, 'hex') AS head
    FROM counted LEFT JOIN first USING (project_id) LEFT JOIN chains USING (project_id)
    ORDER BY project_id
    """
)
_IDENTITIES: LiteralString = """
    SELECT audit_id, project_id, decision_source, actor, run_id, encode(content, 'hex') AS content
    FROM (SELECT audit_id, project_id, decision_source, record ->> 'actor' AS actor,
                 record ->> 'run_id' AS run_id, audit_content(record) AS content
          FROM decision_audits
          UNION ALL
          SELECT audit_id, project_id, decision_source, actor, run_id, content
          FROM cut_decisions) AS identities
    WHERE audit_id > :after AND audit_id <= :up_to
"""
_PAGE = " ORDER BY audit_id LIMIT :limit"
# A head that was noted elsewhere is the only proof against an owner who rewrites the whole chain.
_NOTED = text(
    """
    SELECT EXISTS (SELECT FROM decision_audits
                   WHERE project_id = :project_id AND hash = decode(:head, 'hex'))
        OR EXISTS (SELECT FROM cut_decisions
                   WHERE project_id = :project_id AND hash = decode(:head, 'hex'))
    """
)


async def append(connection: AsyncConnection, audit: DecisionAuditCreate) -> UUID:
    """Add an audit to its project's chain once, and return its id.

    The chain is locked until the caller's transaction ends.
    Raises: `Conflict` when another audit has the id.
    """
    record = orjson.dumps(audit.model_dump(mode="json")).decode()
    if await connection.scalar(_APPEND, {"record": record}) is None:
        same = {"record": record, "audit_id": audit.audit_id, "chained": CHAINED_FIELDS}
        if not await connection.scalar(_SAME, same):
            raise Conflict(
                f"another audit has the id {audit.audit_id}: audits do not change, send a new id",
                audit_id=str(audit.audit_id),
            )
    return audit.audit_id


async def find(
    connection: AsyncConnection, project_id: str | None, sprint_id: str | None, limit: int
) -> list[DecisionAudit]:
    """Find the newest audits that match, oldest first. Raises: `NotFound` for none."""
    statement = select(decision_audits)
    if project_id is not None:
        statement = statement.where(decision_audits.c.project_id == project_id)
    if sprint_id is not None:
        statement = statement.where(decision_audits.c.sprint_id == sprint_id)
    newest = statement.order_by(
        decision_audits.c.made_at.desc(), decision_audits.c.sequence.desc()
    ).limit(limit)
    rows = (await connection.execute(newest)).all()
    if not rows:
        raise NotFound("no such decision audit is recorded: check the project and the sprint")
    return [_audit(row) for row in reversed(rows)]


async def verify(
    connection: AsyncConnection,
    project_id: str | None,
    noted_head: str | None = None,
    *,
    keys: Sequence[bytes] = (),
) -> ChainVerification:
    """Recompute every link of one project's chain, or of all, and compare.

    `noted_head` (hex), the head of the project's chain at some earlier time, must still be in it.
    `keys` are those that cuts may be signed by; a cut does not hold without.
    Raises: `Invalid` for a `noted_head` without a project.
    """
    async with slow_statements(connection, VERIFY_SECONDS):
        cuts = await cut_heads.read(connection, project_id, keys)
        rows = await connection.execute(VERIFY, {"project_id": project_id, "genesis": GENESIS})
    chains = [_chain(row, cuts.get(row.project_id, Cuts())) for row in rows]
    noted_head_found = None
    if noted_head is not None:
        if project_id is None:
            raise Invalid("a noted head is one project's: name the project too")
        head = {"project_id": project_id, "head": noted_head}
        noted_head_found = bool(await connection.scalar(_NOTED, head))
    broken = [chain for chain in chains if not chain.verified]
    return ChainVerification(
        verified=not broken and noted_head_found is not False,
        records=sum(chain.records for chain in chains),
        first_broken=broken[0].first_broken if broken else None,
        noted_head_found=noted_head_found,
        chains=chains,
    )


def _chain(row: Row[Any], cuts: Cuts) -> ProjectChain:
    chain = ProjectChain.model_validate(row, from_attributes=True)
    if cuts.problem is None:
        return chain.model_copy(update={"cuts": cuts.heads})
    # A cut is before every audit that is left.
    nothing = {"first_broken": None, "first_broken_sequence": None}
    problem = {"verified": False, "problem": cuts.problem, "cuts": cuts.heads}
    return chain.model_copy(update=nothing | problem)


async def identities(
    connection: AsyncConnection,
    project_id: str | None,
    after: UUID | None,
    up_to: UUID | None,
    limit: int,
) -> list[AuditIdentity]:
    """List the audits of a project, None for all, by their ids beyond `after` and to `up_to`."""
    of_project = "" if project_id is None else " AND project_id = :project_id"
    values = {
        "project_id": project_id,
        "after": after or UUID(int=0),
        "up_to": up_to or UUID(int=2**128 - 1),
        "limit": limit,
    }
    statement = text(_IDENTITIES + of_project + _PAGE)
    rows = await connection.execute(statement, values)
    return [AuditIdentity.model_validate(row, from_attributes=True) for row in rows]


def _audit(row: Row[Any]) -> DecisionAudit:
    return DecisionAudit(
        **row.record,
        effect=row.full_effect,
        sequence=row.sequence,
        prev_hash=row.prev_hash.hex(),
        hash=row.hash.hex(),
        recorded_at=row.recorded_at,
    )
