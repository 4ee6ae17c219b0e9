"""MCP server over the tools: lists, calls, resources and the prompt, each by the caller's role."""

import json
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, cast
from uuid import uuid4

import mcp_types as types
import structlog
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from mcp.server.context import CallNext, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from agent.mcp import prompts, resources
from agent.mcp.selection import is_reading, may_call, select
from domain_services.kernel.types import Role
from tools.answers import render
from tools.refusals import of_unknown_tool, refusal

INSTRUCTIONS = (
    "Tools of the Digital Scrum Master. Read before you advise: list_projects, then get_status."
    " preview_decision tells what would be decided, explain_decision why something was."
    " Tools that change something only ask a person for approval: tell the person where to decide."
    " An answer with `error` names in `next` what to do. Name the ids that your answer rests on."
)

logger = structlog.get_logger()

Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True)
class Caller:
    """Caller of a request."""

    name: str
    """Name of the API key."""
    role: Role
    """Role of the key."""
    thread: str
    """Conversation, as far as it can be told: the guard against loops counts in it."""


CALLER: ContextVar[Caller] = ContextVar("mcp_caller")
"""Caller of the present call: an approval request names who asked for it."""

CallerOf = Callable[[Context], Caller]


class ToolServer:
    """Handlers over one set of tools; `caller_of` finds who sent a request."""

    def __init__(self, tools: Sequence[BaseTool], caller_of: CallerOf) -> None:
        self._all = {tool.name: tool for tool in tools}
        self._tools = select(tools)
        self._caller_of = caller_of

    def build(self) -> Server[Any]:
        """Make the server; it runs over any transport."""
        server: Server[Any] = Server(
            "digital-scrum-master",
            version=version("digital-scrum-master"),
            title="Digital Scrum Master",
            instructions=INSTRUCTIONS,
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_list_resources=self._list_resources,
            on_list_resource_templates=self._list_templates,
            on_read_resource=self._read_resource,
            on_list_prompts=self._list_prompts,
            on_get_prompt=self._get_prompt,
        )
        # In place of its own spans, which would stand beside those of this program.
        server.middleware[:] = [_in_words]
        return server

    async def _list_tools(self, context: Context, _: Any) -> types.ListToolsResult:
        role = self._caller_of(context).role
        tools = [_describe(tool) for tool in self._tools.values() if may_call(role, tool)]
        return types.ListToolsResult(tools=tools)

    async def _call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        caller = self._caller_of(context)
        usable = [name for name, tool in self._tools.items() if may_call(caller.role, tool)]
        tool = self._tools.get(params.name)
        if tool is None:
            return _result(render(of_unknown_tool(params.name, usable)), is_error=True)
        if params.name not in usable:
            words = refusal(
                "forbidden",
                f"the key of {caller.name} may only read, and {params.name} asks for a change",
                f"tell the person; with this key you can use {', '.join(usable)}",
            )
            return _result(render(words), is_error=True)
        message = await self._ask(caller, tool, params.arguments or {})
        return _result(str(message.content), is_error=message.status == "error")

    async def _ask(self, caller: Caller, tool: BaseTool, arguments: dict[str, Any]) -> ToolMessage:
        token = CALLER.set(caller)
        call: Any = {
            "name": tool.name,
            "args": arguments,
            # A client numbers its requests from 1 on each connection: no identity of a call.
            "id": uuid4().hex,
            "type": "tool_call",
        }
        try:
            answer = await tool.ainvoke(call, {"configurable": {"thread_id": caller.thread}})
        finally:
            CALLER.reset(token)
        return cast(ToolMessage, answer)

    async def _list_resources(self, context: Context, _: Any) -> types.ListResourcesResult:
        caller = self._caller_of(context)
        message = await self._ask(caller, self._all["list_projects"], {"limit": 50})
        return types.ListResourcesResult(resources=resources.of_projects(str(message.content)))

    async def _list_templates(self, _: Context, __: Any) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=list(resources.TEMPLATES))

    async def _read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        tool, arguments = resources.find(params.uri)
        message = await self._ask(self._caller_of(context), self._all[tool], arguments)
        return resources.content(params.uri, message)

    async def _list_prompts(self, _: Context, __: Any) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[prompts.SPRINT_REVIEW])

    async def _get_prompt(
        self, _: Context, params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        return prompts.fill(params.name, params.arguments or {})


async def _in_words(ctx: Context, call_next: CallNext) -> Any:
    """Log an unexpected failure and answer without its text, which may hold what is secret."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except Exception as error:
        reference = uuid4().hex[:12]
        logger.error("mcp.failed", method=ctx.method, reference=reference, exc_info=error)
        words = f"{ctx.method} failed; the log of the server has it under {reference}"
        raise MCPError(types.INTERNAL_ERROR, words) from error


def _describe(tool: BaseTool) -> types.Tool:
    schema: Any = tool.tool_call_schema
    return types.Tool(
        name=tool.name,
        description=tool.description,
        input_schema=schema.model_json_schema(),
        annotations=types.ToolAnnotations(
            read_only_hint=is_reading(tool),
            # It asks a person, and changes nothing by itself.
            destructive_hint=False,
            # The same request twice asks once.
            idempotent_hint=True,
            open_world_hint=False,
        ),
    )


def _result(text: str, *, is_error: bool) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=text)],
        structured_content=json.loads(text),
        is_error=is_error,
    )
