"""Invariants over all databases together, true once the system is quiet (I1 to I9).

Each check returns the violations, one line each; an empty list means that the invariant holds.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from domain_services.chronicle.logic import audits
from domain_services.events import (
    BACKLOG_GROUP,
    DAILY_SCRUM_EVENTS,
    EVENTS,
    SPRINT_EVENTS,
)
from domain_services.kernel.database.database import Database

# Work that keeps a service from being quiet: its name, and the query that counts it.
_UNFINISHED: dict[str, tuple[tuple[str, LiteralString], ...]] = {
    "sprint": (
        ("planned sprints", "SELECT count(*) FROM sprints WHERE status = 'planned'"),
        ("open outbox rows", "SELECT count(*) FROM outbox WHERE closed_at IS NULL"),
        (
            "undelivered retrospectives",
            "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL",
        ),
    ),
    "orchestrator": (
        ("unfinished runs", "SELECT count(*) FROM runs WHERE status IN ('running', 'decided')"),
        ("episodes in the journal", "SELECT count(*) FROM episode_journal WHERE refused IS NULL"),
        ("undelivered audits", "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL"),
    ),
}


class Stores:
    """Databases of one system by service name, and its Redis."""

    def __init__(self, databases: Mapping[str, str], redis_url: str) -> None:
        self._urls = {name: url.replace("+psycopg", "") for name, url in databases.items()}
        self._redis_url = redis_url

    def has(self, name: str) -> bool:
        return name in self._urls

    async def rows(self, name: str, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """Query the database of a service; return no rows where the service has no database."""
        if name not in self._urls:
            return []
        async with await psycopg.AsyncConnection.connect(self._urls[name]) as connection:
            return await (await connection.execute(query, values or None)).fetchall()

    async def unfinished(self) -> dict[str, int]:
        """Count unfinished work by name; return an empty dictionary when the system is quiet."""
        counts = {
            f"{name}: {work}": int((await self.rows(name, query))[0][0])
            for name, queries in _UNFINISHED.items()
            if name in self._urls
            for work, query in queries
        }
        async with Redis.from_url(self._redis_url) as redis:
            for stream in (DAILY_SCRUM_EVENTS, SPRINT_EVENTS):
                for group in await _groups(redis, stream):
                    counts[f"{stream} pending in {group['name'].decode()}"] = int(group["pending"])
        return {work: count for work, count in counts.items() if count}

    async def wait_until_quiet(self, seconds: float = 20) -> list[str]:
        """Wait until no work is unfinished (I8); return the work that still is after `seconds`."""
        deadline = time.monotonic() + seconds
        while unfinished := await self.unfinished():
            if time.monotonic() > deadline:
                return [f"I8 still unfinished after {seconds} s: {unfinished}"]
            await asyncio.sleep(0.05)
        return []

    async def violations(self) -> list[str]:
        """Check every invariant of a quiet system."""
        violations = [line for check in _CHECKS for line in await check(self)]
        return violations + await _chains(self, self._urls.get("chronicle"))


async def _groups(redis: Redis, stream: str) -> list[dict[str, Any]]:
    try:
        return await redis.xinfo_groups(stream)
    except ResponseError:  # there is no such stream
        return []


async def _one_active_sprint(stores: Stores) -> list[str]:
    rows = await stores.rows(
        "sprint",
        "SELECT project_id, array_agg(id) FROM sprints WHERE status IN ('planned', 'in_progress')"
        " GROUP BY 1 HAVING count(*) > 1",
    )
    return [f"I1 {project} has more than one active sprint: {ids}" for project, ids in rows]


async def _backlog_agrees(stores: Stores) -> list[str]:
    if not (stores.has("backlog") and stores.has("sprint")):
        return []
    backlog_rows = await stores.rows(
        "backlog",
        "SELECT task_id, sprint_id, status, progress_percentage, assigned_to, version,"
        " sprint_version FROM tasks",
    )
    tasks = {
        (row[0], row[1]): row[2:]
        for row in await stores.rows(
            "sprint",
            "SELECT t.task_id, t.sprint_id, t.status, t.progress_percentage, t.assigned_to,"
            " t.version, s.status FROM sprint_tasks t JOIN sprints s ON s.id = t.sprint_id",
        )
    }
    violations: list[str] = []
    for task_id, sprint_id, *state, version, sprint_version in backlog_rows:
        if sprint_version > version:
            violations.append(f"I5 {task_id} is at {version}, below the sprint's {sprint_version}")
        if sprint_id is None:
            continue
        task = tasks.get((task_id, sprint_id))
        if task is None:
            violations.append(f"I2 {task_id} is in {sprint_id}, which has no such task")
        elif task[4] == "in_progress" and [*task[:3]] != state:
            violations.append(f"I4 {task_id} is {state} in the backlog, {task[:3]} in {sprint_id}")
    sprint_by_task = {row[0]: row[1] for row in backlog_rows}
    for (task_id, sprint_id), task in tasks.items():
        stays = task[4] == "in_progress" or task[0] == "completed"
        if stays and sprint_by_task.get(task_id, sprint_id) != sprint_id:
            violations.append(f"I2 {task_id} of {sprint_id} is in {sprint_by_task.get(task_id)}")
        if not stays and sprint_by_task.get(task_id) == sprint_id:
            violations.append(f"I2 {task_id} is still in {sprint_id}, which is {task[4]}")
    return violations


async def _events_once(stores: Stores) -> list[str]:
    """Every event that a group must confirm is in that group's inbox exactly once."""
    if not stores.has("backlog"):
        return []
    awaited = [event.event_type for event in EVENTS if BACKLOG_GROUP in event.confirmed_by]
    sent = await stores.rows(
        "sprint", "SELECT event_id FROM outbox WHERE payload->>'event_type' = ANY(%s)", awaited
    )
    applied = {row[0] for row in await stores.rows("backlog", "SELECT event_id FROM inbox")}
    parked = await stores.rows("backlog", "SELECT payload FROM dead_letters")
    lost = [
        event_id
        for (event_id,) in sent
        if event_id not in applied and not any(str(event_id) in row[0] for row in parked)
    ]
    return [f"I4 event {event_id} never took effect" for event_id in lost]


async def _progress_rises(stores: Stores) -> list[str]:
    rows = await stores.rows(
        "sprint",
        "SELECT task_id, version FROM (SELECT task_id, sprint_id, version, lag(version) OVER"
        " (PARTITION BY sprint_id, task_id ORDER BY id) AS before FROM progress_history) AS h"
        " WHERE version < before",
    )
    return [f"I5 {task_id} fell to version {version}" for task_id, version in rows]


async def _one_episode_a_decision(stores: Stores) -> list[str]:
    rows = await stores.rows(
        "orchestrator",
        "SELECT run_id, status, (SELECT count(*) FROM episodes WHERE episode_id = run_id)"
        " FROM runs WHERE status = 'done'",
    )
    return [
        f"I6 run {run_id} is {status}, with {n} episodes" for run_id, status, n in rows if n != 1
    ]


async def _one_audit_a_decision(stores: Stores) -> list[str]:
    if not stores.has("chronicle"):
        return []
    done = await stores.rows("orchestrator", "SELECT run_id FROM runs WHERE status = 'done'")
    audited = {
        row[0] for row in await stores.rows("chronicle", "SELECT audit_id FROM decision_audits")
    }
    return [f"I9 run {run_id} was never audited" for (run_id,) in done if run_id not in audited]


async def _schedules_of_active_sprints(stores: Stores) -> list[str]:
    scheduled = {r[0] for r in await stores.rows("orchestrator", "SELECT sprint_id FROM schedules")}
    requested = {
        row[0]
        for row in await stores.rows(
            "orchestrator",
            "SELECT response->'created'->>'sprint_id' FROM runs WHERE status = 'done'"
            " AND jsonb_typeof(response->'created'->'cronjob') = 'object'",
        )
    }
    active = {
        row[0]
        for row in await stores.rows(
            "sprint", "SELECT id FROM sprints WHERE status = 'in_progress'"
        )
    }
    missing = [f"I7 {sprint} has no CronJob" for sprint in requested & active - scheduled]
    return missing + [f"I7 {sprint} was never requested" for sprint in scheduled - requested]


async def _chains(stores: Stores, url: str | None) -> list[str]:
    if url is None:
        return []
    database = Database(url.replace("postgresql:", "postgresql+psycopg:"), pool_size=1)
    try:
        async with database.transaction() as connection:
            verification = await audits.verify(connection, None)
    finally:
        await database.close()
    return (
        []
        if verification.verified
        else [f"I9 the audit chain breaks at {verification.first_broken}"]
    )


_CHECKS = (
    _one_active_sprint,
    _backlog_agrees,
    _events_once,
    _progress_rises,
    _one_episode_a_decision,
    _one_audit_a_decision,
    _schedules_of_active_sprints,
)
