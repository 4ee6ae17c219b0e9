"""Deeds of people are in the chain of audits, and are no decisions."""

from uuid import UUID

import psycopg

from graphs.deeds import build_deed_audit
from memory.audits import enqueue
from memory.pool import open_pool
from memory.runs import RunTable
from tests.agent.conftest import get, until
from tests.agent.test_decision_effects import TRAIL, impacts
from tests.graphs.conftest import System

VERIFICATION = "/orchestrate/audits/verification?project_id=DEED"


async def approve(system: System, run_id: str, *, commit: bool = True) -> None:
    """Store the audit of an approval, in a transaction that commits or not."""
    async with open_pool(system.databases["orchestrator"]) as pool:
        run = await RunTable(pool).get(UUID(run_id))
        assert run is not None
        deed = build_deed_audit(run, "approved", "lena", reason="as agreed", fingerprint="f1")
        async with pool.connection() as connection, connection.transaction() as transaction:
            await enqueue(connection, deed)
            if not commit:
                raise psycopg.Rollback(transaction)


async def test_deed_is_audited_and_counted_by_nobody(whole: System) -> None:
    await whole.make_project("DEED", 3)
    run = (await whole.orchestrate("DEED")).json()

    async def recorded() -> bool:
        return not (await get(whole, TRAIL + "DEED"))["pending"]

    async def decided() -> bool:
        counts = await impacts(whole, "DEED")
        return set(counts.values()) == {(1, 0, 0)}

    await until(recorded)
    await until(decided)
    await approve(whole, run["run_id"])
    await approve(whole, run["run_id"], commit=False)

    async def audited() -> bool:
        trail = await get(whole, TRAIL + "DEED")
        return trail["total"] == 2 and not trail["pending"]

    await until(audited)
    decision, deed = (await get(whole, TRAIL + "DEED"))["audits"]
    assert (decision["effect"], deed["effect"]) == ("acted", "deed")
    assert (deed["actor"], deed["run_id"]) == ("lena", run["run_id"])
    assert deed["audit_id"] != run["run_id"]
    assert deed["decision"]["reason"] == "as agreed"
    assert await decided()


async def test_deeds_verify_and_a_changed_or_missing_one_does_not(whole: System) -> None:
    await whole.make_project("DEED", 3)
    run = (await whole.orchestrate("DEED")).json()
    await approve(whole, run["run_id"])

    async def audited() -> bool:
        [project] = (await get(whole, VERIFICATION))["projects"]
        return project["compared"] == 2

    await until(audited)
    assert (await get(whole, VERIFICATION))["verified"]
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE audited_runs SET content = '\\x00' WHERE run_id <> %s", (run["run_id"],)
        )
    [project] = (await get(whole, VERIFICATION))["projects"]
    assert project["differing_count"] == 1
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM audited_runs WHERE run_id <> %s", (run["run_id"],))
    [project] = (await get(whole, VERIFICATION))["projects"]
    assert project["forged_count"] == 1
