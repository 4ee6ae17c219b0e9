"""A call that is asked for again with its key is answered by its run, whatever became of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent.plan_schema import CallRequest, PlanOutcome
from tests.graphs.conftest import System
from tests.graphs.waiting import ALL, answer, schedules, sprints
from tools.guard import Guard

P = "KEYED"
Ask = Callable[[], Awaitable[PlanOutcome]]


@pytest.fixture
async def started(system: System) -> System:
    await system.start(*ALL)
    await system.make_project(P, 4)
    await system.orchestrate(P)
    return system


def asking(system: System, name: str, arguments: dict[str, Any]) -> Ask:
    """Return the request for one call, as the tools of a model make it."""
    services = system.apps["orchestrator"].state.services
    request = CallRequest(project_id=P, name=name, arguments=arguments)

    async def ask() -> PlanOutcome:
        return await services.asking.call(request, "lena", "thread:call-1")

    return ask


async def suspending(system: System) -> Ask:
    [job] = await schedules(system, P)
    return asking(system, "suspend_cronjob", {"project_id": P, "name": job["name"]})


async def test_rejected_call_is_not_asked_for_again(started: System) -> None:
    ask = await suspending(started)
    first = await ask()
    steps = [{"step": 0, "type": "reject", "reason": "no"}]
    await answer(started, first.model_dump(mode="json"), steps)
    again = await ask()
    assert (again.run_id, again.status, again.approval) == (first.run_id, "rejected", None)


async def test_call_that_was_made_is_answered_by_its_run_though_it_would_be_refused_now(
    started: System,
) -> None:
    [sprint] = await sprints(started, P)
    ask = asking(started, "close_sprint", {"sprint_id": sprint["sprint_id"]})
    first = await ask()
    assert (await answer(started, first.model_dump(mode="json"))).json()["status"] == "done"
    again = await ask()
    assert (again.run_id, again.status) == (first.run_id, "done")
    assert again.actions_taken[0].startswith("Closed sprint")


async def test_call_that_was_taken_back_says_so(started: System) -> None:
    ask = await suspending(started)
    first = await ask()
    await answer(started, first.model_dump(mode="json"))
    undo = (await started.post("orchestrator", f"{first.run_url}/undo")).json()
    assert (await answer(started, undo)).json()["undone"]
    again = await ask()
    assert (again.run_id, again.status) == (first.run_id, "undone")


async def test_call_that_is_being_made_says_so(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, call = asyncio.Event(), asyncio.Event(), Guard.call

    async def waiting_call(self: Guard, step: int, planned: Any) -> Any:
        begun.set()
        await go_on.wait()
        return await call(self, step, planned)

    monkeypatch.setattr(Guard, "call", waiting_call)
    ask = await suspending(started)
    first = await ask()
    async with asyncio.TaskGroup() as tasks:
        approving = tasks.create_task(answer(started, first.model_dump(mode="json")))
        async with asyncio.timeout(20):
            await begun.wait()
        again = await ask()
        go_on.set()
    assert (again.run_id, again.status, again.actions_taken) == (first.run_id, "decided", [])
    assert [planned.name for planned in again.actions_planned] == ["suspend_cronjob"]
    assert approving.result().json()["status"] == "done"
