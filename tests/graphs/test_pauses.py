"""A pause stops a plan between two calls, and the plan goes on by itself when it has ended."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.runs import resumption
from agent.runs.checkpoints import Checkpoints
from domain_services.sprint.client import SprintClient
from tests.agent.conftest import get
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change, end_lease, wait_for_status

PAUSE = "INSERT INTO pauses (project_id, reason, paused_by) VALUES (%s, 'audit', 'lena')"
END = "UPDATE pauses SET ended_at = now(), ended_by = 'lena'"
ROUNDS_SECONDS = 0.5  # several rounds of the recovery


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    """Start services whose recovery looks often."""
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", lease_seconds=2)
    yield system


@pytest.fixture
def paused_after_the_sprint(started: System, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pause all projects when the first sprint has been made; return the sprints made."""
    create, sprints = SprintClient.create_sprint, list[str]()

    async def create_then_pause(self: SprintClient, *values: Any, **named: Any) -> Any:
        answer = await create(self, *values, **named)
        if not sprints:
            await change(started, PAUSE, None)
        sprints.append(answer.sprint_id)
        return answer

    monkeypatch.setattr(SprintClient, "create_sprint", create_then_pause)
    return sprints


async def test_pause_between_two_calls_holds_the_second_until_it_ends(
    started: System, paused_after_the_sprint: list[str]
) -> None:
    await started.make_project("P", 3)
    refused = await started.orchestrate("P")
    assert (refused.status_code, refused.json()["code"]) == (503, "paused")
    assert "paused by lena since" in refused.json()["detail"]
    assert "dsm pause --end" in refused.json()["detail"]
    await asyncio.sleep(ROUNDS_SECONDS)
    run = await get(started, refused.json()["run_url"])
    assert (run["status"], run["tries"], run["error"]["kind"]) == ("decided", 0, "Paused")
    assert paused_after_the_sprint == ["P-S01"]
    assert await get(started, "/orchestrate/project/P/schedules") == []

    await change(started, END)
    done = await wait_for_status(started, refused.json()["run_url"], "done", "failed")
    assert done["status"] == "done"
    assert done["answer"]["created"]["sprint_id"] == "P-S01"
    assert done["answer"]["created"]["cronjob"]["sprint_id"] == "P-S01"
    # The repeated call of the sprint was recognised by its key.
    sprints = await get(started, "/sprints/by-project/P", "sprint")
    assert [sprint["sprint_id"] for sprint in sprints] == ["P-S01"]
    assert len(await get(started, "/orchestrate/project/P/schedules")) == 1


async def test_recovery_leaves_the_runs_of_a_paused_project(started: System) -> None:
    await started.make_project("P", 3)
    await started.make_project("OTHER", 3)
    run = (await started.orchestrate("P")).json()
    other = (await started.orchestrate("OTHER")).json()
    await change(started, "DELETE FROM episode_journal")
    await change(started, PAUSE, "P")
    [(token,)] = await change(started, "SELECT token FROM runs WHERE project_id = 'P'")
    await end_lease(started, run["run_id"])
    await end_lease(started, other["run_id"])
    await wait_for_status(started, other["run_url"], "done")
    await asyncio.sleep(ROUNDS_SECONDS)
    assert (await get(started, run["run_url"]))["status"] == "decided"
    # Nobody has claimed it again and again.
    assert await change(started, "SELECT token FROM runs WHERE project_id = 'P'") == [(token,)]
    await change(started, END)
    await wait_for_status(started, run["run_url"], "done")


async def test_pause_after_the_claim_of_a_recovery_counts_no_failed_try(
    started: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await started.make_project("P", 3)
    run = (await started.orchestrate("P")).json()
    find, paused = Checkpoints.find, asyncio.Event()

    async def pause_then_find(self: Checkpoints, run_id: Any) -> Any:
        if not paused.is_set():
            await change(started, PAUSE, "P")
            paused.set()
        return await find(self, run_id)

    monkeypatch.setattr(Checkpoints, "find", pause_then_find)
    await change(started, "DELETE FROM episode_journal")
    await change(started, "DELETE FROM checkpoint_writes")
    await end_lease(started, run["run_id"])
    await asyncio.wait_for(paused.wait(), 10)
    await asyncio.sleep(ROUNDS_SECONDS)
    resting = await get(started, run["run_url"])
    assert (resting["status"], resting["tries"]) == ("decided", 0)
    assert resting["error"]["kind"] == "Paused"
    await change(started, END)
    await wait_for_status(started, run["run_url"], "done")
