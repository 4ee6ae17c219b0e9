"""Deeds of people are in the chain and in no count; unapproved and edited decisions are apart."""

from datetime import date
from typing import Any

import psycopg

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.database import migrate
from tests.services.chronicle.history import audit, retrospective

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
APPROVED: dict[str, Any] = {"kind": "deed", "deed": "approved", "by": "lena"}
# The column as chronicle_0005 made it.
BEFORE_DEEDS = """
    ALTER TABLE decision_audits ALTER COLUMN effect SET EXPRESSION AS (
        CASE WHEN record #>> '{decision,effect}' IN ('acted', 'dry_run', 'shadow')
                 THEN record #>> '{decision,effect}'
             WHEN record #>> '{decision,decision_mode}' = 'shadow' THEN 'shadow'
             WHEN record #>> '{decision,dry_run}' = 'true' THEN 'dry_run'
             ELSE 'acted' END);
    UPDATE alembic_version SET version_num = 'chronicle_0012'
"""


def decided(effect: str) -> dict[str, Any]:
    return {"create_new_sprint": True, "effect": effect}


async def record_all(chronicle: ChronicleClient) -> None:
    """Record a decision of each effect about a sprint of its own, and a deed about the first."""
    effects = ("acted", "edited", "not_approved", "dry_run", "shadow")
    for number, effect in enumerate(effects, start=1):
        await chronicle.create_decision_audit(audit("P1", number, decision=decided(effect)))
    await chronicle.create_decision_audit(audit("P1", 1, decision=APPROVED, actor="lena"))
    for number in (1, 2):
        await chronicle.create_sprint_retrospective(retrospective("P1", number, 8, 2))


async def test_only_decisions_that_acted_as_they_were_made_are_compared(
    chronicle: ChronicleClient,
) -> None:
    await record_all(chronicle)
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.total_decisions_analyzed, impact.rule_based_outcomes) == (1, 1)
    assert (impact.not_approved_decisions, impact.edited_decisions) == (1, 1)
    assert (impact.dry_runs, impact.shadow_decisions) == (1, 1)
    assert [detail.sprint_id for detail in impact.details] == ["P1-S01"]


async def test_list_of_audits_tells_deeds_and_effects_apart(chronicle: ChronicleClient) -> None:
    await record_all(chronicle)
    audits = await chronicle.list_decision_audits("P1")
    assert [recorded.effect for recorded in audits] == [
        "acted",
        "edited",
        "not_approved",
        "dry_run",
        "shadow",
        "deed",
    ]
    assert (await chronicle.verify_decision_audits("P1")).verified


async def test_release_before_reads_effects_that_it_knows(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    await record_all(chronicle)
    with psycopg.connect(chronicle_database.replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT full_effect, effect FROM decision_audits").fetchall()
    assert dict(rows) == {
        "acted": "acted",
        "edited": "acted",
        "not_approved": "shadow",
        "dry_run": "dry_run",
        "shadow": "shadow",
        "deed": "shadow",
    }


async def test_edited_decision_of_a_cancelled_sprint_counts_as_cancelled(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    await chronicle.create_decision_audit(audit("P1", 1, decision=decided("edited")))
    with psycopg.connect(chronicle_database.replace("+psycopg", "")) as connection:
        connection.execute(
            "INSERT INTO cancelled_sprints (sprint_id, id, project_id, cancelled_at)"
            " VALUES ('P1-S01', uuidv7(), 'P1', now())"
        )
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.edited_decisions, impact.cancelled_decisions) == (0, 1)


async def test_sprint_that_only_a_deed_names_is_no_recorded_sprint(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_decision_audit(audit("P1", 7, decision=APPROVED))
    assert (await chronicle.metrics_summary()).total_sprints == 0


async def test_effects_of_records_from_before_are_derived_again(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    await record_all(chronicle)
    before = await chronicle.verify_decision_audits("P1")
    with psycopg.connect(chronicle_database.replace("+psycopg", "")) as connection:
        connection.execute(BEFORE_DEEDS)
    migrate.upgrade(chronicle_database, "domain_services.chronicle")
    effects = [recorded.effect for recorded in await chronicle.list_decision_audits("P1")]
    assert effects == ["acted", "edited", "not_approved", "dry_run", "shadow", "deed"]
    assert await chronicle.verify_decision_audits("P1") == before
