"""Autonomy and pauses are stored with their audits, or not at all."""

from datetime import UTC, datetime

import psycopg
import pytest
from uuid_utils.compat import uuid7

from agent.autonomy.autonomies import ProjectAutonomies
from domain_services.chronicle.schema import DecisionAuditCreate
from memory.autonomy import Autonomies, Pauses
from tests.memory.conftest import Memory


def make_audit() -> DecisionAuditCreate:
    audit_id = uuid7()
    return DecisionAuditCreate(
        audit_id=audit_id,
        project_id="ALPHA",
        decision_source="rule_based_only",
        decision={"kind": "deed"},
        actor="lena",
        run_id=str(audit_id),
        timestamp=datetime(2026, 3, 2, tzinfo=UTC),
    )


async def refuse_audits(memory: Memory) -> None:
    """Let the second statement of a change fail, as at a crash between the two."""
    async with memory.pool.connection() as connection:
        await connection.execute("ALTER TABLE deliveries ADD CHECK (false) NOT VALID")


async def test_autonomy_without_its_audit_is_not_stored(memory: Memory) -> None:
    autonomies = Autonomies(memory.pool)
    await refuse_audits(memory)
    with pytest.raises(psycopg.errors.CheckViolation):
        await autonomies.change("ALPHA", "approve", [], "lena", 0, make_audit())
    assert await autonomies.history("ALPHA") == []


async def test_pause_and_its_end_without_their_audits_are_not_stored(memory: Memory) -> None:
    pauses = Pauses(memory.pool)
    await pauses.pause("BETA", None, "lena", make_audit())
    await refuse_audits(memory)
    with pytest.raises(psycopg.errors.CheckViolation):
        await pauses.pause("ALPHA", None, "lena", make_audit())
    with pytest.raises(psycopg.errors.CheckViolation):
        await pauses.end("BETA", "lena", make_audit())
    assert [pause["project_id"] for pause in await pauses.in_force()] == ["BETA"]


async def test_levels_of_projects_are_counted_by_their_newest_version(memory: Memory) -> None:
    autonomies = Autonomies(memory.pool)
    assert await autonomies.levels() == {}
    await autonomies.change("ALPHA", "act", [], "lena", 0)
    await autonomies.change("ALPHA", "observe", [], "lena", 1)
    await autonomies.change("BETA", "observe", [], "lena", 0)
    await autonomies.change("GAMMA", "approve", [], "lena", 0)
    assert await autonomies.levels() == {"observe": 2, "approve": 1}
    short = await ProjectAutonomies(autonomies, "act").in_short()
    assert short == (
        "2 projects only observe, 1 project asks a person first, the others act (DSM_AUTONOMY)"
    )
