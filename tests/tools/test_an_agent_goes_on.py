"""A scripted model drives the tools in LangChain's own agent, and no refusal ends it."""

import json
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from tests.graphs.conftest import System
from tests.tools.conftest import toolbox_of
from tools.registry import Toolbox

REFUSED = [
    ("get_project", {"project_id": "NOPE"}, "not_found"),
    ("get_project", {"project_id": "../projects"}, "invalid_arguments"),
    ("get_velocity", {"project_id": "NOPE"}, "not_found"),
    ("get_run", {"run_id": "first"}, "invalid_arguments"),
    ("close_sprint", {"sprint_id": "NOPE-S99"}, "not_found"),
    ("close_sprint", {"sprint_id": "NOPE-S99", "idempotency_key": "x"}, "invalid_arguments"),
    (
        "create_sprint",
        {
            "project_id": "NOPE",
            "duration_weeks": 2,
            "task_ids": ["NOPE-TASK001"],
            "start_date": "2016-06-06",
        },
        "not_found",
    ),
]


class Scripted(BaseChatModel):
    """Model that answers with the messages of a script."""

    script: list[AIMessage]
    position: int = 0

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **_: Any) -> "Scripted":
        return self

    def _generate(
        self, messages: Any, stop: Any = None, run_manager: Any = None, **_: Any
    ) -> ChatResult:
        message = self.script[min(self.position, len(self.script) - 1)]
        self.position += 1
        return ChatResult(generations=[ChatGeneration(message=message)])


async def converse(toolbox: Toolbox, *calls: tuple[str, dict[str, Any]]) -> list[ToolMessage]:
    """Let the model make the calls one after the other; return what the tools answered."""
    script = [
        AIMessage("", tool_calls=[{"name": name, "args": args, "id": str(n), "type": "tool_call"}])
        for n, (name, args) in enumerate(calls)
    ]
    model = Scripted(script=[*script, AIMessage("done")])
    agent = create_agent(model, [*toolbox.read, *toolbox.write])
    messages = (await agent.ainvoke({"messages": [("user", "go")]}))["messages"]
    assert messages[-1].content == "done"
    return [message for message in messages if isinstance(message, ToolMessage)]


async def test_a_refusal_is_an_answer_with_the_next_step(toolbox: Toolbox) -> None:
    messages = await converse(toolbox, *((name, arguments) for name, arguments, _ in REFUSED))
    assert len(messages) == len(REFUSED)
    for message, (name, _, code) in zip(messages, REFUSED, strict=True):
        answer = json.loads(str(message.content))
        assert (message.status, answer["error"]) == ("error", code), (name, answer)
        assert answer["detail"]
        assert answer["next"]


async def test_a_tool_that_is_not_there_is_answered_with_those_that_are(toolbox: Toolbox) -> None:
    [message] = await converse(toolbox, ("drop_tables", {}))
    assert message.status == "error"
    assert "create_sprint" in str(message.content)


async def test_a_service_that_is_away_is_an_answer(whole: System) -> None:
    await whole.stop("project")
    [message] = await converse(toolbox_of(whole), ("get_project", {"project_id": "P1"}))
    answer = json.loads(str(message.content))
    assert (message.status, answer["error"]) == ("error", "unavailable")
    assert "tell the person" in answer["next"]


async def test_a_model_reads_and_acts_with_the_same_tools(whole: System) -> None:
    await whole.make_project("ACT", 3)
    tasks = [f"ACT-TASK00{number}" for number in (1, 2, 3)]
    project = (await whole.http.get(f"{whole.urls['project']}/projects/ACT")).json()
    request = {
        "project_id": "ACT",
        "duration_weeks": 2,
        "task_ids": tasks,
        "start_date": project["today"],
    }
    messages = await converse(
        toolbox_of(whole),
        ("create_sprint", request),
        ("list_sprints", {"project_id": "ACT"}),
        ("cancel_sprint", {"sprint_id": "ACT-S01", "reason": "too early"}),
    )
    assert [message.status for message in messages] == ["success"] * 3
    assert json.loads(str(messages[1].content))["sprints"][0]["status"] == "in_progress"
    assert json.loads(str(messages[2].content))["status_updated_to"] == "cancelled"
