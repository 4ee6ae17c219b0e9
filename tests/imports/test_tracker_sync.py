"""`dsm sync` of a tracker over real services: changes alone are asked for, and nothing is lost."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import pytest

from agent.cli.import_sources import import_github
from agent.cli.sync import sync
from agent.cli.target import KEY_VARIABLE, Target
from tests.conftest import ADMIN_KEY
from tests.imports.conftest import Room
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.tracker_server import Fault, Reply, TrackerServer, serving_tracker

PROJECT = "WEB-SHOP"


@pytest.fixture
def github() -> GitHub:
    return GitHub([issue(number) for number in range(1, 121)])


@pytest.fixture
def server(github: GitHub, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrackerServer]:
    monkeypatch.setenv("GITHUB_TOKEN", "canary-51cd0e")
    monkeypatch.setenv(KEY_VARIABLE, ADMIN_KEY)
    with serving_tracker(github.server()) as server:
        server.moment = time()
        yield server


@pytest.fixture
def target(room: Room, tmp_path: Path) -> Target:
    return Target(tmp_path / "dsm", urls=room.system.urls, source="--url")


async def run(command: Callable[..., None], *values: Any, **options: Any) -> None:
    """Run a command beside the services, as its own process would."""
    await asyncio.to_thread(partial(command, *values, **options))


async def source_of(room: Room) -> dict[str, Any]:
    answer = await room.system.http.get(f"{room.url}/projects")
    (project,) = answer.json()["projects"]
    return project["source"]


async def backlog_of(room: Room) -> dict[str, str]:
    answer = await room.system.http.get(f"{room.system.urls['backlog']}/backlogs/{PROJECT}")
    return {task["external_key"]: task["title"] for task in answer.json()}


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def test_sync_asks_for_changes_alone_and_brings_them_in(
    room: Room, target: Target, github: GitHub, server: TrackerServer,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    await run(import_github, REPOSITORY, api=server.url, target=target)
    first = await source_of(room)
    assert datetime.fromisoformat(first["read_at"]).timestamp() <= server.moment
    later = stamp(server.moment + 60)
    closed = {"state": "closed", "state_reason": "completed", "closed_at": later}
    github.issues[4] |= {**closed, "updated_at": later}
    github.issues[5] |= {"title": "Another name", "updated_at": later}
    github.issues.append(issue(121, created_at=later, updated_at=later))
    server.calls.clear()
    capsys.readouterr()
    await run(sync, PROJECT, target=target)
    page = " ".join(capsys.readouterr().out.split())
    assert "Read since the last import: 3 changed tasks; 118 as they are known." in page
    assert "1 new, 1 finished, 1 renamed" in page
    queries = [call.query for call in server.calls if call.path.endswith("/issues")]
    assert len(queries) == 1
    assert queries[0]["since"] < first["read_at"]
    titles = await backlog_of(room)
    assert (titles["6"], titles["121"], len(titles)) == ("Another name", "Task 121", 121)
    assert (await source_of(room))["read_at"] >= first["read_at"]


async def test_sync_that_fails_asks_for_the_same_changes_again(
    room: Room, target: Target, github: GitHub, server: TrackerServer
) -> None:
    await run(import_github, REPOSITORY, api=server.url, target=target)
    first = await source_of(room)
    later = stamp(server.moment + 60)
    github.issues[5] |= {"title": "Another name", "updated_at": later}
    server.faults = [Fault("/issues", Reply({"message": "no"}, 500))]
    with pytest.raises(SystemExit):
        await run(sync, PROJECT, target=target)
    await room.system.stop("backlog")
    with pytest.raises(SystemExit):
        await run(sync, PROJECT, target=target)
    await room.system.start("backlog")
    assert await source_of(room) == first
    await run(sync, PROJECT, dry_run=True, target=target)
    assert await source_of(room) == first
    await run(sync, PROJECT, target=target)
    assert (await backlog_of(room))["6"] == "Another name"


@pytest.mark.parametrize("reason", ["--all", "options", "moment", "rows"])
async def test_sync_reads_everything_where_changes_do_not_do(
    reason: str, room: Room, target: Target, github: GitHub, server: TrackerServer,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    await run(import_github, REPOSITORY, api=server.url, target=target)
    source = await source_of(room)
    if reason == "options":
        await save(room, {"statuses": {"open": "Doing"}, "source": source})
    elif reason == "moment":
        await save(room, {"source": {**source, "read_at": None}})
    elif reason == "rows":
        async with room.system.apps["orchestrator"].state.imports.imports._pool.connection() as db:
            await db.execute("DELETE FROM known_rows")
        for path in (target.folder / "imports").glob("*.json"):
            path.unlink()
    del github.issues[7]
    server.calls.clear()
    capsys.readouterr()
    await run(sync, PROJECT, everything=reason == "--all", dry_run=True, target=target)
    page = " ".join(capsys.readouterr().out.split())
    words = {
        "--all": "8 is no longer there: deleted, moved away",
        "options": "the options about tasks are others than in the last import",
        "moment": "kept no moment from which changes could be asked for",
        "rows": "no earlier rows of the project are kept",
    }
    assert words[reason] in page
    assert "since" not in server.calls[-1].query


async def save(room: Room, options: dict[str, Any]) -> None:
    answer = await room.system.http.put(
        f"{room.url}/projects/{PROJECT}/settings", json={"options": options}
    )
    assert answer.status_code == 200, answer.text
