"""Tools to hand to a model: reads as they are, and writes that ask a person."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from langchain_core.tools import BaseTool

from memory.decision import PlannedCall
from tools.answers import Answer
from tools.registry import Toolbox
from tools.tool import ModelTool, model_tool_of

RequestApproval = Callable[[PlannedCall, str, str], Awaitable[Mapping[str, Any]]]
"""Ask a person for a call on a project; the answer says where the person decides.

The third argument is the key of the model's call: the same one asks once.
"""

# One sentence a write; its arguments are filled in.
SENTENCES = {
    "create_sprint": "Create a sprint of {duration_weeks} weeks from {start_date} with {task_ids}",
    "close_sprint": "Close sprint {sprint_id}",
    "cancel_sprint": "Cancel sprint {sprint_id}",
    "create_cronjob": "Schedule the daily scrum of {sprint_id}: {schedule} in {timezone}",
    "change_cronjob": "Change the CronJob {name} to {schedule} in {timezone}",
    "delete_cronjob": "Delete the CronJob {name}",
    "suspend_cronjob": "Suspend the CronJob {name}",
    "resume_cronjob": "Resume the CronJob {name}",
}


def for_model(toolbox: Toolbox, request_approval: RequestApproval) -> tuple[BaseTool, ...]:
    """Make the tools of a model; its writes act only after a person has approved them."""
    writes = (_asking(cast(ModelTool, tool), request_approval) for tool in toolbox.write)
    return (*toolbox.read, *writes)


def plan_call(name: str, arguments: Mapping[str, Any]) -> PlannedCall:
    """Make the call that a person approves, from the name and the JSON arguments of a write."""
    shown = {key: _short(value) for key, value in arguments.items()}
    return PlannedCall(
        name=name, arguments=dict(arguments), description=SENTENCES[name].format_map(shown)
    )


def project_of(arguments: Mapping[str, Any]) -> str:
    """Name the project of a call: its argument, or the one of its sprint's id."""
    named = arguments.get("project_id")
    return str(named) if named else str(arguments["sprint_id"]).rpartition("-S")[0]


def projects_of(arguments: Mapping[str, Any]) -> set[str]:
    """Name every project that a call touches: a sprint may be another project's."""
    named = [arguments.get("project_id"), str(arguments.get("sprint_id", "")).rpartition("-S")[0]]
    return {str(project) for project in named if project}


def _asking(tool: ModelTool, request_approval: RequestApproval) -> BaseTool:
    async def ask(*, idempotency_key: str, **arguments: Any) -> Answer:
        # As JSON: days become texts, and defaults are left out.
        schema = cast(Any, tool.args_schema)
        request = schema(**arguments).model_dump(mode="json", exclude_none=True)
        call = plan_call(tool.name, request)
        outcome = await request_approval(call, project_of(request), idempotency_key)
        return {
            "done": False,
            "next": "nothing has been changed yet: tell the person to approve or reject it",
            **outcome,
        }

    words = f"Ask a person to approve this: {tool.description} Nothing changes before."
    return model_tool_of(tool, ask, words)


def _short(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(cast(list[Any], value))} tasks"
    return str(value)
