"""Poisons: items that a background loop cannot work on, each with a healthy one behind it.

Where stored data cannot make the work fail in an unforeseen way, `install` makes a function of the
process fail for that item.
"""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, LiteralString

from deploy.catalogue import resolve
from domain_services.events import DAILY_SCRUM_EVENTS
from memory.audits import ROUTE
from tests.faults import poisoned_items
from tests.faults.poisoned_items import Patient

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


_READY = "/health/ready"
POISONS: dict[str, Poison] = {
    "run": Poison(
        "run recovery",
        "orchestrator",
        poisoned_items.run,
        "SELECT status = 'done' FROM runs WHERE project_id = 'HEALTHY-RUN'",
        "SELECT status = 'failed' AND tries = 5 FROM runs WHERE project_id = 'POISON-RUN'",
        "/runs?project_id=POISON-RUN&status=failed",
        REASON,
    ),
    "proposal": Poison(
        "proposals",
        "orchestrator",
        poisoned_items.waiting,
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
        poisoned_items.delivery,
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
        poisoned_items.audit,
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
        poisoned_items.schedule,
        "SELECT last_due_at IS NOT NULL FROM cronjobs WHERE project_id = 'HEALTHY-ROW'",
        "SELECT applied_state = 'refused' AND applied_reason LIKE '%%Mars/Base%%'"
        " FROM cronjobs WHERE project_id = 'POISON-ROW'",
        "/orchestrate/project/POISON-ROW/schedules",
        "Mars/Base",
    ),
    "follow-up": Poison(
        "follow-up runs",
        "orchestrator",
        poisoned_items.follow_up,
        "SELECT count(*) = 1 FROM runs WHERE project_id = 'HEALTHY-FOLLOW' AND status = 'done'",
        "SELECT set_aside_at IS NOT NULL AND error LIKE '%%nobody listed%%' FROM follow_up_runs"
        " WHERE project_id = 'POISON-FOLLOW'",
        "/admin/set-aside",
        REASON,
    ),
    "journal episode": Poison(
        "episode journal",
        "orchestrator",
        poisoned_items.episode,
        "SELECT count(*) > 0 FROM episodes WHERE project_id = 'HEALTHY-EPISODE'",
        "SELECT set_aside_at IS NOT NULL FROM episode_journal"
        " WHERE episode ->> 'episode_id' = 'odd'",
        "/admin/set-aside",
        "odd",
    ),
    "episode to embed": Poison(
        "embedding backfill",
        "orchestrator",
        poisoned_items.embedding,
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
        poisoned_items.saga,
        "SELECT status = 'in_progress' FROM sprints WHERE project_id = 'HEALTHY-SAGA'",
        "SELECT saga_set_aside_at IS NOT NULL AND saga_error <> '' FROM sprints"
        " WHERE project_id = 'POISON-SAGA'",
        "/admin/set-aside",
        "POISON-SAGA-S01",
    ),
    "event in the stream": Poison(
        f"consumer {DAILY_SCRUM_EVENTS}",
        "backlog",
        poisoned_items.event,
        "SELECT progress_percentage = 77 FROM tasks WHERE project_id = 'HEALTHY-EVENT'",
        "SELECT tries > 0 AND error <> '' FROM dead_letters WHERE payload LIKE '%%no event%%'",
        _READY,
        "could not be handled",
    ),
    "outbox row": Poison(
        "outbox send",
        "sprint",
        poisoned_items.outbox_row,
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
        poisoned_items.confirmation,
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
        poisoned_items.own_job,
        "SELECT count(*) > 0 FROM job_results WHERE name = 'run-learn'",
        "SELECT result LIKE 'Given up: LookupError: nobody listed%%' FROM job_results"
        " WHERE name = 'run-backfill'",
        "/orchestrate/schedules",
        REASON,
    ),
    "reservation": Poison(
        "reservations",
        "sprint",
        poisoned_items.reservation,
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
        poisoned_items.retention,
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
