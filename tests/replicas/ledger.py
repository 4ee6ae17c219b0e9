"""Ledger of acknowledged writes, and its comparison with what is stored at the end."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, LiteralString

from tests.faults.invariants import Stores

# Projects of the load; other tests have others.
PREFIX = "LOAD-"

# Service and query of each kind of write.
_STORED: dict[str, tuple[str, LiteralString]] = {
    "task": ("backlog", "SELECT title FROM tasks WHERE project_id LIKE 'LOAD-%'"),
    "progress report": (
        "sprint",
        "SELECT today_work FROM progress_history"
        " WHERE sprint_id LIKE 'LOAD-%' AND source = 'reported'",
    ),
    "sprint": ("sprint", "SELECT id FROM sprints WHERE project_id LIKE 'LOAD-%'"),
    "closed sprint": (
        "sprint",
        "SELECT id FROM sprints WHERE project_id LIKE 'LOAD-%' AND status = 'completed'",
    ),
    "retrospective": (
        "chronicle",
        "SELECT sprint_id FROM sprint_retrospectives WHERE project_id LIKE 'LOAD-%'",
    ),
    "run": ("orchestrator", "SELECT run_id::text FROM runs WHERE project_id LIKE 'LOAD-%'"),
    "finished run": (
        "orchestrator",
        "SELECT run_id::text FROM runs WHERE project_id LIKE 'LOAD-%' AND status = 'done'",
    ),
    "audit": (
        "chronicle",
        "SELECT audit_id::text FROM decision_audits WHERE project_id LIKE 'LOAD-%'",
    ),
    "episode": (
        "orchestrator",
        "SELECT episode_id::text FROM episodes WHERE project_id LIKE 'LOAD-%'",
    ),
    "daily scrum report": (
        "chronicle",
        # Those of closed sprints came by their close, for what had been reported without a scrum.
        "SELECT sprint_id || ' ' || note_date || ' ' || id FROM chronicle_notes"
        " WHERE project_id LIKE 'LOAD-%' AND note_type = 'daily_scrum_report'"
        " AND sprint_id NOT IN (SELECT sprint_id FROM sprint_retrospectives)",
    ),
    "second report of a day": (
        "chronicle",
        "SELECT sprint_id || ' ' || note_date FROM chronicle_notes"
        " WHERE note_type = 'daily_scrum_report' GROUP BY sprint_id, note_date HAVING count(*) > 1",
    ),
}


@dataclass
class Ledger:
    """Writes that were answered with success; each must be stored, and once."""

    tasks: set[str] = field(default_factory=set[str])
    """Titles of tasks."""
    descriptions: dict[str, str] = field(default_factory=dict[str, str])
    """Newest description by task."""
    progress: set[str] = field(default_factory=set[str])
    """Texts of progress reports."""
    sprints: set[str] = field(default_factory=set[str])
    """Sprints that were created."""
    closed: set[str] = field(default_factory=set[str])
    """Those of them that were closed."""
    runs: set[str] = field(default_factory=set[str])
    """Orchestrations that were answered."""
    scrums: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """Report by sprint and day."""

    def counts(self) -> dict[str, int]:
        """Count the acknowledged writes by kind."""
        return {name: len(writes) for name, writes in vars(self).items()}

    async def violations(self, stores: Stores) -> list[str]:
        """Compare with the stores; return a line for each write that is lost or there twice."""
        rows: dict[str, list[tuple[Any, ...]]] = {
            kind: await stores.rows(service, query) for kind, (service, query) in _STORED.items()
        }
        scrums = {f"{sprint} {day} {report}" for (sprint, day), report in self.scrums.items()}
        acknowledged = {
            "task": self.tasks,
            "progress report": self.progress,
            "sprint": self.sprints,
            "closed sprint": self.closed,
            "retrospective": self.closed,
            "run": self.runs,
            "finished run": self.runs,
            "audit": self.runs,
            "episode": self.runs,
            "daily scrum report": scrums,
            "second report of a day": set(),
        }
        violations = [
            line
            for kind, marks in acknowledged.items()
            for line in _differences(kind, marks, rows[kind])
        ]
        return violations + await self._changed_descriptions(stores)

    async def _changed_descriptions(self, stores: Stores) -> list[str]:
        rows = await stores.rows("backlog", "SELECT task_id, description FROM tasks")
        stored: dict[str, str] = dict(rows)  # pyright: ignore[reportArgumentType]
        return [
            f"{task} is described as {stored.get(task)!r}, acknowledged was {text!r}"
            for task, text in self.descriptions.items()
            if stored.get(task) != text
        ]


def _differences(kind: str, acknowledged: set[str], rows: list[tuple[Any, ...]]) -> list[str]:
    """Name what is acknowledged and not stored, stored and not acknowledged, or stored twice."""
    stored = Counter(row[0] for row in rows)
    return [
        *(f"{kind} {mark} is lost" for mark in sorted(acknowledged - set(stored))),
        *(f"{kind} {mark} was never asked for" for mark in sorted(set(stored) - acknowledged)),
        *(f"{kind} {mark} is stored {n} times" for mark, n in stored.items() if n > 1),
    ]
