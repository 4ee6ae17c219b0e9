"""The ten tools that a client of the Model Context Protocol gets."""

from collections.abc import Mapping, Sequence

from langchain_core.tools import BaseTool

from domain_services.kernel.types import Role

# Few enough that a model can tell them apart: look, look ahead, explain, and ask for a change.
TEN = (
    "list_projects",
    "get_status",
    "list_unassigned_tasks",
    "get_velocity",
    "get_forecast",
    "preview_decision",
    "list_runs",
    "explain_decision",
    "create_sprint",
    "close_sprint",
)


def select(tools: Sequence[BaseTool]) -> Mapping[str, BaseTool]:
    """Return the ten tools of `tools` by name, in the order of `TEN`."""
    by_name = {tool.name: tool for tool in tools}
    return {name: by_name[name] for name in TEN}


def is_reading(tool: BaseTool) -> bool:
    """Check that a tool changes nothing."""
    return "read" in (tool.tags or ())


def may_call(role: Role, tool: BaseTool) -> bool:
    """Check the role by the tool: every request has the same HTTP method."""
    return role != "viewer" or is_reading(tool)
