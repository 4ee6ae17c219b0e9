"""`dsm backlog` shows the planning order of a real backlog, and ranks its tasks."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from agent.cli.main import app
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import TaskCreate, TasksCreate, TaskUpdate
from domain_services.kernel.types import utc_now
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System

Command = Callable[..., Awaitable[Result]]
IDS = [f"SHOP-TASK{number:03d}" for number in range(1, 5)]


@pytest.fixture
async def shop(system: System) -> System:
    """Start project and backlog with four free tasks, from one day old on."""
    await system.start("project", "backlog")
    await system.make_project("SHOP", 0)
    today = utc_now().date()
    tasks = [
        TaskCreate(
            title=f"[ui] item {n}",
            external_key=f"K-{n}",
            created_on=today - timedelta(days=n),
            estimate=2.5 if n == 1 else None,
        )
        for n in range(1, 5)
    ]
    backlog = BacklogClient(system.http, system.urls["backlog"])
    await backlog.create_tasks("SHOP", TasksCreate(tasks=tasks))
    await backlog.update_task(IDS[0], TaskUpdate(depends_on=[IDS[2]]))
    await backlog.update_task(IDS[1], TaskUpdate(progress_percentage=10, status="unassigned"))
    return system


@pytest.fixture
def dsm(shop: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run `dsm backlog` against the services."""
    monkeypatch.chdir(tmp_path)
    where = [f"--url={name}={shop.urls[name]}" for name in ("project", "backlog")]
    environment = {"DSM_AUTH__SERVICE_KEY": ADMIN_KEY, "COLUMNS": "100"}

    async def run(*arguments: str) -> Result:
        words = ["backlog", *arguments, *where]
        # In a thread, because a command has an event loop of its own.
        return await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)

    return run


async def shown(dsm: Command, *options: str) -> Any:
    result = await dsm("show", "shop", "--json", *options)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


async def test_backlog_is_shown_in_the_classes_of_age_that_a_decision_orders_by(
    dsm: Command, shop: System
) -> None:
    backlog = BacklogClient(shop.http, shop.urls["backlog"])
    old = utc_now().date() - timedelta(days=200)
    await backlog.create_tasks("SHOP", TasksCreate(tasks=[TaskCreate(title="old", created_on=old)]))
    tasks = (await shown(dsm))["tasks"]
    # IDS[0] waits for another task, and every ready one goes before it.
    assert [task["age_days"] for task in tasks] == [2, 4, 3, 200, 1]


async def test_backlog_is_shown_in_planning_order(dsm: Command) -> None:
    page = (await dsm("show", "SHOP")).stdout.splitlines()
    assert "4 free tasks" in page[0]
    rows = page[2:]
    places = [next(n for n in range(4) if IDS[n] in row) for row in rows]
    assert places == [1, 3, 2, 0]
    assert "[ui] item 2" in rows[0]
    assert "2 days" in rows[0]
    assert "carried over" in rows[0]
    assert "2.5" in rows[3]
    assert "1 day " in rows[3]
    assert f"waits for {IDS[2]}" in " ".join(rows[3].split())
    first = (await dsm("show", "SHOP", "--limit", "1")).stdout.splitlines()
    assert first[0].endswith("the first 1")
    assert len(first) == 3


async def test_ranked_tasks_are_shown_first(dsm: Command) -> None:
    ranked = await dsm("rank", "shop", "K-3", IDS[0])
    assert ranked.stdout.splitlines()[0] == f"SHOP: 2 tasks ranked, {IDS[2]} first."
    answer = await shown(dsm)
    assert (answer["project_id"], answer["free_tasks"]) == ("SHOP", 4)
    assert [(task["task_id"], task["rank"]) for task in answer["tasks"]] == [
        (IDS[2], 1),
        (IDS[0], 2),
        (IDS[1], None),
        (IDS[3], None),
    ]
    cleared = await dsm("rank", "SHOP", "--clear")
    assert "no task is ranked" in cleared.stdout
    assert {task["rank"] for task in (await shown(dsm))["tasks"]} == {None}


async def test_file_names_one_task_a_line(dsm: Command, tmp_path: Path) -> None:
    path = tmp_path / "order.txt"
    path.write_text(f"\ufeffK-4\n\n  {IDS[0]}\r\n", encoding="utf-8")
    result = await dsm("rank", "SHOP", "--file", str(path), "--json")
    assert json.loads(result.stdout) == {"project_id": "SHOP", "task_ids": [IDS[3], IDS[0]]}
    path.write_text("\n")
    assert "names no task" in (await dsm("rank", "SHOP", "--file", str(path))).stderr
    path.write_bytes(b"\xff\xfe")
    assert "save it as UTF-8" in (await dsm("rank", "SHOP", "--file", str(path))).stderr


async def test_impossible_order_is_refused_in_words(dsm: Command) -> None:
    await dsm("rank", "SHOP", IDS[3])
    refused = await dsm("rank", "SHOP", "K-1", "nothing")
    assert refused.exit_code == 1
    assert "nothing is no task of SHOP" in refused.stderr
    for words in ((), ("K-1", "--clear")):
        result = await dsm("rank", "SHOP", *words)
        assert result.exit_code == 2
        assert "one of the three" in result.stderr
    assert (await shown(dsm))["tasks"][0]["task_id"] == IDS[3]
    assert (await dsm("show", "NONE")).exit_code == 1
