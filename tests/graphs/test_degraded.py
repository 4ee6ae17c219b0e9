"""With a missing peer a decision names what it lacked, or is refused with nothing half done."""

import asyncio
import time

import psycopg

from tests.graphs.conftest import System


async def test_decision_without_embeddings_uses_structured_recall(system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("LONE", 3)
    answer = (await system.orchestrate("LONE")).json()
    assert answer["created"]["sprint_id"] == "LONE-S01"
    assert answer["performance_metrics"]["recall_path"] == "structured"
    assert any("recall:" in reason for reason in answer["performance_metrics"]["degraded"])


async def test_rule_decides_without_the_chronicle_and_its_note_is_delivered_later(
    system: System,
) -> None:
    await system.start("project", "backlog", "sprint", "orchestrator")
    await system.make_project("MUTE", 2)
    answer = (await system.orchestrate("MUTE")).json()
    assert answer["created"]["sprint_id"] == "MUTE-S01"
    missing = " ".join(answer["performance_metrics"]["degraded"])
    assert "history:" in missing
    await system.start("chronicle")
    url = f"{system.urls['chronicle']}/v1/notes/sprint_planning?sprint_id=MUTE-S01"
    deadline = time.monotonic() + 20
    while (await system.http.get(url)).status_code != 200:
        assert time.monotonic() < deadline, "the planning note never arrived"
        await asyncio.sleep(0.1)


async def test_nothing_is_decided_without_the_backlog(system: System) -> None:
    await system.start("project", "chronicle", "sprint", "orchestrator")
    await system.post("project", "/projects", {"id": "DOWN", "name": "Down"})
    answer = await system.orchestrate("DOWN")
    assert answer.status_code == 503
    assert "backlog_service" in answer.json()["detail"]
    assert "Retry-After" in answer.headers
    sprints = await system.http.get(f"{system.urls['sprint']}/sprints/by-project/DOWN")
    assert sprints.json() == []


async def test_decided_run_is_resumed_when_the_sprint_service_is_back(system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", lease_seconds=1.5)
    await system.make_project("CUT", 4)
    url = system.databases["sprint"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        # The service reads sprints and cannot number a new one.
        await connection.execute("ALTER TABLE counters RENAME TO counters_away")
        refused = await system.orchestrate("CUT")
        assert refused.status_code == 503
        assert "decided but not yet done" in refused.json()["detail"]
        await connection.execute("ALTER TABLE counters_away RENAME TO counters")
    deadline = time.monotonic() + 60
    while True:
        answer = await system.http.get(f"{system.urls['sprint']}/sprints/by-project/CUT")
        if answer.json():
            break
        assert time.monotonic() < deadline, "the run was never resumed"
        await asyncio.sleep(0.1)
    assert [sprint["sprint_id"] for sprint in answer.json()] == ["CUT-S01"]
    assert answer.json()[0]["total_tasks"] == 4


async def test_two_orchestrations_at_once_make_one_sprint(system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("RACE", 5)
    answers = await asyncio.gather(*(system.orchestrate("RACE") for _ in range(8)))
    created = [answer.json()["created"] for answer in answers if answer.status_code == 200]
    assert len([sprint for sprint in created if sprint]) == 1
    refusals = {answer.json()["code"] for answer in answers if answer.status_code != 200}
    assert refusals <= {"run_in_progress"}


async def test_every_decision_becomes_an_episode(system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("KEPT", 2)
    created = (await system.orchestrate("KEPT")).json()
    idle = (await system.orchestrate("KEPT")).json()
    url = system.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        deadline = time.monotonic() + 20
        while True:
            rows = await (
                await connection.execute(
                    "SELECT episode_id::text, sprint_id FROM episodes ORDER BY decided_at"
                )
            ).fetchall()
            if len(rows) == 2:
                break
            assert time.monotonic() < deadline, f"only {len(rows)} episodes arrived"
            await asyncio.sleep(0.05)
    assert rows == [(created["run_id"], "KEPT-S01"), (idle["run_id"], None)]
