"""Past decisions of a project: their impact and their audit trail."""

import asyncio

from agent.intelligence import impact
from agent.intelligence.reader import ProjectReader
from agent.intelligence.schema import DecisionAuditTrail, DecisionImpact
from memory.statistics import count_decisions


async def decision_impact(reader: ProjectReader, project_id: str) -> DecisionImpact:
    """Compare enhanced with rule-based decisions by outcome. Raises: `NotFound`."""
    _, outcomes, decisions = await asyncio.gather(
        reader.exists(project_id),
        reader.ended_decisions.read(project_id, simulated=True),
        count_decisions(reader.pool, project_id),
    )
    return impact.compare(project_id, outcomes, decisions)


async def decision_audit(reader: ProjectReader, project_id: str) -> DecisionAuditTrail:
    """List the newest decisions that the chronicle answers at once (1,000), oldest first.

    Raises: `NotFound`; `Unavailable` without the chronicle.
    """
    _, waiting = await asyncio.gather(
        reader.exists(project_id), reader.waiting_audits.waiting(project_id)
    )
    audits = await reader.audits(project_id)
    # An audit that was delivered between the two reads is in both: it is counted once.
    pending = len(waiting - {audit.audit_id for audit in audits})
    # The chain has no gaps, so its highest sequence counts the audits that are not listed too.
    recorded = max((audit.sequence for audit in audits), default=0)
    return DecisionAuditTrail(
        project_id=project_id,
        total=recorded + pending,
        pending=pending,
        truncated=recorded > len(audits),
        audits=audits,
    )
