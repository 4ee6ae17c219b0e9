"""A plan that was approved is made by one holder, which keeps its lease or gives it back."""

import asyncio
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from agent.decision_schema import RunDecision
from agent.runs import leaving, resumption
from memory.run import LeaseLost
from tests.agent.conftest import until
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change, wait_for_status
from tests.graphs.test_pauses import END, PAUSE
from tests.graphs.undoing import P, ask, undone
from tests.graphs.waiting import ALL, JSON, answer, approvals, details, schedules, sprints
from tools.guard import Guard

NEVER = 3600.0  # seconds between two searches of the recovery


@dataclass
class SlowRun:
    """A run whose call is being made, until it may go on."""

    system: System
    request: JSON
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def approve(self) -> Any:
        """Approve the run as its route does it."""
        services = self.system.apps["orchestrator"].state.services
        body = RunDecision.model_validate(
            {
                "fingerprint": self.request["approval"]["fingerprint"],
                "decisions": approvals(self.request),
            }
        )
        return await services.decisions.decide(UUID(self.request["run_id"]), body, "lena")

    async def column(self, expression: str) -> Any:
        statement = f"SELECT {expression} FROM runs WHERE run_id = %s"
        [[value]] = await change(self.system, statement, self.request["run_id"])
        return value


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> System:
    """Start services whose recovery does not look, with a project that has a sprint."""
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", NEVER)
    await system.start(*ALL[:-1])
    await system.start("orchestrator", lease_seconds=2)
    await system.make_project(P, 4)
    return system


@pytest.fixture
async def slow_run(started: System, monkeypatch: pytest.MonkeyPatch) -> SlowRun:
    await started.orchestrate(P)
    [job] = await schedules(started, P)
    arguments = {"project_id": P, "name": job["name"]}
    body = {"project_id": P, "name": "suspend_cronjob", "arguments": arguments}
    request = (await started.post("orchestrator", "/runs/requests", body)).json()
    slow_run, call = SlowRun(started, request), Guard.call

    async def holding(self: Guard, step: int, planned: Any) -> Any:
        slow_run.begun.set()
        await slow_run.go_on.wait()
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", holding)
    return slow_run


async def test_lease_is_renewed_while_a_call_takes_long(slow_run: SlowRun) -> None:
    async with asyncio.TaskGroup() as tasks:
        approving = tasks.create_task(slow_run.approve())
        await slow_run.begun.wait()
        lease = await slow_run.column("lease_until")

        async def is_renewed() -> bool:
            return await slow_run.column("lease_until") > lease

        await until(is_renewed)
        slow_run.go_on.set()
    assert approving.result().status == "done"


async def test_lease_is_given_back_by_a_process_that_stops(slow_run: SlowRun) -> None:
    approving = asyncio.create_task(slow_run.approve())
    await slow_run.begun.wait()
    approving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await approving
    assert await slow_run.column("status") == "decided"
    assert await slow_run.column("lease_until <= now()")


async def test_run_that_another_process_took_over_is_ended_by_that_one(slow_run: SlowRun) -> None:
    approving = asyncio.create_task(slow_run.approve())
    await slow_run.begun.wait()
    await change(
        slow_run.system,
        "UPDATE runs SET token = token + 1 WHERE run_id = %s",
        slow_run.request["run_id"],
    )
    slow_run.go_on.set()
    with pytest.raises(LeaseLost):
        await approving
    run = await details(slow_run.system, slow_run.request)
    assert (run["status"], run["tries"], run["error"]) == ("decided", 0, None)


async def test_undo_that_is_given_up_says_what_it_had_taken_back(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = (await started.orchestrate(P)).json()
    request = (await ask(started, run)).json()
    call = Guard.call

    async def failing(self: Guard, step: int, planned: Any) -> Any:
        if planned.name == "cancel_sprint":
            raise KeyError("sprint_id")
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", failing)
    monkeypatch.setattr(leaving, "MAX_TRIES", 1)
    refused = await answer(started, request)
    assert (refused.status_code, refused.json()["code"]) == (500, "run_failing")
    failed = await wait_for_status(started, request["run_url"], "failed")
    deletion, reason = failed["answer"]["actions_taken"]
    assert deletion.startswith("Deleted CronJob")
    assert "KeyError" in reason
    original = await details(started, run)
    assert (original["status"], original["undone_by"]) == ("done", request["run_id"])
    monkeypatch.setattr(Guard, "call", call)
    assert (await undone(started, run))["undone"]


async def test_pause_between_two_calls_of_an_undo_holds_the_second_until_it_ends(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start(*ALL)
    await system.make_project(P, 4)
    run = (await system.orchestrate(P)).json()
    request = (await ask(system, run)).json()
    call, paused = Guard.call, False

    async def pausing(self: Guard, step: int, planned: Any) -> Any:
        nonlocal paused
        result = await call(self, step, planned)
        if not paused:
            paused = True
            await change(system, PAUSE, P)
        return result

    monkeypatch.setattr(Guard, "call", pausing)
    refused = await answer(system, request)
    assert (refused.status_code, refused.json()["code"]) == (503, "paused")
    assert (await details(system, request))["status"] == "decided"
    [sprint] = await sprints(system, P)
    assert sprint["status"] == "in_progress"
    await change(system, END)
    assert (await wait_for_status(system, request["run_url"], "done"))["answer"]["undone"]
