"""`dsm schedule` against real services."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.cli import connect
from agent.cli.main import app
from agent.client import OrchestratorClient
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System

NAME = "run-orchestrate-auto"
Command = Callable[..., Awaitable[Result]]


@pytest.fixture
async def dsm(system: System, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run commands on services with one project."""
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("AUTO", 12)

    @asynccontextmanager
    async def connect_to_system(_data_dir: Path) -> AsyncIterator[Any]:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx.AsyncClient(headers=headers) as http:
            client = OrchestratorClient(http, system.urls["orchestrator"])
            yield SimpleNamespace(orchestrator=client)

    monkeypatch.setattr(connect, "connect", connect_to_system)

    async def run(*arguments: str) -> Result:
        # In a thread, because a command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, ["schedule", *arguments])

    return run


async def test_schedules_are_added_listed_changed_paused_and_deleted(dsm: Command) -> None:
    added = await dsm("add", "auto", "--orchestrate", "0 8 * * 1-5")
    assert added.exit_code == 0, added.output
    first, second, third = added.output.splitlines()
    assert first == "run-orchestrate-auto  (AUTO: decides on the project)"
    assert second == "    Monday to Friday at 08:00, UTC"
    assert third.startswith("    next: ")
    changed = await dsm("change", NAME, "0 9 * * *")
    assert "Every day at 09:00, UTC" in changed.output
    paused = await dsm("pause", NAME)
    assert "paused: paused by admin" in paused.output
    assert "next:" not in paused.output
    listed = await dsm("list")
    assert [line.split()[0] for line in listed.output.splitlines() if line[0] != " "] == [
        "run-backfill",
        "run-learn",
        "run-retention",
        NAME,
    ]
    resumed = await dsm("resume", NAME, "--json")
    assert json.loads(resumed.output)["state"] == "active"
    [row] = json.loads((await dsm("list", "AUTO", "--json")).output)
    assert row["name"] == NAME
    deleted = await dsm("delete", NAME)
    assert f"Schedule {NAME} deleted: AUTO is decided only" in deleted.output
    assert "nothing is scheduled; add a schedule with" in (await dsm("list", "AUTO")).output


async def test_own_jobs_of_the_installation_are_paused_and_not_deleted(dsm: Command) -> None:
    paused = await dsm("pause", "learn")
    assert "run-learn  (this installation: calibrates confidence)" in paused.output
    refused = await dsm("delete", "learn")
    assert (refused.exit_code, "dsm schedule pause run-learn" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("add", "AUTO"), 2, "name either --orchestrate or --daily-scrum"),
        (("add", "AUTO", "--orchestrate", "0 8 * * 7"), 2, "write 0"),
        (("add", "AUTO", "--orchestrate", "0 8 30 2 *"), 1, "would never run"),
        (("add", "NOWHERE", "--orchestrate", "0 8 * * *"), 1, "there is no project NOWHERE"),
        (("add", "AUTO", "--daily-scrum", "0 8 * * *"), 1, "no sprint in progress"),
        (("pause", "other"), 1, "list them with: dsm schedule list"),
        (("add", "AUTO", "--orchestrate", "0" * 200), 2, "longer than 100"),
        (("change", "learn", "@daily"), 2, "write five fields"),
    ],
)
async def test_refusal_is_one_line_that_says_what_to_do(
    dsm: Command, arguments: tuple[str, ...], code: int, error: str
) -> None:
    result = await dsm(*arguments)
    assert result.exit_code == code, result.output
    assert error in result.stderr
    assert len(result.stderr.splitlines()) == 1
