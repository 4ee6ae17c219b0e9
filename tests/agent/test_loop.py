"""The outcome of a closed sprint reaches the decision that created it, in any order of events."""

import json
from typing import Any
from uuid import uuid4

import psycopg
from redis.asyncio import Redis

from domain_services.events import ORCHESTRATOR_GROUP, SPRINT_EVENTS
from tests.agent.conftest import get, give_history, until
from tests.graphs.conftest import System


async def episodes(system: System, project_id: str) -> list[Any]:
    url = system.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            "SELECT sprint_id, completed_tasks, planned_tasks, quality, recallable"
            " FROM episodes WHERE project_id = %s ORDER BY decided_at",
            [project_id],
        )
        return await cursor.fetchall()


async def test_outcome_of_a_closed_sprint_reaches_the_episode_once(whole: System) -> None:
    await whole.make_project("LOOP", 12)
    await give_history(whole, "LOOP", [6, 7, 5])
    created = (await whole.orchestrate("LOOP")).json()["created"]
    assert created["sprint_id"] == "LOOP-S04"
    for task in created["tasks"]:
        path = f"/tasks/{task['task_id']}/progress"
        await whole.post("sprint", path, {"progress_percentage": 100})
    assert (await whole.post("sprint", "/sprints/LOOP-S04/close")).status_code == 200

    async def outcome() -> Any:
        rows = await episodes(whole, "LOOP")
        return rows if rows and rows[0][1] is not None else None

    ((sprint, completed, planned, quality, recallable),) = await until(outcome)
    assert (sprint, completed, planned) == ("LOOP-S04", 6, 6)
    assert quality >= 0.7
    assert recallable

    await send_again(whole)
    assert [completed for _, completed, *_ in await episodes(whole, "LOOP")] == [6]
    impact = await get(whole, "/orchestrate/intelligence/decision-impact/LOOP")
    assert impact["rule_based"]["outcomes"] == 1
    assert impact["rule_based"]["mean_miss"] == 0

    async def confirmed() -> bool:
        url = whole.databases["sprint"].replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            cursor = await connection.execute("SELECT count(*) FROM outbox WHERE closed_at IS NULL")
            return await cursor.fetchone() == (0,)

    await until(confirmed)


async def send_again(system: System) -> None:
    """Send the last event again, an older outcome, and the outcome of a sprint without a decision.

    Wait until the orchestrator has consumed all of them.
    """
    async with Redis.from_url(system.redis_url) as redis:
        event: Any = json.loads((await redis.xrange(SPRINT_EVENTS))[-1][1][b"event"])
        assert event["event_type"] == "SPRINT_CLOSED"
        older = json.loads(json.dumps(event))
        older["event_id"] = str(uuid4())
        older["event_data"] |= {"completed_tasks": 1, "closed_at": "2020-01-01T00:00:00Z"}
        by_hand = json.loads(json.dumps(event))
        by_hand["event_id"] = str(uuid4())
        by_hand["event_data"] |= {"sprint_id": "LOOP-S99"}
        for message in (event, older, by_hand):
            await redis.xadd(SPRINT_EVENTS, {"event": json.dumps(message)})

        async def all_consumed() -> bool:
            (group,) = [
                group
                for group in await redis.xinfo_groups(SPRINT_EVENTS)
                if group["name"] == ORCHESTRATOR_GROUP.encode()
            ]
            return group["lag"] == 0 and group["pending"] == 0

        await until(all_consumed)


async def test_sprint_closed_before_half_of_its_days_teaches_nothing(whole: System) -> None:
    await whole.make_project("EARLY", 12)
    created = (await whole.orchestrate("EARLY")).json()["created"]
    path = f"/tasks/{created['tasks'][0]['task_id']}/progress"
    await whole.post("sprint", path, {"progress_percentage": 100})
    assert (await whole.post("sprint", "/sprints/EARLY-S01/close")).status_code == 200

    async def outcome() -> Any:
        rows = await episodes(whole, "EARLY")
        return rows if rows and rows[0][1] is not None else None

    ((_, completed, _, _, recallable),) = await until(outcome)
    assert (completed, recallable) == (1, False)
    impact = await get(whole, "/orchestrate/intelligence/decision-impact/EARLY")
    assert (impact["rule_based"]["decisions"], impact["rule_based"]["outcomes"]) == (1, 0)
    again = (await whole.orchestrate("EARLY", dry_run=True)).json()
    assert again["analysis"]["historical_context"]["past_sprints"] == 0


async def test_cancelled_sprint_is_marked_at_its_decision(whole: System) -> None:
    await whole.make_project("OFF", 3)
    created = (await whole.orchestrate("OFF")).json()["created"]
    body = {"reason": "begun by mistake"}
    path = f"/sprints/{created['sprint_id']}/cancel"
    assert (await whole.post("sprint", path, body)).status_code == 200
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    query = (
        "SELECT action #>> '{cancelled,reason}', recallable FROM episodes"
        " WHERE cancelled_at IS NOT NULL"
    )

    async def marked() -> Any:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            return await (await connection.execute(query)).fetchall()

    assert await until(marked) == [("begun by mistake", False)]

    async def free() -> bool:
        again = (await whole.orchestrate("OFF", dry_run=True)).json()
        return again["analysis"]["unassigned_tasks"] == 3

    # The tasks come back by events.
    assert await until(free)


async def test_audit_is_delivered_when_the_chronicle_is_back(whole: System) -> None:
    await whole.make_project("AWAY", 1)
    await whole.stop("chronicle")
    run = (await whole.orchestrate("AWAY")).json()
    assert run["created"]["sprint_id"] == "AWAY-S01"

    async def delivery_failed() -> bool:
        url = whole.databases["orchestrator"].replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            cursor = await connection.execute("SELECT attempts FROM deliveries")
            return await cursor.fetchone() not in (None, (0,))

    await until(delivery_failed)
    await whole.start("chronicle")

    async def audit() -> Any:
        path = "/v1/notes/decision_audit?project_id=AWAY"
        answer = await whole.http.get(whole.urls["chronicle"] + path)
        return answer.json() if answer.status_code == 200 else None

    (note,) = await until(audit)
    assert note["run_id"] == run["run_id"]
    assert "history:" in note["decision"]["degraded"][0]
