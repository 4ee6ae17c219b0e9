"""A step whose arguments no service takes is refused in words; a wrong answer is no refusal."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from domain_services.kernel.errors import Unavailable
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintCreated
from graphs.nodes.act import CallFailed, make_calls
from memory.decision import PlannedCall
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.waiting import answer, details, schedules, sprints, start_asking, wait_for_person
from tools.guard import Guard
from tools.sprint import sprint_writes
from tools.tool import Function, acting_tool

CREATION: dict[str, Any] = {
    "project_id": "P1",
    "duration_weeks": 2,
    "task_ids": ["P1-TASK001"],
    "start_date": "2026-03-02",
}


async def may_call() -> None:
    """Let every call pass."""


def guard_of(*functions: Function) -> Guard:
    return Guard([acting_tool(function) for function in functions], "run", may_call)


def creation(**changes: Any) -> PlannedCall:
    arguments = CREATION | changes
    return PlannedCall(name="create_sprint", arguments=arguments, description="Create a sprint")


async def sprint_guard(peer: Callable[[httpx.Request], httpx.Response]) -> Guard:
    http = httpx.AsyncClient(transport=httpx.MockTransport(peer), timeout=1)
    return guard_of(*sprint_writes(SprintClient(http, "http://sprint")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start_date": "9999-12-31"}, "start_date: Input should be less than"),
        ({"task_ids": []}, "task_ids: Value should have at least 1 item"),
        ({"duration_weeks": 9}, "duration_weeks: Input should be less than"),
        ({"weeks": 2}, "weeks: Extra inputs are not permitted"),
    ],
)
async def test_arguments_that_no_service_takes_are_a_refusal(
    changes: dict[str, Any], words: str
) -> None:
    def peer(request: httpx.Request) -> httpx.Response:
        raise AssertionError(f"{request.method} {request.url} was sent")

    guard = await sprint_guard(peer)
    actions = await make_calls(guard, [creation(**changes), creation()])
    assert actions.made == ()
    [refused] = actions.refused
    assert refused.startswith("Create a sprint: refused, create_sprint was not called: ")
    assert words in refused


async def test_nonsense_from_a_peer_is_an_outage_and_no_refusal() -> None:
    guard = await sprint_guard(lambda _: httpx.Response(200, json={"no": "sprint"}))
    with pytest.raises(Unavailable, match="an answer that cannot be read"):
        await make_calls(guard, [creation()])


async def test_answer_that_a_tool_cannot_read_is_an_unexpected_failure() -> None:
    async def create_sprint(
        project_id: str,
        duration_weeks: int,
        task_ids: list[str],
        start_date: str,
        idempotency_key: str,
    ) -> Any:
        """Start a sprint."""
        return SprintCreated.model_validate({"project_id": project_id})

    with pytest.raises(CallFailed) as failure:
        await make_calls(guard_of(create_sprint), [creation()])
    assert isinstance(failure.value.__cause__, ValidationError)


async def test_run_with_a_refused_step_is_done_and_says_so(system: System) -> None:
    await start_asking(system)
    run = await wait_for_person(system, "P1")
    # As a plan that somebody changed in the store.
    await change(
        system,
        "UPDATE runs SET decision = jsonb_set(decision, '{plan,0,arguments,start_date}',"
        " '\"9999-12-31\"') WHERE run_id = %s",
        run["run_id"],
    )
    answered = await answer(system, run)
    assert answered.status_code == 200, answered.text
    [refused] = answered.json()["actions_taken"]
    assert "create_sprint was not called: start_date" in refused
    shown = await details(system, run)
    assert (shown["status"], shown["tries"]) == ("done", 0)
    assert await sprints(system, "P1") == []
    assert await schedules(system, "P1") == []
