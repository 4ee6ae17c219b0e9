"""Poisons: items that a background loop cannot work on, each with a healthy one behind it.

Most are rows or entries that no release of ours wrote. Where stored data cannot make the work fail
in an unforeseen way, `install` makes a function of the process fail for that item.
"""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from redis.asyncio import Redis

from deploy.catalogue import resolve
from domain_services.events import DAILY_SCRUM_EVENTS
from domain_services.kernel.messaging.envelope import confirmations_key
from memory.audits import ROUTE
from tests.faults.fleet import Fleet, until
from tests.faults.invariants import Stores

REASON = "nobody listed this failure"


def install(target: str, needle: str) -> None:
    """Make the coroutine function "module:Class.name" fail where an argument has `needle`."""
    module, _, path = target.partition(":")
    owner_name, _, name = path.partition(".")
    owner = getattr(import_module(module), owner_name)
    works = resolve(f"{module}:{owner_name}").__dict__[name]

    @functools.wraps(works)
    async def poisoned(*values: Any, **named: Any) -> Any:
        if needle in repr((values[1:], named)):
            raise LookupError(REASON)
        return await works(*values, **named)

    setattr(owner, name, poisoned)


# Functions that fail for an item by its name.
INSTALLED = {
    "sprint": {"domain_services.sprint.logic.reconciling:Reconciler._repair": "POISON-HELD"},
    "orchestrator": {
        "agent.runs.resumption:Resumption._prepare": "POISON-RUN",
        "memory.runs:RunTable.start": "POISON-FOLLOW",
        "memory.proposals:Proposals.expire": "POISON-WAITING",
        # Called without arguments of its own but the time: the whole job fails.
        "memory.backfill:Backfill.backfill_all": "",
    },
}


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


@dataclass(frozen=True)
class Poison:
    """One poison, the healthy item behind it, and where a person sees what became of both."""

    loop: str
    """Name of the loop, as metrics show it."""
    service: str
    put: Callable[[Patient], Awaitable[None]]
    """Puts the poison, then the healthy item."""
    is_healthy_done: LiteralString
    """Query of the service's database, true when the healthy item was worked on."""
    is_set_aside: LiteralString
    """Query, true when the poison is left alone with its reason."""
    shown: str
    """Path at which a person sees it."""
    words: str
    """Regular expression of a part of what stands there."""
    healthy_in: str | None = None
    """Service whose database has the healthy item; None: the loop's own."""
    keeps_failing: bool = False
    """True where nothing can be set aside: the loop shows as failing until a person mends it."""


async def _run(patient: Patient) -> None:
    for project in ("POISON-RUN", "HEALTHY-RUN"):
        await patient.fleet.create_project(project, 2, ["ann"])
        call = ("orchestrator", "POST", f"/orchestrate/project/{project}", {})
        await patient.fleet.call_and_kill("orchestrator", "run.decided:after", *call)


async def _waiting(patient: Patient) -> None:
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


async def _delivery(patient: Patient) -> None:
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


async def _audit(patient: Patient) -> None:
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


async def _schedule(patient: Patient) -> None:
    for project, zone in (("POISON-ROW", "Mars/Base"), ("HEALTHY-ROW", "UTC")):
        await patient.fleet.create_project(project, 0)
        row = (f"scrum-{project.lower()}", "daily_scrum", project, f"{project}-S01", zone)
        await patient.execute("orchestrator", _SCHEDULE, *row)


async def _follow_up(patient: Patient) -> None:
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


async def _episode(patient: Patient) -> None:
    await patient.execute(
        "orchestrator", """INSERT INTO episode_journal (episode) VALUES ('{"episode_id": "odd"}')"""
    )
    await patient.fleet.create_project("HEALTHY-EPISODE", 2, ["ann"])
    assert (await patient.fleet.orchestrate("HEALTHY-EPISODE")).status_code == 200


async def _embedding(patient: Patient) -> None:
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


async def _saga(patient: Patient) -> None:
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


async def _event(patient: Patient) -> None:
    [task_id, *_] = await patient.sprint("HEALTHY-EVENT", 1)
    async with Redis.from_url(patient.fleet.redis_url) as redis:
        await redis.xadd(DAILY_SCRUM_EVENTS, {"event": "no event"})
    progress = {"progress_percentage": 77}
    await patient.fleet.call("sprint", "POST", f"/tasks/{task_id}/progress", progress)


async def _confirmation(patient: Patient) -> None:
    async with Redis.from_url(patient.fleet.redis_url) as redis:
        await redis.rpush(confirmations_key("sprint-service"), "no confirmation")
    [task_id, *_] = await patient.sprint("HEALTHY-CONFIRMATION", 1)
    progress = {"progress_percentage": 11}
    await patient.fleet.call("sprint", "POST", f"/tasks/{task_id}/progress", progress)


async def _outbox_row(patient: Patient) -> None:
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


async def _own_job(patient: Patient) -> None:
    for name in ("run-backfill", "run-learn"):
        await patient.execute(
            "orchestrator",
            "UPDATE cronjobs SET schedule = '* * * * *', starts_at = now() - interval '1 hour',"
            " last_due_at = NULL, next_due_at = now() - interval '1 minute' WHERE name = %s",
            name,
        )


async def _retention(patient: Patient) -> None:
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


async def _reservation(patient: Patient) -> None:
    for project in ("POISON-HELD", "HEALTHY-HELD"):
        await patient.fleet.create_project(project, 1)
        await patient.execute(
            "backlog",
            "UPDATE tasks SET sprint_id = project_id || '-S09', status = 'assigned_to_sprint'"
            " WHERE project_id = %s",
            project,
        )


_READY = "/health/ready"
POISONS: dict[str, Poison] = {
    "run": Poison(
        "run recovery",
        "orchestrator",
        _run,
        "SELECT status = 'done' FROM runs WHERE project_id = 'HEALTHY-RUN'",
        "SELECT status = 'failed' AND tries = 5 FROM runs WHERE project_id = 'POISON-RUN'",
        "/runs?project_id=POISON-RUN&status=failed",
        REASON,
    ),
    "proposal": Poison(
        "proposals",
        "orchestrator",
        _waiting,
        "SELECT status = 'expired' FROM runs WHERE project_id = 'HEALTHY-WAITING'",
        # Nothing is set aside: a plan whose time is over is approved by nobody, and stays visible.
        "SELECT status = 'waiting' FROM runs WHERE project_id = 'POISON-WAITING'",
        _READY,
        "the background loop proposals has failed",
        keeps_failing=True,
    ),
    "delivery": Poison(
        "deliveries",
        "sprint",
        _delivery,
        "SELECT delivered_at IS NOT NULL FROM deliveries"
        " WHERE body ->> 'sprint_id' = 'HEALTHY-DELIVERY-S01'",
        "SELECT set_aside_at IS NOT NULL AND error <> '' FROM deliveries WHERE body = '{}'"
        " AND delivered_at IS NULL",
        _READY,
        "1 delivery was set aside after failing",
    ),
    "audit": Poison(
        "deliveries",
        "orchestrator",
        _audit,
        "SELECT bool_and(delivered_at IS NOT NULL) FROM deliveries"
        " WHERE body ->> 'project_id' = 'HEALTHY-AUDIT'",
        "SELECT set_aside_at IS NOT NULL AND error <> '' FROM deliveries"
        " WHERE body ->> 'project_id' = 'POISON-AUDIT'",
        "/admin/set-aside",
        ROUTE,
    ),
    "schedule row": Poison(
        "schedules: daily_scrum",
        "orchestrator",
        _schedule,
        "SELECT last_due_at IS NOT NULL FROM cronjobs WHERE project_id = 'HEALTHY-ROW'",
        "SELECT applied_state = 'refused' AND applied_reason LIKE '%%Mars/Base%%'"
        " FROM cronjobs WHERE project_id = 'POISON-ROW'",
        "/orchestrate/project/POISON-ROW/schedules",
        "Mars/Base",
    ),
    "follow-up": Poison(
        "follow-up runs",
        "orchestrator",
        _follow_up,
        "SELECT count(*) = 1 FROM runs WHERE project_id = 'HEALTHY-FOLLOW' AND status = 'done'",
        "SELECT set_aside_at IS NOT NULL AND error LIKE '%%nobody listed%%' FROM follow_up_runs"
        " WHERE project_id = 'POISON-FOLLOW'",
        "/admin/set-aside",
        REASON,
    ),
    "journal episode": Poison(
        "episode journal",
        "orchestrator",
        _episode,
        "SELECT count(*) > 0 FROM episodes WHERE project_id = 'HEALTHY-EPISODE'",
        "SELECT set_aside_at IS NOT NULL FROM episode_journal"
        " WHERE episode ->> 'episode_id' = 'odd'",
        "/admin/set-aside",
        "odd",
    ),
    "episode to embed": Poison(
        "embedding backfill",
        "orchestrator",
        _embedding,
        "SELECT NOT requires_embedding FROM episodes"
        " WHERE episode_id = '00000000-0000-4000-8000-000000000002'",
        "SELECT set_aside_at IS NOT NULL AND error <> '' FROM embedding_failures"
        " WHERE episode_id = '00000000-0000-4000-8000-000000000001'",
        "/admin/set-aside",
        "00000000-0000-4000-8000-000000000001",
    ),
    "saga": Poison(
        "saga recovery",
        "sprint",
        _saga,
        "SELECT status = 'in_progress' FROM sprints WHERE project_id = 'HEALTHY-SAGA'",
        "SELECT saga_set_aside_at IS NOT NULL AND saga_error <> '' FROM sprints"
        " WHERE project_id = 'POISON-SAGA'",
        "/admin/set-aside",
        "POISON-SAGA-S01",
    ),
    "event in the stream": Poison(
        f"consumer {DAILY_SCRUM_EVENTS}",
        "backlog",
        _event,
        "SELECT progress_percentage = 77 FROM tasks WHERE project_id = 'HEALTHY-EVENT'",
        "SELECT tries > 0 AND error <> '' FROM dead_letters WHERE payload LIKE '%%no event%%'",
        _READY,
        "could not be handled",
    ),
    "outbox row": Poison(
        "outbox send",
        "sprint",
        _outbox_row,
        "SELECT closed_at IS NOT NULL FROM outbox"
        " WHERE event_id = '00000000-0000-4000-8000-000000000003'",
        "SELECT set_aside_at IS NOT NULL AND error <> '' FROM outbox"
        ' WHERE payload = \'{"no": "event"}\'',
        "/admin/set-aside",
        "unsent_event",
    ),
    "confirmation": Poison(
        "outbox confirmations",
        "sprint",
        _confirmation,
        "SELECT bool_and(closed_at IS NOT NULL) FROM outbox"
        " WHERE payload -> 'event_data' ->> 'project_id' = 'HEALTHY-CONFIRMATION'",
        # Taken from its list before it is read: it comes once.
        "SELECT true",
        "/metrics",
        r'dsm_background_restarts_total\{loop="outbox confirmations"\} [1-9]',
    ),
    "own job": Poison(
        "schedules: backfill, learn, retention",
        "orchestrator",
        _own_job,
        "SELECT count(*) > 0 FROM job_results WHERE name = 'run-learn'",
        "SELECT result LIKE 'Given up: LookupError: nobody listed%%' FROM job_results"
        " WHERE name = 'run-backfill'",
        "/orchestrate/schedules",
        REASON,
    ),
    "reservation": Poison(
        "reservations",
        "sprint",
        _reservation,
        "SELECT sprint_id IS NULL FROM tasks WHERE project_id = 'HEALTHY-HELD'",
        # Repaired ever more rarely, and never given up: it may be a task of a running sprint.
        "SELECT true",
        "/metrics",
        r'dsm_background_restarts_total\{loop="reservations"\} [1-9]',
        healthy_in="backlog",
    ),
    "retention rule": Poison(
        "retention",
        "sprint",
        _retention,
        "SELECT count(*) = 0 FROM dead_letters WHERE stream = 'old'",
        "SELECT count(*) = 1 FROM deliveries WHERE route = '/'",
        _READY,
        "the background loop retention has failed",
        keeps_failing=True,
    ),
}

# Loops that have no item which a person, a peer or another release could spoil.
WITHOUT_ITEMS = {
    "embedding models": "asks one server whether it serves; a failure is an answer",
    "embedding queue": "a text that fails is answered to its request, and leaves the queue",
    "calibration refresh": "reads one row; until a good one comes, the calibration before holds",
    "advisor": "off by default; a decision that it fails at is logged and passed over",
    "prefetch": "its items are projects in memory; one that fails comes with its next change",
    "trimming": "its items are the streams of the code, each tried alone",
    "reconcile schedules": "runs in a cluster only: tests/kubernetes/test_reconciler.py",
    "schedules: skipped times": "runs in a cluster only: as the row above",
    "audit_cuts": "its items are chains, each cut alone: tests/services/chronicle",
}
