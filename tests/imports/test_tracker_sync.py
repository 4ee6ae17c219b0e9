"""`dsm sync` of a tracker over real services: changes alone are asked for, and nothing is lost."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import time
from typing import Any

import httpx
import pytest

from agent.cli.import_sources import import_github
from agent.cli.sync import sync
from agent.cli.target import KEY_VARIABLE, Target
from tests.conftest import ADMIN_KEY
from tests.imports.conftest import Room
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.tracker_server import Call, Fault, Reply, TrackerServer, serving_tracker

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
    server.moment += 120
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


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def save(room: Room, options: dict[str, Any]) -> None:
    answer = await room.system.http.put(
        f"{room.url}/projects/{PROJECT}/settings", json={"options": options}
    )
    assert answer.status_code == 200, answer.text


async def test_import_between_reading_and_writing_has_everything_read_again(
    room: Room, target: Target, github: GitHub, server: TrackerServer,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    await run(import_github, REPOSITORY, api=server.url, target=target)
    first = await source_of(room)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}

    def import_meanwhile(call: Call) -> Reply:
        """Bring the moment of the last import forward, as a slow import of another person does."""
        begun = datetime.fromisoformat(first["read_at"]) - timedelta(hours=1)
        options = {"source": {**first, "read_at": begun.isoformat()}}
        answer = httpx.put(
            f"{room.url}/projects/{PROJECT}/settings", json={"options": options}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        return Reply(github.issues[:1])

    server.faults = [Fault("/issues", import_meanwhile)]
    server.moment += 120
    server.calls.clear()
    capsys.readouterr()
    await run(sync, PROJECT, target=target)
    page = " ".join(capsys.readouterr().out.split())
    assert "Everything was read again: these changes begin after the moment" in page
    queries = [call.query for call in server.calls if call.path.endswith("/issues")]
    assert "since" in queries[0]
    assert "since" not in queries[-1]
    assert (await source_of(room))["read_at"] > first["read_at"]


async def test_options_of_the_last_import_hold_for_a_tracker_and_for_its_changes(
    room: Room, target: Target, server: TrackerServer, capsys: pytest.CaptureFixture[str]
) -> None:
    # The URL of the orchestrator is enough.
    alone = replace(target, urls={"orchestrator": room.system.urls["orchestrator"]})
    await run(import_github, REPOSITORY, api=server.url, statuses=["open=doing"], target=alone)
    first = await source_of(room)
    capsys.readouterr()
    await run(import_github, REPOSITORY, api=server.url, target=alone)
    assert "Used from the last import: --status open=doing." in capsys.readouterr().out
    again = await source_of(room)
    assert again["options_hash"] == first["options_hash"] != ""
    server.calls.clear()
    await run(sync, PROJECT, target=alone)
    queries = [call.query for call in server.calls if call.path.endswith("/issues")]
    assert ["since" in query for query in queries] == [True]


async def test_refused_rows_of_a_tracker_are_written_where_a_person_says(
    room: Room, target: Target, github: GitHub, server: TrackerServer, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    github.issues[3] |= {"created_at": None}
    await run(import_github, REPOSITORY, api=server.url, dry_run=True, target=target)
    assert "1 refused" in " ".join(capsys.readouterr().out.split())
    assert names_in(tmp_path) == []
    path = tmp_path / "refused.csv"
    await run(
        import_github, REPOSITORY, api=server.url, dry_run=True, rejects=path, as_json=True,
        target=target,
    )  # fmt: skip
    output = capsys.readouterr().out
    answer = json.JSONDecoder().raw_decode(output, output.index("{\n"))[0]
    assert answer["files"][0]["file"] == f"repository {REPOSITORY}"
    assert answer["rejected_files"] == [str(path)]
    assert "4,created," in path.read_text()
