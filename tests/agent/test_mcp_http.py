"""The official client of the protocol calls the tools over HTTP, by the key's role."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from agent.mcp.selection import TEN
from tests.conftest import ADMIN_KEY, OPERATOR_KEY, VIEWER_KEY
from tests.graphs.conftest import System
from tests.graphs.waiting import answer, details, sprints

READS = TEN[:8]
MODES = ("auto", "legacy")


@pytest.fixture
async def served(system: System) -> System:
    """Start every service but the embeddings; the orchestrator serves /mcp."""
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", mcp={"enabled": True})
    return system


@asynccontextmanager
async def connected(
    system: System, key: str = OPERATOR_KEY, mode: Any = "auto"
) -> AsyncIterator[Client]:
    headers = {"Authorization": f"Bearer {key}"}
    url = f"{system.urls['orchestrator']}/mcp"
    async with (
        httpx2.AsyncClient(headers=headers, timeout=20) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def call(client: Client, name: str, **arguments: Any) -> tuple[bool, dict[str, Any]]:
    result = await client.call_tool(name, arguments)
    [content] = result.content
    assert content.type == "text"
    assert result.structured_content == json.loads(content.text)
    return result.is_error, result.structured_content


@pytest.mark.parametrize("mode", MODES)
async def test_ten_tools_two_resources_and_a_prompt_are_served(served: System, mode: str) -> None:
    await served.make_project("MCP", 3)
    async with connected(served, mode=mode) as client:
        tools = (await client.list_tools()).tools
        assert tuple(tool.name for tool in tools) == TEN
        for tool in tools:
            for argument in tool.input_schema["properties"].values():
                assert argument["description"]
        failed, preview = await call(client, "preview_decision", project_id="MCP")
        assert (failed, preview["tasks"], preview["recorded"]) == (False, 3, False)
        templates = (await client.list_resource_templates()).resource_templates
        assert [template.uri_template for template in templates] == [
            "dsm://runs/{id}",
            "dsm://projects/{id}/status",
        ]
        [resource] = (await client.list_resources()).resources
        [status] = (await client.read_resource(resource.uri)).contents
        assert json.loads(status.text)["project_id"] == "MCP"
        run_id = (await served.orchestrate("MCP")).json()["run_id"]
        [run] = (await client.read_resource(f"dsm://runs/{run_id}")).contents
        assert json.loads(run.text)["run_id"] == run_id
        [prompt] = (await client.list_prompts()).prompts
        review = await client.get_prompt(prompt.name, {"project_id": "MCP"})
        assert "sprint review of project MCP" in review.messages[0].content.text


async def test_refusals_are_answers_and_the_connection_goes_on(served: System) -> None:
    await served.make_project("MCP", 1)
    async with connected(served) as client:
        for name, arguments, code in (
            ("get_status", {"project_id": "NOPE"}, "not_found"),
            ("get_status", {"project_id": "../MCP"}, "invalid_arguments"),
            ("explain_decision", {"run_id": "first"}, "invalid_arguments"),
            ("close_sprint", {"sprint_id": "x"}, "invalid_arguments"),
            ("drop_tables", {}, "unknown_tool"),
            ("cancel_sprint", {"sprint_id": "MCP-S01"}, "unknown_tool"),
        ):
            failed, answer = await call(client, name, **arguments)
            assert (failed, answer["error"]) == (True, code), (name, answer)
            assert answer["next"]
        for uri in ("dsm://runs/x", "dsm://projects/NOPE/status", "file:///etc/passwd"):
            with pytest.raises(MCPError):
                await client.read_resource(uri)
        with pytest.raises(MCPError, match="list_projects"):
            await client.get_prompt("sprint_review", {"project_id": "no id"})
        failed, _ = await call(client, "get_status", project_id="MCP")
        assert not failed


async def test_a_service_that_is_away_is_an_answer(served: System) -> None:
    await served.stop("chronicle")
    async with connected(served) as client:
        failed, answer = await call(client, "get_velocity", project_id="MCP")
        assert (failed, answer["error"]) == (True, "unavailable")


async def test_a_viewer_sees_and_calls_reads_alone(served: System) -> None:
    await served.make_project("MCP", 1)
    async with connected(served, VIEWER_KEY) as client:
        assert tuple(tool.name for tool in (await client.list_tools()).tools) == READS
        failed, _ = await call(client, "get_status", project_id="MCP")
        assert not failed
        failed, answer = await call(client, "close_sprint", sprint_id="MCP-S01")
        assert (failed, answer["error"]) == (True, "forbidden")


async def test_a_write_waits_for_a_person_and_acts_once(served: System) -> None:
    await served.make_project("MCP", 2)
    day = (await served.orchestrate("MCP", dry_run=True)).json()["as_of"]
    arguments = {
        "project_id": "MCP",
        "duration_weeks": 2,
        "task_ids": ["MCP-TASK001"],
        "start_date": day,
    }
    async with connected(served) as client:
        failed, request = await call(client, "create_sprint", **arguments)
        assert (failed, request["done"], request["status"]) == (False, False, "waiting")
        assert f"dsm approve {request['run_id']}" in request["next"]
        assert request["changes"]
        assert await sprints(served, "MCP") == []
        [run] = (await client.call_tool("list_runs", {"status": "waiting"})).structured_content[
            "runs"
        ]
        assert run["run_id"] == request["run_id"]
        waiting = await details(served, request)
        assert waiting["request"]["key"] == "operator"
        assert waiting["approval"]["reason"] == "a client of MCP (operator) asks for it"
        assert (await answer(served, waiting)).status_code == 200
        [sprint] = await sprints(served, "MCP")
        assert (sprint["status"], sprint["total_tasks"]) == ("in_progress", 1)
        failed, refused = await call(client, "close_sprint", sprint_id="MCP-S99")
        assert failed
        assert refused["next"]


async def post(system: System, key: str, **headers: str) -> tuple[int, dict[str, Any]]:
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    answer = await system.http.post(
        f"{system.urls['orchestrator']}/mcp",
        json=body,
        headers={
            "Authorization": f"Bearer {key}",
            "Accept": "application/json, text/event-stream",
            **headers,
        },
    )
    return answer.status_code, answer.json() if answer.status_code >= 400 else {}


async def test_keys_hosts_origins_and_bodies_are_checked(served: System) -> None:
    assert (await post(served, ADMIN_KEY))[0] == 200
    status, problem = await post(served, "dsm_unknown")
    assert (status, problem["code"]) == (401, "unauthorized")
    status, problem = await post(served, ADMIN_KEY, Host="evil.example")
    assert (status, problem["code"]) == (421, "wrong_host")
    status, problem = await post(served, ADMIN_KEY, Origin="https://evil.example")
    assert (status, problem["code"]) == (403, "forbidden")
    url = f"{served.urls['orchestrator']}/mcp"
    large = await served.http.post(url, json={"x": "y" * 20_000_000})
    assert large.status_code == 413
    assert (await served.http.get(url)).status_code == 405


async def test_the_route_is_not_there_unless_it_is_enabled(system: System) -> None:
    await system.start("orchestrator")
    assert (await post(system, ADMIN_KEY))[0] == 404
