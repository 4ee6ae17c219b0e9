"""A model's write asks a person, and whatever goes wrong is an answer."""

import json
import re
from typing import Any

import pytest

from domain_services.kernel.errors import Conflict, Unavailable
from memory.decision import PlannedCall
from tools.for_models import for_model
from tools.loop_guard import LoopGuard
from tools.refusals import of_problem
from tools.registry import Toolbox
from tools.tool import model_tool

CLOSE = ("close_sprint",)
CLOSING = {"sprint_id": "NEX-001-S07"}


def toolbox() -> Toolbox:
    no_client: Any = None  # no call reaches a service
    return Toolbox(no_client, no_client, no_client, no_client, no_client)


async def test_a_write_asks_a_person_with_its_call_in_words() -> None:
    requests: list[tuple[PlannedCall, str]] = []

    async def request_approval(call: PlannedCall, project_id: str, _key: str) -> dict[str, Any]:
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


@pytest.mark.parametrize(
    ("thread", "call_id", "key"),
    [
        ("lena-1", "c1", "lena-1:c1"),
        ("lena-1", "c2", "lena-1:c2"),
        # What no header carries has a digest in its place.
        ("Lena M\u00fcller", "c1", None),
        ("t" * 300, "c1", None),
        ("t" * 300, "c2", None),
        # An id without a conversation is no identity, and neither is a call by a program.
        ("", "c1", None),
    ],
)
async def test_the_key_of_a_call_is_its_conversation_and_its_id(
    thread: str, call_id: str, key: str | None
) -> None:
    keys: list[str] = []

    async def request_approval(_call: PlannedCall, _project: str, key: str) -> dict[str, Any]:
        keys.append(key)
        return {}

    [tool] = [tool for tool in for_model(toolbox(), request_approval) if tool.name in CLOSE]
    call = {"name": tool.name, "args": CLOSING, "id": call_id, "type": "tool_call"}
    other = {**call, "id": "other"}
    for request in (call, call, other):
        await tool.ainvoke(request, {"configurable": {"thread_id": thread}})
    await tool.ainvoke(CLOSING)
    assert len(set(keys)) == (3 if thread else 4)
    assert (keys[0] == keys[1]) is bool(thread)
    assert key in (None, keys[0])
    for value in keys:
        assert re.fullmatch(r"[\x21-\x7e]{1,200}", value)


async def test_a_refused_request_is_an_answer() -> None:
    async def request_approval(call: PlannedCall, project_id: str, _key: str) -> dict[str, Any]:
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


def test_a_service_that_is_away_says_how_long_to_wait() -> None:
    answer = of_problem(Unavailable("sprint_service did not answer", retry_after_seconds=7))
    assert (answer["error"], "wait 7 s" in answer["next"]) == ("unavailable", True)
