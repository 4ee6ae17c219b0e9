"""A model's write asks a person, and whatever goes wrong is an answer."""

import json
from typing import Any

import pytest

from domain_services.kernel.errors import Conflict, Unavailable
from memory.decision import PlannedCall
from tools.answers import MOST_CHARACTERS, bounded, measure
from tools.for_models import for_model
from tools.loop_guard import LoopGuard
from tools.refusals import of_problem
from tools.registry import Toolbox
from tools.tool import model_tool

CLOSING = {"sprint_id": "NEX-001-S07"}


def toolbox() -> Toolbox:
    no_client: Any = None  # no call reaches a service
    return Toolbox(no_client, no_client, no_client, no_client, no_client)


async def test_a_write_asks_a_person_with_its_call_in_words() -> None:
    requests: list[tuple[PlannedCall, str]] = []

    async def request_approval(call: PlannedCall, project_id: str) -> dict[str, Any]:
        requests.append((call, project_id))
        return {"run_id": "r1", "status": "waiting"}

    tools = {tool.name: tool for tool in for_model(toolbox(), request_approval)}
    answer = await tools["close_sprint"].ainvoke(CLOSING)
    [(call, project_id)] = requests
    assert (call.name, call.arguments, project_id) == ("close_sprint", CLOSING, "NEX-001")
    assert call.description == "Close sprint NEX-001-S07"
    assert (answer["done"], answer["run_id"]) == (False, "r1")
    assert "nothing has been changed" in answer["next"]
    refused = await tools["close_sprint"].ainvoke({"sprint_id": "../x"})
    assert (refused["error"], len(requests)) == ("invalid_arguments", 1)


async def test_a_refused_request_is_an_answer() -> None:
    async def request_approval(call: PlannedCall, project_id: str) -> dict[str, Any]:
        raise Conflict(f"{call.name} of {project_id} waits already")

    tools = {tool.name: tool for tool in for_model(toolbox(), request_approval)}
    answer = await tools["close_sprint"].ainvoke(CLOSING)
    assert (answer["error"], answer["detail"]) == (
        "conflict",
        "close_sprint of NEX-001 waits already",
    )


async def test_an_unexpected_error_is_named_without_its_text() -> None:
    async def get_secret() -> object:
        """Read what nobody may see."""
        raise RuntimeError("postgresql://dsm:hunter2@db/agent")

    answer = await model_tool(get_secret, "read", LoopGuard()).ainvoke({})
    assert answer["error"] == "internal_error"
    assert "RuntimeError" in answer["detail"]
    assert "hunter2" not in json.dumps(answer)


def test_a_call_without_await_is_answered_in_words() -> None:
    tool = next(tool for tool in toolbox().read if tool.name == "get_project")
    answer = tool.invoke({"project_id": "NEX-001"})
    assert (answer["error"], "ainvoke" in answer["next"]) == ("async_only", True)


def test_the_guard_against_loops_forgets_after_its_window() -> None:
    now = [0.0]
    guard = LoopGuard(lambda: now[0])
    for _ in range(5):
        assert guard.check("t", "get_project", {"project_id": "P"}) is None
    assert guard.check("t", "get_project", {"project_id": "P"}) is not None
    now[0] = 601.0
    assert guard.check("t", "get_project", {"project_id": "P"}) is None


@pytest.mark.parametrize(
    "answer",
    [
        {"text": "x" * 100_000},
        {"rows": [{"title": "y" * 500} for _ in range(1000)]},
        {"by_name": {f"impediment {number} " + "z" * 100: number for number in range(2000)}},
        {"deep": [[[["w" * 300] * 50] * 20]]},
        {f"key {number}": number for number in range(3000)},
    ],
    ids=["text", "rows", "mapping", "deep", "flat"],
)
def test_every_answer_is_bounded_and_says_what_is_missing(answer: dict[str, Any]) -> None:
    short = bounded(answer, ask="ask for less of it")
    assert measure(short) <= MOST_CHARACTERS
    assert short.get("shortened") or "..." in str(short)
    assert short.get("next", "ask for less of it") == "ask for less of it"


def test_a_service_that_is_away_says_how_long_to_wait() -> None:
    answer = of_problem(Unavailable("sprint_service did not answer", retry_after_seconds=7))
    assert (answer["error"], "wait 7 s" in answer["next"]) == ("unavailable", True)
