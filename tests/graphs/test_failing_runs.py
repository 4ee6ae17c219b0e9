"""One run that cannot be finished stops no other, and ends with a reason after stated tries."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from agent.jobs.cronjob_table import CronJobTable
from agent.runs import leaving, resumption
from agent.runs.orchestrator import Orchestrator
from graphs.nodes.act import CallFailed
from memory import run_recovery
from memory.decision import PlannedCall
from memory.run import LeaseLost
from memory.run_recovery import MAX_TRIES
from memory.runs import RunTable
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


async def test_caller_gets_the_first_error_of_a_run_that_cannot_be_ended(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(self: RunTable, run_id: UUID, *_: Any) -> None:
        raise LeaseLost(run_id)

    await started.make_project("P1", 1)
    await started.stop("backlog")
    monkeypatch.setattr(RunTable, "fail", lost)
    refused = await started.orchestrate("P1")
    assert refused.status_code == 503
    assert "backlog" in refused.json()["detail"]


async def test_reason_that_cannot_be_stored_hides_no_error(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def faulty(*_: Any) -> None:
        raise ValueError("a \x00 in a text" + "!" * 5000)

    await started.make_project("P1", 1)
    monkeypatch.setattr(Orchestrator, "_read", faulty)
    failed = await started.orchestrate("P1")
    assert (failed.status_code, failed.json()["code"]) == (500, "internal_error")
    [run] = (await get(started, "/runs?status=failed"))["runs"]
    assert run["reason"].startswith("a  in a text!")
    assert len(run["reason"]) == leaving.MOST_CHARACTERS


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (psycopg.errors.ReadOnlySqlTransaction("read-only"), True),
        (psycopg.errors.AdminShutdown("restart"), True),
        (psycopg.errors.StatementTooComplex("its own"), False),
        (KeyError("timezone"), False),
    ],
)
def test_store_in_trouble_counts_no_try(error: Exception, is_outage: bool) -> None:
    assert leaving._is_outage(error) is is_outage  # pyright: ignore[reportPrivateUsage]
    assert leaving._is_outage(called(error)) is is_outage  # pyright: ignore[reportPrivateUsage]


def called(error: Exception) -> CallFailed:
    """Return the failure of a call that met `error`."""
    planned = PlannedCall(name="create_sprint", arguments={}, description="a call")
    failure = CallFailed(planned, [], error)
    failure.__cause__ = error
    return failure


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


async def test_run_that_its_process_could_not_end_holds_its_project_no_longer(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail = RunTable.fail

    async def without_store(*_: Any) -> None:
        raise psycopg.OperationalError("the server has gone away")

    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 3600)
    monkeypatch.setattr(RunTable, "fail", without_store)
    assert (await started.orchestrate("NOBODY")).status_code == 404
    monkeypatch.setattr(RunTable, "fail", fail)
    again = await started.orchestrate("NOBODY")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
