"""What callers were promised while faults were injected, and what became of it."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from tests.faults.fleet import Fleet
from tests.faults.invariants import Stores

PATIENCE_SECONDS = 60


@dataclass
class Ledger:
    """Acknowledged writes by kind, each with the mark by which it is found again.

    `sent` are the marks of all writes: one that was never acknowledged may be there, once.
    """

    acknowledged: dict[str, set[str]] = field(default_factory=dict)
    sent: dict[str, set[str]] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    internal_errors: list[str] = field(default_factory=list)

    def begin(self, kind: str) -> str:
        mark = f"{kind}-{uuid4()}"
        self.sent.setdefault(kind, set()).add(mark)
        return mark

    def keep(self, kind: str, mark: str) -> None:
        self.acknowledged.setdefault(kind, set()).add(mark)

    async def audit(self, stores: Stores) -> dict[str, int]:
        """Look every mark up: how many were acknowledged, lost, and there more than once."""
        there: Counter[str] = Counter()
        for name, query in (
            ("backlog", "SELECT title FROM tasks"),
            ("sprint", "SELECT today_work FROM progress_history"),
            ("sprint", "SELECT goal FROM sprints WHERE status <> 'cancelled'"),
            ("sprint", "SELECT 'close-' || id FROM sprints WHERE status LIKE '%%ed%%'"),
        ):
            there.update(row[0] for row in await stores.rows(name, query))
        acknowledged = set[str]().union(*self.acknowledged.values())
        sent = set[str]().union(*self.sent.values())
        return {
            "acknowledged writes": len(acknowledged),
            "lost writes": sum(not there[mark] for mark in acknowledged),
            "duplicated writes": sum(there[mark] > 1 for mark in sent),
        }


class Caller:
    """Asks until it has a definite answer, always with the same key."""

    def __init__(self, fleet: Fleet, ledger: Ledger) -> None:
        self.fleet = fleet
        self.ledger = ledger

    async def ask(
        self, service: str, path: str, body: Any, key: str, again: tuple[str, ...] = ()
    ) -> httpx.Response:
        """POST with retries; an answer whose code is in `again` is asked for again as well."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self.fleet.call(service, "POST", path, body, key=key)
            except httpx.TransportError as error:
                self.ledger.answers[type(error).__name__] += 1
            else:
                self.ledger.answers[str(answer.status_code)] += 1
                if answer.status_code == 500:
                    self.ledger.internal_errors.append(f"{service} {path}: {answer.text}")
                code = answer.json().get("code", "") if answer.status_code >= 400 else ""
                if answer.status_code < 500 and code not in ("request_in_progress", *again):
                    return answer
            assert time.monotonic() < deadline, f"{service} {path} had no answer in time"
            await asyncio.sleep(0.05)


async def sprints(fleet: Fleet, ledger: Ledger, project: str, stop: asyncio.Event) -> None:
    """One project's sprints, one after the other: planned, worked on, closed."""
    caller = Caller(fleet, ledger)
    while not stop.is_set():
        ids = await _plan(caller, project, 3)
        goal = ledger.begin("sprint")
        body = {"sprint_goal": goal, "task_ids": ids}
        made = await caller.ask("sprint", f"/sprints/{project}", body, goal)
        assert made.status_code == 201, made.text
        ledger.keep("sprint", goal)
        for task_id in ids:
            await _report(caller, task_id, 100)
        sprint_id = made.json()["sprint_id"]
        closed = await caller.ask("sprint", f"/sprints/{sprint_id}/close", None, f"c-{sprint_id}")
        assert closed.status_code == 200, closed.text
        ledger.keep("close", f"close-{sprint_id}")


async def orchestrations(fleet: Fleet, ledger: Ledger, project: str, stop: asyncio.Event) -> None:
    """One project that the orchestrator runs: it creates a sprint, the work is done, it closes."""
    caller = Caller(fleet, ledger)
    while not stop.is_set():
        await _plan(caller, project, 2)
        sprint_id = await _orchestrated(caller, project)
        for task_id in await _tasks_of(fleet, sprint_id):
            await _report(caller, task_id, 100)
        await _orchestrated(caller, project)


async def _plan(caller: Caller, project: str, count: int) -> list[str]:
    marks = [caller.ledger.begin("task") for _ in range(count)]
    body = {"tasks": [{"title": mark} for mark in marks]}
    planned = await caller.ask("backlog", f"/backlogs/{project}/tasks", body, marks[0])
    assert planned.status_code == 201, planned.text
    for mark in marks:
        caller.ledger.keep("task", mark)
    return planned.json()["task_ids"]


async def _report(caller: Caller, task_id: str, percentage: int) -> None:
    mark = caller.ledger.begin("progress")
    body = {"progress_percentage": percentage, "today_work": mark}
    told = await caller.ask("sprint", f"/tasks/{task_id}/progress", body, mark)
    assert told.status_code == 200, told.text
    caller.ledger.keep("progress", mark)


async def _orchestrated(caller: Caller, project: str) -> str:
    """The sprint that is in progress afterwards, or was closed."""
    key = str(uuid4())
    path = f"/orchestrate/project/{project}"
    again = ("run_in_progress", "lease_lost")
    decided = await caller.ask("orchestrator", path, {}, key, again=again)
    assert decided.status_code == 200, decided.text
    caller.ledger.answers["decisions"] += 1
    return await _newest(caller.fleet, project)


async def _newest(fleet: Fleet, project: str) -> str:
    found = await _get(fleet, f"/sprints/by-project/{project}?limit=1")
    return found[0]["sprint_id"]


async def _tasks_of(fleet: Fleet, sprint_id: str) -> list[str]:
    sprint = await _get(fleet, f"/sprints/{sprint_id}")
    return [each["task_id"] for each in sprint["tasks"] if sprint["status"] == "in_progress"]


async def _get(fleet: Fleet, path: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = await fleet.call("sprint", "GET", path)
            if answer.status_code == 200:
                return answer.json()
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"sprint {path} had no answer in time"
        await asyncio.sleep(0.05)
