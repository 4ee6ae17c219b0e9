"""One run that cannot be finished stops no other, and ends with a reason after stated tries."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from agent.jobs.cronjob_table import CronJobTable
from agent.runs import resumption
from memory import run_recovery
from memory.run_recovery import MAX_TRIES
from tests.agent.conftest import get, until
from tests.graphs.conftest import System


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    """Start services whose recovery looks often."""
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", lease_seconds=2)
    yield system


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the schedules of project BAD fail in a way that nobody listed, until it is undone."""
    create = CronJobTable.create

    async def faulty(self: CronJobTable, job: Any) -> Any:
        if job.project_id == "BAD":
            raise KeyError("timezone")
        return await create(self, job)

    monkeypatch.setattr(CronJobTable, "create", faulty)
    return lambda: monkeypatch.setattr(CronJobTable, "create", create)


async def change(system: System, statement: str, *values: Any) -> Any:
    url = system.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement, values)  # pyright: ignore[reportArgumentType, reportCallIssue] - the tests' own text
        return await cursor.fetchall() if cursor.description else None


async def end_lease(system: System, run_id: str) -> None:
    """Leave a run as a process does that was killed after its decision was stored."""
    await change(
        system,
        "UPDATE runs SET status = 'decided', ended_at = NULL, response = NULL,"
        " decision = coalesce(decision, '{}'), lease_until = now() - interval '1 s'"
        " WHERE run_id = %s",
        run_id,
    )


async def wait_for_status(system: System, url: str, *statuses: str) -> Any:
    async def reached() -> Any:
        run = await get(system, url)
        return run if run["status"] in statuses else None

    return await until(reached)


async def test_unexpected_error_of_one_run_stops_no_other(started: System, fault: Any) -> None:
    await started.make_project("BAD", 3)
    await started.make_project("GOOD", 3)
    good = (await started.orchestrate("GOOD")).json()
    refused = await started.orchestrate("BAD")
    assert (refused.status_code, refused.json()["code"]) == (500, "run_failing")
    assert "KeyError" in refused.json()["detail"]
    await change(started, "DELETE FROM episode_journal")
    await end_lease(started, good["run_id"])
    await wait_for_status(started, good["run_url"], "done")
    bad = await get(started, refused.json()["run_url"])
    assert (bad["status"], bad["error"]["kind"]) == ("decided", "KeyError")
    fault()
    done = await wait_for_status(started, refused.json()["run_url"], "done", "failed")
    assert (done["status"], done["error"]) == ("done", None)
    assert done["answer"]["created"]["cronjob"]["sprint_id"] == "BAD-S01"


async def test_run_ends_as_failed_after_its_last_try_and_tells_what_it_did(
    started: System, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_recovery, "FIRST_PAUSE_SECONDS", 0.01)
    await started.make_project("BAD", 3)
    refused = await started.orchestrate("BAD")
    run = await wait_for_status(started, refused.json()["run_url"], "failed", "done")
    assert (run["status"], run["tries"], run["error"]["kind"]) == ("failed", MAX_TRIES, "KeyError")
    created, failed = run["answer"]["actions_taken"]
    assert created == "Created sprint BAD-S01 with 3 tasks"
    assert failed.endswith("failed, KeyError: 'timezone'")
    # The outcome of the sprint will reach the decision, and the chronicle has its audit.
    remembered = "SELECT sprint_id FROM episodes WHERE episode_id = %s"

    async def episode() -> Any:
        return await change(started, remembered, run["run_id"])

    assert await until(episode) == [("BAD-S01",)]
    audits = f"{started.urls['chronicle']}/v1/notes/decision_audit?project_id=BAD"

    async def audited() -> Any:
        answer = await started.http.get(audits)
        return answer.json() if answer.status_code == 200 else None

    assert (await until(audited))[0]["run_id"] == run["run_id"]
    listed = (await get(started, "/runs?status=failed"))["runs"]
    assert [line["run_id"] for line in listed] == [run["run_id"]]
    shown = (await get(started, "/health/ready"))["attention"]
    assert "1 run was given up after deciding; list them: dsm runs --status failed" in shown
    fault()
    assert (await started.orchestrate("BAD")).status_code == 200


@pytest.mark.parametrize("loss", ["state", "readable state"])
async def test_decided_run_that_no_try_can_resume_is_ended(
    started: System, loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_recovery, "FIRST_PAUSE_SECONDS", 0.01)
    await started.make_project("BAD", 3)
    run = (await started.orchestrate("BAD")).json()
    if loss == "state":
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            await change(started, f"DELETE FROM {table} WHERE thread_id = %s", run["run_id"])
    else:
        await change(
            started, "UPDATE checkpoint_blobs SET blob = '\\x7b7d' WHERE type LIKE 'dsm.%%'"
        )
    await change(started, "DELETE FROM episode_journal")
    await end_lease(started, run["run_id"])
    ended = await wait_for_status(started, run["run_url"], "failed")
    assert ended["error"]["detail"]
    assert (await started.orchestrate("BAD")).status_code == 200


async def test_lease_is_renewed_while_a_run_acts(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    create, proceed = CronJobTable.create, asyncio.Event()

    async def slow(self: CronJobTable, job: Any) -> Any:
        await proceed.wait()
        return await create(self, job)

    monkeypatch.setattr(CronJobTable, "create", slow)
    await started.make_project("SLOW", 3)
    acting = asyncio.create_task(started.orchestrate("SLOW"))
    renewed = "SELECT 1 FROM runs WHERE lease_until > decided_at + make_interval(secs => 4)"

    async def lease_was_renewed() -> Any:
        return await change(started, renewed)

    await until(lease_was_renewed)
    proceed.set()
    assert (await acting).status_code == 200
    # No recovery has taken the run: a new holder would have a higher token.
    assert await change(started, "SELECT token FROM runs") == [(1,)]
