"""No tool is dead, each is described for a model, and each answer has bounds."""

import ast
import inspect
from pathlib import Path
from typing import Any

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.mcp.selection import TEN
from graphs import plan
from tools.compensation import compensation
from tools.for_models import SENTENCES, for_model, plan_call, project_of
from tools.registry import Toolbox, write_arguments
from tools.tool import ModelTool

ROOT = Path(__file__).parents[2]
MOST_WORDS = 40
# verb_noun, where the verb says what happens
VERBS = frozenset(
    {
        *("cancel", "change", "check", "close", "create", "delete", "explain", "find", "get"),
        *("list", "preview", "resume", "summarise", "suspend"),
    }
)


async def _nobody(*_: object) -> dict[str, Any]:
    raise AssertionError("no tool is called here")


def toolbox() -> Toolbox:
    no_client: Any = None  # only names and descriptions are read
    return Toolbox(no_client, no_client, no_client, no_client, no_client, no_client)


def of_a_model() -> tuple[BaseTool, ...]:
    return for_model(toolbox(), _nobody)


def test_each_tool_is_named_described_and_takes_described_arguments() -> None:
    faults: list[str] = []
    for tool in (*of_a_model(), *toolbox().write):
        if tool.name.split("_")[0] not in VERBS or "_" not in tool.name:
            faults.append(f"{tool.name}: not verb_noun")
        if not 4 <= len(tool.description.split()) <= MOST_WORDS:
            faults.append(f"{tool.name}: {len(tool.description.split())} words")
        shown = convert_to_openai_tool(tool)["function"]["parameters"]["properties"]
        for name, argument in shown.items():
            text = argument.get("description", "")
            if not text or (name.endswith(("_id", "_ids")) and "e.g." not in text):
                faults.append(f"{tool.name}.{name}: no description or example")
    assert faults == []


def test_no_model_is_shown_a_key() -> None:
    for tool in (*of_a_model(), *toolbox().write, *toolbox().acting):
        shown = convert_to_openai_tool(tool)["function"]["parameters"]["properties"]
        assert "idempotency_key" not in shown, tool.name


def test_all_tools_of_a_model_answer_in_bounds_and_refuse_in_words() -> None:
    # The bound, the words and the guard against loops stand in one class.
    assert {type(tool) for tool in of_a_model()} == {ModelTool}


def test_names_are_unique_and_writes_are_the_acting_tools() -> None:
    names = [tool.name for tool in of_a_model()]
    assert len(set(names)) == len(names)
    acting = {tool.name for tool in toolbox().acting}
    assert acting == {tool.name for tool in toolbox().write} == set(write_arguments())


def test_every_tool_has_a_caller() -> None:
    # Plans and ways back name the acting tools; MCP names ten; chat takes all that `for_model` has.
    planned = _texts(inspect.getsource(plan)) | _texts(inspect.getsource(compensation_module()))
    of_chat = {tool.name for tool in of_a_model()} if _chat_takes_all() else set[str]()
    dead = {tool.name for tool in (*toolbox().read, *toolbox().write)}
    assert dead - planned - set(TEN) - of_chat == set()


def test_each_write_has_a_sentence_a_project_and_a_way_back() -> None:
    example = {
        "project_id": "NEX-001",
        "sprint_id": "NEX-001-S01",
        "name": "run-dailyscrum-nex-001-s01",
        "task_ids": ["NEX-001-TASK001"],
        "duration_weeks": 2,
        "start_date": "2026-03-02",
        "schedule": "0 14 * * 1-5",
        "timezone": "UTC",
        "ends_on": "2026-03-15",
    }
    assert set(SENTENCES) == set(write_arguments())
    for name, schema in write_arguments().items():
        arguments = {key: example[key] for key in schema.model_fields if key in example}
        schema.model_validate(arguments)
        call = plan_call(name, arguments)
        assert "{" not in call.description
        assert project_of(arguments) == "NEX-001"
        assert "no call is known" not in compensation(call).words


def compensation_module() -> Any:
    return inspect.getmodule(compensation)


def _texts(source: str) -> set[str]:
    """Find the texts of a module; a plan names its tools by them."""
    constants = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return {str(node.value) for node in constants}


def _chat_takes_all() -> bool:
    """Check that the chat hands all tools of `for_model` to its model."""
    files = (ROOT / "agent" / "chat").rglob("*.py")
    return any("for_model(" in file.read_text() for file in files)
