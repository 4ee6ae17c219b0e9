"""Resources: one run, and the present status of one project."""

import json
import re
from typing import Any

import mcp_types as types
from langchain_core.messages import ToolMessage
from mcp.shared.exceptions import MCPError

from domain_services.kernel.types import PROJECT_ID

JSON = "application/json"
TEMPLATES = (
    types.ResourceTemplate(
        name="run",
        uri_template="dsm://runs/{id}",
        title="A run",
        description="One run: status, request, planned calls, what was done; list_runs has the ids",
        mime_type=JSON,
    ),
    types.ResourceTemplate(
        name="project-status",
        uri_template="dsm://projects/{id}/status",
        title="Status of a project",
        description="Sprint in progress, backlog, trends and risks; list_projects has the ids",
        mime_type=JSON,
    ),
)
_RUN = re.compile(r"dsm://runs/([0-9a-fA-F-]{36})")
_STATUS = re.compile(rf"dsm://projects/({PROJECT_ID})/status")


def find(uri: str) -> tuple[str, dict[str, Any]]:
    """Return the tool that reads a resource, and its arguments. Raises: `MCPError`."""
    if run := _RUN.fullmatch(uri):
        return "get_run", {"run_id": run[1]}
    if project := _STATUS.fullmatch(uri):
        return "get_status", {"project_id": project[1]}
    forms = " or ".join(template.uri_template for template in TEMPLATES)
    raise MCPError(types.INVALID_PARAMS, f"there is no such resource; write it like {forms}")


def content(uri: str, message: ToolMessage) -> types.ReadResourceResult:
    """Return the content of a resource. Raises: `MCPError` with the words of a refusal."""
    text = str(message.content)
    if message.status == "error":
        refused = json.loads(text)
        words = f"{refused['error']}: {refused['detail']}; {refused['next']}"
        raise MCPError(types.INVALID_PARAMS, words, refused)
    part = types.TextResourceContents(uri=uri, mime_type=JSON, text=text)
    return types.ReadResourceResult(contents=[part])


def of_projects(answer: str) -> list[types.Resource]:
    """List the statuses of the projects of an answer of list_projects."""
    projects: list[dict[str, Any]] = json.loads(answer).get("projects", [])
    return [
        types.Resource(
            name=f"{project['project_id']}-status",
            uri=f"dsm://projects/{project['project_id']}/status",
            title=f"Status of {project['project_id']}",
            mime_type=JSON,
        )
        for project in projects
    ]
