"""The official client starts `dsm mcp` and calls the tools over its standard streams."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from agent.mcp.selection import TEN
from tests.agent.test_mcp_http import READS, call
from tests.conftest import OPERATOR_KEY, VIEWER_KEY
from tests.graphs.conftest import System
from tests.graphs.waiting import details

DSM = str(Path(sys.executable).with_name("dsm"))


def arguments(system: System, folder: Path, key: str) -> list[str]:
    """Return the options of `dsm mcp` for the services of the test."""
    file = folder / "a.key"
    file.write_text(key)
    names = ("project", "backlog", "sprint", "chronicle", "orchestrator")
    urls = [f"--url={name}={system.urls[name]}" for name in names]
    return ["mcp", *urls, f"--key-file={file}"]


@asynccontextmanager
async def started(
    system: System, folder: Path, key: str = OPERATOR_KEY, mode: Any = "auto"
) -> AsyncIterator[Client]:
    parameters = StdioServerParameters(
        command=DSM, args=arguments(system, folder, key), env=dict(os.environ)
    )
    async with Client(stdio_client(parameters), mode=mode) as client:
        yield client


async def test_the_tools_are_served_over_standard_streams(whole: System, tmp_path: Path) -> None:
    await whole.make_project("MCP", 2)
    async with started(whole, tmp_path, mode="legacy") as client:
        assert tuple(tool.name for tool in (await client.list_tools()).tools) == TEN
        failed, preview = await call(client, "preview_decision", project_id="MCP")
        assert (failed, preview["tasks"]) == (False, 2)
        for name, arguments, code in (
            ("get_status", {"project_id": "NOPE"}, "not_found"),
            ("explain_decision", {"run_id": "first"}, "invalid_arguments"),
            ("drop_tables", {}, "unknown_tool"),
        ):
            failed, answer = await call(client, name, **arguments)
            assert (failed, answer["error"]) == (True, code)
        failed, request = await call(client, "close_sprint", sprint_id=await _begin_sprint(whole))
        assert (failed, request["status"]) == (False, "waiting")
        assert "a client of dsm mcp" in (await details(whole, request))["approval"]["reason"]
        [status] = (await client.read_resource("dsm://projects/MCP/status")).contents
        assert json.loads(status.text)["project_id"] == "MCP"
        await whole.stop("chronicle")
        failed, answer = await call(client, "get_velocity", project_id="MCP")
        assert (failed, answer["error"]) == (True, "unavailable")


async def test_a_viewer_sees_reads_alone_over_standard_streams(
    whole: System, tmp_path: Path
) -> None:
    await whole.make_project("MCP", 1)
    async with started(whole, tmp_path, VIEWER_KEY) as client:
        assert tuple(tool.name for tool in (await client.list_tools()).tools) == READS
        failed, answer = await call(client, "close_sprint", sprint_id="MCP-S01")
        assert (failed, answer["error"]) == (True, "forbidden")
        failed, preview = await call(client, "preview_decision", project_id="MCP")
        assert (failed, preview["recorded"]) == (False, False)


async def test_a_refused_key_ends_the_command_with_words_on_standard_error(
    whole: System, tmp_path: Path
) -> None:
    command = [DSM, *arguments(whole, tmp_path, "dsm_unknown")]
    ended = await _run(command)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "does not know the API key" in ended.stderr
    assert "Traceback" not in ended.stderr


async def _begin_sprint(system: System) -> str:
    return (await system.orchestrate("MCP")).json()["created"]["sprint_id"]


async def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run,
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
