"""One scenario over real services: its steps, and everything that can be read afterwards."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import psycopg

from tests.agent.conftest import until
from tests.golden.recording import parse, parse_column
from tests.graphs.conftest import System

AS_OF = date(2026, 3, 2)  # a Monday; its fortnight has ten working days in Germany
READ_AFTERWARDS = {
    "status": "/orchestrate/project/{}/status",
    "decision_impact": "/orchestrate/intelligence/decision-impact/{}",
    "insights": "/orchestrate/intelligence/project/{}/insights",
}
_EPISODES = """
    SELECT project_id, origin, decision_source, sprint_id, day::text, quality::text, recallable,
           requires_embedding, completed_tasks, planned_tasks, completion_rate::text, spill_over,
           duration_days, perception::text AS perception, reasoning::text AS reasoning,
           action::text AS action
    FROM episodes WHERE project_id = %s AND origin = 'run' ORDER BY decided_at
"""
_JSON = ("perception", "reasoning", "action")


async def rows(system: System, service: str, query: str, *values: object) -> list[dict[str, Any]]:
    """Read the database of a service."""
    url = system.databases[service].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        await cursor.execute(query, values)  # pyright: ignore[reportArgumentType]
        return await cursor.fetchall() if cursor.description else []


def _before(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat()


@dataclass
class Story:
    """A scenario of one project, which lives at `AS_OF` unless it says otherwise."""

    system: System
    project_id: str
    steps: list[dict[str, Any]] = field(default_factory=list)

    async def create_project(self, tasks: int, **changes: Any) -> None:
        facts = {"name": "Golden", "country": "DE", "progress_mode": "reported"}
        body = {"id": self.project_id} | facts | changes
        body.setdefault("as_of", AS_OF.isoformat())
        await self.post("project", "/projects", body)
        if tasks:
            await self.create_tasks(tasks)

    async def create_tasks(self, tasks: int, age_days: int | None = None) -> None:
        """Create tasks of three priorities; with an age in days where it is known."""
        created = {} if age_days is None else {"created_on": _before(age_days)}
        new = [
            {"title": f"Task {number}", "priority": 1 + number % 3} | created
            for number in range(tasks)
        ]
        await self.post("backlog", f"/backlogs/{self.project_id}/tasks", {"tasks": new})

    async def record_past_tasks(self, counts: list[int]) -> None:
        """Record tasks that were finished in the fortnights before; the last count is the newest.

        Each was four days old when its fortnight began, and finished three days later.
        """
        tasks = [
            {
                "external_key": f"PAST-{place}-{number}",
                "created_on": _before(14 * (len(counts) - place) + 4),
                "finished_on": _before(14 * (len(counts) - place) - 3),
            }
            for place, count in enumerate(counts)
            for number in range(count)
        ]
        await self.put("backlog", f"/backlogs/{self.project_id}/past-tasks", {"tasks": tasks})

    async def create_team(self, *people: str) -> None:
        for person in people:
            await self.post("project", "/employees", {"id": person, "name": f"Person {person}"})
        path = f"/projects/{self.project_id}/team-members-assign"
        await self.post("project", path, {"employee_ids": list(people)})

    async def record_history(self, completed: list[int], planned: int) -> None:
        """Record closed sprints of a fortnight each; the last one ended the day before."""
        first = AS_OF - timedelta(days=14 * len(completed))
        notes = [
            {
                "sprint_id": f"{self.project_id}-S{number:02d}",
                "project_id": self.project_id,
                "sprint_name": f"Sprint {number}",
                "start_date": (first + timedelta(days=14 * (number - 1))).isoformat(),
                "end_date": (first + timedelta(days=14 * number - 1)).isoformat(),
                "duration_weeks": 2,
                "planned_tasks_count": planned,
                "origin": "import",
                "tasks_summary": [
                    {"task_id": f"OLD{number}-{task}", "description": "done", "status": "close"}
                    for task in range(count)
                ],
            }
            for number, count in enumerate(completed, start=1)
        ]
        await self.post("chronicle", "/v1/notes/sprint_retrospective/bulk", {"notes": notes})
        path = f"/sprints/by-project/{self.project_id}/numbering"
        await self.put("sprint", path, {"last_number": len(completed)})

    async def change_mode(self, **body: Any) -> None:
        await self.post(
            "orchestrator", f"/orchestrate/project/{self.project_id}/decision-mode", body
        )

    async def post(self, service: str, path: str, body: Any = None) -> Any:
        answer = await self.system.post(service, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def put(self, service: str, path: str, body: Any) -> None:
        answer = await self.system.http.put(self.system.urls[service] + path, json=body)
        assert answer.is_success, answer.text

    async def orchestrate(self, **body: Any) -> Any:
        """Take a decision and record the answer as a step."""
        answer = await self.system.orchestrate(self.project_id, **body)
        self.steps.append(
            {"request": body, "status": answer.status_code, "answer": parse(answer.text)}
        )
        return answer.json()

    async def report(self, task_id: str, percentage: int) -> None:
        body = {"progress_percentage": percentage}
        await self.post("sprint", f"/tasks/{task_id}/progress", body)

    async def events_confirmed(self) -> bool:
        open_events = "SELECT id FROM outbox WHERE closed_at IS NULL"
        return not await rows(self.system, "sprint", open_events)

    async def wait_for_note(self, kind: str, sprint_id: str) -> None:
        url = f"{self.system.urls['chronicle']}/v1/notes/{kind}?sprint_id={sprint_id}"

        async def delivered() -> bool:
            return (await self.system.http.get(url)).status_code == 200

        await until(delivered)

    async def complete(self) -> dict[str, Any]:
        """Wait until everything has arrived, then read it."""
        for step in self.steps:
            if created := step["answer"]["created"]:
                await self.wait_for_note("sprint_planning", created["sprint_id"])
        await until(self._everything_arrived)
        document: dict[str, Any] = {"steps": self.steps}
        audits = await self._text("chronicle", self._audits_path())
        document["audits"] = parse(audits)
        document["episodes"] = await self._episodes()
        for name, path in READ_AFTERWARDS.items():
            document[name] = parse(await self._text("orchestrator", path.format(self.project_id)))
        trail = parse(await self._text("orchestrator", self._trail_path()))
        assert trail["audits"] == document["audits"]
        document["decision_audit"] = trail | {"audits": "<as above>"}
        return document

    def _audits_path(self) -> str:
        return f"/v1/notes/decision_audit?project_id={self.project_id}"

    def _trail_path(self) -> str:
        return f"/orchestrate/intelligence/decision-audit/{self.project_id}"

    async def _text(self, service: str, path: str) -> str:
        answer = await self.system.http.get(self.system.urls[service] + path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def _everything_arrived(self) -> bool:
        """Check that episodes are remembered, audits delivered and events confirmed."""
        decisions = len(self.steps)
        episodes = await rows(
            self.system, "orchestrator", "SELECT 1 FROM episodes WHERE origin = 'run'"
        )
        answer = await self.system.http.get(self.system.urls["orchestrator"] + self._trail_path())
        trail = answer.json() if answer.status_code == 200 else {"pending": None, "total": 0}
        delivered = trail["pending"] == 0 and trail["total"] == decisions
        return len(episodes) == decisions and delivered and await self.events_confirmed()

    async def _episodes(self) -> list[dict[str, Any]]:
        episodes = await rows(self.system, "orchestrator", _EPISODES, self.project_id)
        return [
            {
                name: parse_column(value) if name in _JSON else value
                for name, value in episode.items()
            }
            for episode in episodes
        ]
