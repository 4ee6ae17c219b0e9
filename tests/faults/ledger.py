"""Ledger: writes that were acknowledged under faults, to be compared with the stored ones."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import httpx

from tests.faults.invariants import Stores

PATIENCE_SECONDS = 60
_LATER = (408, 425, 429)


class System(Protocol):
    """Running services, by name."""

    async def call(
        self, service: str, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx.Response:
        """Send one request to a service with the admin's key."""
        ...


@dataclass
class Ledger:
    """Writes by kind, each by a unique mark that its stored row contains."""

    patience_seconds: float = PATIENCE_SECONDS
    """Longest time in which a write is repeated without a definite answer."""

    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    """Marks of writes that were answered with success; each must be stored once."""
    sent: dict[str, set[str]] = field(default_factory=dict)
    """Marks of all writes; one without an answer may be stored once or not at all."""
    answers: Counter[str] = field(default_factory=Counter)
    """Answers by status code, and broken connections by error."""
    internal_errors: list[str] = field(default_factory=list)
    """Answers with status 500."""

    def new_mark(self, kind: str) -> str:
        mark = f"{kind}-{uuid4()}"
        self.sent.setdefault(kind, set()).add(mark)
        return mark

    def acknowledge(self, kind: str, mark: str) -> None:
        self.acknowledged.setdefault(kind, set()).add(mark)

    async def audit(self, stores: Stores) -> dict[str, int]:
        """Count the marks that were acknowledged, that are lost, and that are stored twice."""
        stored: Counter[str] = Counter()
        for name, query in (
            ("backlog", "SELECT title FROM tasks"),
            ("sprint", "SELECT today_work FROM progress_history"),
            ("sprint", "SELECT goal FROM sprints WHERE status <> 'cancelled'"),
            ("sprint", "SELECT 'close-' || id FROM sprints WHERE status LIKE '%%ed%%'"),
            ("orchestrator", "SELECT request_key FROM runs WHERE status = 'done'"),
        ):
            stored.update(row[0] for row in await stores.rows(name, query))
        acknowledged = set[str]().union(*self.acknowledged.values())
        sent = set[str]().union(*self.sent.values())
        return {
            "acknowledged writes": len(acknowledged),
            "lost writes": sum(not stored[mark] for mark in acknowledged),
            "duplicated writes": sum(stored[mark] > 1 for mark in sent),
        }


class Caller:
    """Client that repeats a request, with the same key, until it has a definite answer."""

    def __init__(self, system: System, ledger: Ledger) -> None:
        self.system = system
        self.ledger = ledger

    async def post(
        self, service: str, path: str, body: Any, key: str, again: tuple[str, ...] = ()
    ) -> httpx.Response:
        """Send a POST with retries; an answer whose code is in `again` is retried as well."""
        deadline = time.monotonic() + self.ledger.patience_seconds
        while True:
            try:
                answer = await self.system.call(service, "POST", path, body, key=key)
            except httpx.TransportError as error:
                self.ledger.answers[type(error).__name__] += 1
            else:
                self.ledger.answers[str(answer.status_code)] += 1
                if answer.status_code == 500:
                    self.ledger.internal_errors.append(f"{service} {path}: {answer.text}")
                code = answer.json().get("code", "") if answer.status_code >= 400 else ""
                later = answer.status_code >= 500 or answer.status_code in _LATER
                if not later and code not in ("request_in_progress", *again):
                    return answer
            assert time.monotonic() < deadline, f"{service} {path} had no answer in time"
            await asyncio.sleep(0.05)


async def sprints(system: System, ledger: Ledger, project: str, stop: asyncio.Event) -> None:
    """Plan, work on and close sprints of one project, one after the other, until `stop`."""
    caller = Caller(system, ledger)
    while not stop.is_set():
        ids = await _plan(caller, project, 3)
        goal = ledger.new_mark("sprint")
        body = {"sprint_goal": goal, "task_ids": ids}
        created = await caller.post("sprint", f"/sprints/{project}", body, goal)
        assert created.status_code == 201, created.text
        ledger.acknowledge("sprint", goal)
        for task_id in ids:
            await _report(caller, task_id, 100)
        sprint_id = created.json()["sprint_id"]
        closed = await caller.post("sprint", f"/sprints/{sprint_id}/close", None, f"c-{sprint_id}")
        assert closed.status_code == 200, closed.text
        ledger.acknowledge("close", f"close-{sprint_id}")


async def orchestrations(system: System, ledger: Ledger, project: str, stop: asyncio.Event) -> None:
    """Let the orchestrator create and close sprints of one project until `stop`."""
    caller = Caller(system, ledger)
    while not stop.is_set():
        await _plan(caller, project, 2)
        sprint_id = await _orchestrated(caller, project)
        for task_id in await _tasks_of(caller, sprint_id):
            await _report(caller, task_id, 100)
        await _orchestrated(caller, project)


async def plans(system: System, ledger: Ledger, project: str, stop: asyncio.Event) -> None:
    """Add tasks to one backlog until `stop`."""
    caller = Caller(system, ledger)
    while not stop.is_set():
        await _plan(caller, project, 1)


async def _plan(caller: Caller, project: str, count: int) -> list[str]:
    marks = [caller.ledger.new_mark("task") for _ in range(count)]
    body = {"tasks": [{"title": mark} for mark in marks]}
    planned = await caller.post("backlog", f"/backlogs/{project}/tasks", body, marks[0])
    assert planned.status_code == 201, planned.text
    for mark in marks:
        caller.ledger.acknowledge("task", mark)
    return planned.json()["task_ids"]


async def _report(caller: Caller, task_id: str, percentage: int) -> None:
    mark = caller.ledger.new_mark("progress")
    body = {"progress_percentage": percentage, "today_work": mark}
    response = await caller.post("sprint", f"/tasks/{task_id}/progress", body, mark)
    assert response.status_code == 200, response.text
    caller.ledger.acknowledge("progress", mark)


async def _orchestrated(caller: Caller, project: str) -> str:
    """Run one orchestration; return the sprint that it created or closed."""
    key = caller.ledger.new_mark("decision")
    path = f"/orchestrate/project/{project}"
    again = ("run_in_progress", "lease_lost")
    decided = await caller.post("orchestrator", path, {}, key, again=again)
    assert decided.status_code == 200, decided.text
    caller.ledger.acknowledge("decision", key)
    caller.ledger.answers["decisions"] += 1
    return await _newest(caller, project)


async def _newest(caller: Caller, project: str) -> str:
    newest = await _get(caller, f"/sprints/by-project/{project}?limit=1")
    return newest[0]["sprint_id"]


async def _tasks_of(caller: Caller, sprint_id: str) -> list[str]:
    sprint = await _get(caller, f"/sprints/{sprint_id}")
    return [task["task_id"] for task in sprint["tasks"] if sprint["status"] == "in_progress"]


async def _get(caller: Caller, path: str) -> Any:
    deadline = time.monotonic() + caller.ledger.patience_seconds
    while True:
        try:
            answer = await caller.system.call("sprint", "GET", path)
            if answer.status_code == 200:
                return answer.json()
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"sprint {path} had no answer in time"
        await asyncio.sleep(0.05)
