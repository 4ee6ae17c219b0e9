"""Items that a background loop cannot work on, each put before a healthy one.

Most are rows or entries that no release of ours wrote.
"""

from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from redis.asyncio import Redis

from domain_services.events import DAILY_SCRUM_EVENTS
from domain_services.kernel.messaging.envelope import confirmations_key
from memory.audits import ROUTE
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores


@dataclass
class Patient:
    """Running services into which a poison is put."""

    fleet: Fleet
    stores: Stores

    async def execute(self, service: str, statement: LiteralString, *values: Any) -> None:
        """Run a statement in a service's database, as its owner."""
        url = self.fleet.databases[service].replace("+psycopg", "")
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(statement, values or None)

    async def true(self, service: str, query: LiteralString) -> bool:
        """Tell whether a query returns a row whose first column is true."""
        rows = await self.stores.rows(service, query)
        return bool(rows and rows[0][0])

    async def sprint(self, project: str, tasks: int = 2) -> list[str]:
        """Create a project with a running sprint; return the ids of its tasks."""
        ids = await self.fleet.create_project(project, tasks, ["ann"])
        created = await self.fleet.call("sprint", "POST", f"/sprints/{project}", {}, key=project)
        assert created.status_code == 201, created.text
        return ids


async def run(patient: Patient) -> None:
    """Leave two runs that a killed process decided."""
    for project in ("POISON-RUN", "HEALTHY-RUN"):
        await patient.fleet.create_project(project, 2, ["ann"])
        call = ("orchestrator", "POST", f"/orchestrate/project/{project}", {})
        await patient.fleet.call_and_kill("orchestrator", "run.decided:after", *call)


async def waiting(patient: Patient) -> None:
    """Put two plans whose time is over."""
    for number, project in enumerate(("POISON-WAITING", "HEALTHY-WAITING")):
        await patient.execute(
            "orchestrator",
            "INSERT INTO runs (run_id, project_id, status, lease_seconds, lease_until, request,"
            " decision, response, fingerprint, expires_at, decided_at)"
            " VALUES (gen_random_uuid(), %s, 'waiting', 30, now(), '{}', '{}', '{}', 'f',"
            " now() - make_interval(mins => 2 - %s), now())",
            project,
            number,
        )


async def delivery(patient: Patient) -> None:
    """Put a delivery that no route takes, and close a sprint."""
    await patient.execute(
        "sprint",
        "INSERT INTO deliveries (id, route, body, created_at) VALUES"
        " (gen_random_uuid(), '/v1/notes/sprint_retrospective', '{}', now() - interval '1 day')",
    )
    [task_id, *_] = await patient.sprint("HEALTHY-DELIVERY", 1)
    progress = {"progress_percentage": 100}
    await patient.fleet.call("sprint", "POST", f"/tasks/{task_id}/progress", progress)
    sprint = "/sprints/HEALTHY-DELIVERY-S01/close"
    assert (await patient.fleet.call("sprint", "POST", sprint)).status_code == 200


async def audit(patient: Patient) -> None:
    """Put an audit that the chronicle refuses, and decide."""
    await patient.execute(
        "orchestrator",
        "INSERT INTO deliveries (id, route, body, created_at) VALUES"
        " (%s, %s, '{\"project_id\": \"POISON-AUDIT\"}', now() - interval '1 day')",
        uuid4(),
        ROUTE,
    )
    await patient.fleet.create_project("HEALTHY-AUDIT", 2, ["ann"])
    assert (await patient.fleet.orchestrate("HEALTHY-AUDIT")).status_code == 200


_SCHEDULE: LiteralString = (
    "INSERT INTO cronjobs (name, kind, project_id, sprint_id, schedule, timezone, ends_on,"
    " starts_at, next_due_at) VALUES (%s, %s, %s, %s, '* * * * *', %s, '2999-12-31',"
    " now() - interval '1 hour', now() - interval '1 minute')"
)


async def schedule(patient: Patient) -> None:
    """Put a schedule in a zone that nobody knows beside a healthy one."""
    for project, zone in (("POISON-ROW", "Mars/Base"), ("HEALTHY-ROW", "UTC")):
        await patient.fleet.create_project(project, 0)
        row = (f"scrum-{project.lower()}", "daily_scrum", project, f"{project}-S01", zone)
        await patient.execute("orchestrator", _SCHEDULE, *row)


async def follow_up(patient: Patient) -> None:
    """Put two runs that follow the close of a sprint."""
    for number, project in enumerate(("POISON-FOLLOW", "HEALTHY-FOLLOW")):
        await patient.fleet.create_project(project, 2, ["ann"])
        name = f"run-orchestrate-{project.lower()}"
        row = (name, "orchestrate", project, None, "UTC")
        await patient.execute("orchestrator", _SCHEDULE, *row)
        # The schedule itself is not due: only the follow-up decides.
        await patient.execute(
            "orchestrator",
            "UPDATE cronjobs SET schedule = '0 0 1 1 *', next_due_at = now() + interval '1 hour'"
            " WHERE name = %s",
            name,
        )
        await patient.execute(
            "orchestrator",
            "INSERT INTO follow_up_runs (project_id, run_id, sprint_id, due_at)"
            " VALUES (%s, gen_random_uuid(), %s, now() - make_interval(mins => 2 - %s))",
            project,
            f"{project}-S00",
            number,
        )


async def episode(patient: Patient) -> None:
    """Put an episode that no release wrote, and decide."""
    await patient.execute(
        "orchestrator", """INSERT INTO episode_journal (episode) VALUES ('{"episode_id": "odd"}')"""
    )
    await patient.fleet.create_project("HEALTHY-EPISODE", 2, ["ann"])
    assert (await patient.fleet.orchestrate("HEALTHY-EPISODE")).status_code == 200


async def embedding(patient: Patient) -> None:
    """Put an episode without a perception before a healthy one."""
    await patient.fleet.create_project("HEALTHY-EMBEDDING", 2, ["ann"])
    assert (await patient.fleet.orchestrate("HEALTHY-EMBEDDING")).status_code == 200
    columns = (
        "project_id, origin, decided_at, agent_version, decision_source, day, reasoning, action,"
        " quality, recallable, features"
    )
    copy = f"INSERT INTO episodes (episode_id, perception, {columns}) SELECT"
    newest = f"{columns} FROM episodes ORDER BY decided_at DESC LIMIT 1"

    async def is_moved() -> bool:
        return await patient.true("orchestrator", "SELECT count(*) > 0 FROM episodes")

    await until(is_moved, "a decision that is remembered")
    # Ids in this order: the backfill meets the poison first.
    for number, perception in ((1, "'{}'::jsonb"), (2, "perception")):
        uuid = f"'00000000-0000-4000-8000-00000000000{number}'::uuid"
        await patient.execute("orchestrator", f"{copy} {uuid}, {perception}, {newest}")  # pyright: ignore


async def saga(patient: Patient) -> None:
    """Put a sprint whose request cannot be read, and leave one half made."""
    await patient.execute(
        "sprint", "INSERT INTO counters (project_id, last_number) VALUES ('POISON-SAGA', 1)"
    )
    await patient.execute(
        "sprint",
        "INSERT INTO sprints (id, project_id, number, name, status, start_date, end_date,"
        " duration_weeks, timezone, team, saga_step, lease_token, lease_until, request) VALUES"
        " ('POISON-SAGA-S01', 'POISON-SAGA', 1, 'Poison', 'planned', '2025-03-03', '2025-03-16', 2,"
        " 'UTC', '{}', 'reserving', gen_random_uuid(), now() - interval '1 hour', '{\"no\": 1}')",
    )
    await patient.fleet.create_project("HEALTHY-SAGA", 2, ["ann"])
    call = ("sprint", "POST", "/sprints/HEALTHY-SAGA", {})
    await patient.fleet.call_and_kill("sprint", "saga.reserved", *call, key="healthy-saga")


async def event(patient: Patient) -> None:
    """Put an entry that is no event before a report of progress."""
    [task_id, *_] = await patient.sprint("HEALTHY-EVENT", 1)
    async with Redis.from_url(patient.fleet.redis_url) as redis:
        await redis.xadd(DAILY_SCRUM_EVENTS, {"event": "no event"})
    progress = {"progress_percentage": 77}
    await patient.fleet.call("sprint", "POST", f"/tasks/{task_id}/progress", progress)


async def confirmation(patient: Patient) -> None:
    """Put a confirmation that nobody sent before a healthy event."""
    async with Redis.from_url(patient.fleet.redis_url) as redis:
        await redis.rpush(confirmations_key("sprint-service"), "no confirmation")
    [task_id, *_] = await patient.sprint("HEALTHY-CONFIRMATION", 1)
    progress = {"progress_percentage": 11}
    await patient.fleet.call("sprint", "POST", f"/tasks/{task_id}/progress", progress)


async def outbox_row(patient: Patient) -> None:
    """Put an event that cannot be sent before a healthy one."""
    await patient.sprint("HEALTHY-OUTBOX", 1)
    # Rows as a process leaves them that dies after its commit: this one has to send them.
    await patient.execute(
        "sprint",
        "INSERT INTO outbox (event_id, stream, payload, awaiting, created_at) VALUES"
        " (gen_random_uuid(), %s, '{\"no\": \"event\"}', '{}', now() - interval '1 minute')",
        DAILY_SCRUM_EVENTS,
    )
    await patient.execute(
        "sprint",
        "INSERT INTO outbox (event_id, stream, payload, awaiting, created_at)"
        " SELECT '00000000-0000-4000-8000-000000000003', stream, payload"
        " || '{\"event_id\": \"00000000-0000-4000-8000-000000000003\"}', '{}',"
        " now() - interval '1 minute' FROM outbox"
        " WHERE payload -> 'event_data' ->> 'project_id' = 'HEALTHY-OUTBOX' LIMIT 1",
    )


async def own_job(patient: Patient) -> None:
    """Make two jobs of the service due."""
    for name in ("run-backfill", "run-learn"):
        await patient.execute(
            "orchestrator",
            "UPDATE cronjobs SET schedule = '* * * * *', starts_at = now() - interval '1 hour',"
            " last_due_at = NULL, next_due_at = now() - interval '1 minute' WHERE name = %s",
            name,
        )


async def retention(patient: Patient) -> None:
    """Put a row that cannot be deleted beside one that can."""
    # A row that cannot be deleted, as one to which another table refers.
    await patient.execute("sprint", "CREATE TABLE holds (id uuid REFERENCES deliveries)")
    await patient.execute(
        "sprint",
        "WITH old AS (INSERT INTO deliveries (id, route, body, delivered_at) VALUES"
        " (gen_random_uuid(), '/', '{}', now() - interval '1 year') RETURNING id)"
        " INSERT INTO holds SELECT id FROM old",
    )
    await patient.execute(
        "sprint",
        "INSERT INTO dead_letters (stream, consumer_group, entry_id, payload, error, tries,"
        " resolution, resolved_at) VALUES ('old', 'old', '0-0', '', '', 1, 'discarded',"
        " now() - interval '1 year')",
    )


async def reservation(patient: Patient) -> None:
    """Put two tasks that a sprint holds which is not there."""
    for project in ("POISON-HELD", "HEALTHY-HELD"):
        await patient.fleet.create_project(project, 1)
        await patient.execute(
            "backlog",
            "UPDATE tasks SET sprint_id = project_id || '-S09', status = 'assigned_to_sprint'"
            " WHERE project_id = %s",
            project,
        )
