"""Ledger of acknowledged writes, and its comparison with what is stored at the end."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.invariants import Stores


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
        tasks = await stores.rows("backlog", "SELECT title FROM tasks")
        progress = await stores.rows(
            "sprint", "SELECT today_work FROM progress_history WHERE source <> 'simulated'"
        )
        sprints = await stores.rows("sprint", "SELECT id FROM sprints")
        closed = await stores.rows("sprint", "SELECT id FROM sprints WHERE status = 'closed'")
        runs = await stores.rows("orchestrator", "SELECT run_id::text FROM runs")
        done = await stores.rows(
            "orchestrator", "SELECT run_id::text FROM runs WHERE status = 'done'"
        )
        scrums = await stores.rows(
            "chronicle",
            "SELECT sprint_id || ' ' || note_date || ' ' || id FROM chronicle_notes"
            " WHERE note_type = 'daily_scrum_report'",
        )
        held = {f"{sprint} {day} {report}" for (sprint, day), report in self.scrums.items()}
        retrospectives = await stores.rows(
            "chronicle", "SELECT sprint_id FROM sprint_retrospectives"
        )
        audits = await stores.rows("chronicle", "SELECT audit_id::text FROM decision_audits")
        episodes = await stores.rows("orchestrator", "SELECT episode_id::text FROM episodes")
        return [
            *_differences("task", self.tasks, tasks),
            *_differences("progress report", self.progress, progress),
            *_differences("sprint", self.sprints, sprints),
            *_differences("closed sprint", self.closed, closed),
            *_differences("retrospective", self.closed, retrospectives),
            *_differences("run", self.runs, runs),
            *_differences("finished run", self.runs, done),
            *_differences("audit", self.runs, audits),
            *_differences("episode", self.runs, episodes),
            *_differences("daily scrum report", held, scrums),
            *await self._changed_descriptions(stores),
        ]

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
