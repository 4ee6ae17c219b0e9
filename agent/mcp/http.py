"""MCP over HTTP: POST /mcp of the orchestrator, behind the same checks as every route.

Each request stands for itself, without a session in this process: replicas answer alike.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from agent.bootstrap import Services
from agent.mcp.server import CALLER, Caller, Context, ToolServer
from agent.toolbox.approval_requests import own_requests
from agent.toolbox.tool_reads import own_toolbox
from domain_services.kernel.errors import Forbidden, Problem
from domain_services.kernel.web.auth import VIEWER
from tools.for_models import for_model

PATH = "/mcp"


class WrongHost(Problem):
    """Refusal of a request to a host name that is not this program's."""

    status = 421
    code = "wrong_host"
    title = "Misdirected request"


class _Handed(Response):
    """Answer that the session manager sends by itself."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)


def mcp_router(allowed_hosts: Collection[str]) -> APIRouter:
    """Make the route. `allowed_hosts` are names without ports."""
    router = APIRouter()

    # No part of OpenAPI: its messages are described by the protocol.
    @router.post(PATH, include_in_schema=False, **VIEWER)
    async def mcp(request: Request) -> Response:
        """Take one message of the protocol."""
        check_host(request, allowed_hosts)
        return _Handed(request.app.state.mcp)

    return router


@asynccontextmanager
async def serving_mcp(
    services: Services, most_bytes: int
) -> AsyncIterator[StreamableHTTPSessionManager]:
    """Run the sessions of POST /mcp over the objects of this process."""

    approval = own_requests(services, lambda: CALLER.get().name, "a client of MCP")
    tools = for_model(own_toolbox(services), approval)
    manager = StreamableHTTPSessionManager(
        ToolServer(tools, _caller_of).build(), stateless=True, max_request_body_size=most_bytes
    )
    async with manager.run():
        yield manager


def check_host(request: Request, allowed_hosts: Collection[str]) -> None:
    """Check names that a browser sends. Raises: `WrongHost`, `Forbidden`."""
    # A page of another site that makes a browser resolve its own name to this address keeps that
    # name in Host; a page that calls this address has its own name in Origin.
    host = _name(f"//{request.headers.get('host', '')}")
    if host not in allowed_hosts:
        raise WrongHost("this host name is not allowed for /mcp; add it to DSM_MCP__ALLOWED_HOSTS")
    origin = request.headers.get("origin")
    if origin is not None and _name(origin) not in allowed_hosts:
        raise Forbidden("this origin is not allowed for /mcp; add it to DSM_MCP__ALLOWED_HOSTS")


def _name(url: str) -> str:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name


def _caller_of(context: Context) -> Caller:
    scope: Scope = cast(Any, context.request).scope
    identity = scope["dsm.identity"]
    # A client keeps its connection while it talks.
    host, port = scope.get("client") or ("", 0)
    return Caller(identity.name, identity.role, f"mcp:{identity.name}:{host}:{port}")
