"""No evidence of a decision is dated after its day, in generated installations."""

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import fmean
from typing import Any, Literal
from uuid import UUID

import pytest

from memory import outcomes
from memory.outcomes import ClosedSprint
from memory.pool import open_pool
from memory.postgres import PostgresEpisodes
from tests.agent.conftest import whole as whole
from tests.graphs.conftest import System
from tests.memory.conftest import perceive, remember

Source = Literal["reported", "simulated", "none"]
DAYS = 14
RECALLED = 15


@dataclass(frozen=True)
class Sprint:
    """A sprint of a generated project."""

    project_id: str
    number: int
    start: date
    ended_on: date
    completed: int
    outside: int
    source: Source
    imported: bool
    worked: bool

    @property
    def sprint_id(self) -> str:
        return f"{self.project_id}-S{self.number:02d}"

    @property
    def velocity(self) -> int:
        return self.completed + self.outside


@dataclass(frozen=True)
class Project:
    """A generated project: held at a day, or live."""

    project_id: str
    held_at: date | None
    mode: str
    sprints: tuple[Sprint, ...]

    @property
    def day(self) -> date:
        return self.held_at or date.today()

    def history(self, until: date, mode: str | None = None) -> list[Sprint]:
        """Return the sprints that count for a project, before a day, oldest first."""
        worked = [sprint for sprint in self.sprints if sprint.worked and sprint.ended_on < until]
        reported = [sprint for sprint in worked if sprint.source != "simulated"]
        if reported or (mode or self.mode) == "reported":
            return reported
        return worked


def generate(seed: int) -> list[Project]:
    """Return projects whose sprints lie around the days of the others."""
    chance = random.Random(seed)
    projects: list[Project] = []
    for number in range(6):
        project_id = f"P{number}"
        # The last sprints of a live project have ended; those of a held one go on after its day.
        last = date.today() - timedelta(chance.randrange(2, 200))
        live = chance.random() < 0.3
        mode = "simulated" if chance.random() < 0.3 else "reported"
        count = chance.randrange(5, 10)
        first = last - timedelta(DAYS * count)
        sprints = tuple(
            _sprint(chance, project_id, index, first + timedelta(DAYS * index), mode)
            for index in range(count)
        )
        held_at = None if live else first + timedelta(chance.randrange(DAYS * (count + 2)))
        projects.append(Project(project_id, held_at, mode, sprints))
    return projects


def _sprint(chance: random.Random, project_id: str, index: int, start: date, mode: str) -> Sprint:
    imported = mode == "reported" and chance.random() < 0.4
    idle = not imported and chance.random() < 0.2
    simulated = not imported and chance.random() < (0.9 if mode == "simulated" else 0.2)
    days = DAYS if imported else chance.randrange(3, DAYS + 1)
    return Sprint(
        project_id,
        index + 1,
        start,
        start + timedelta(days - 1),
        completed=0 if idle else chance.randrange(1, 9),
        outside=0 if imported else chance.randrange(3),
        source="none" if idle else "simulated" if simulated else "reported",
        imported=imported,
        worked=not idle,
    )


async def install(system: System, projects: list[Project]) -> None:
    """Store the projects, their retrospectives and their episodes."""
    for project in projects:
        body: dict[str, Any] = {"id": project.project_id, "name": project.project_id}
        body |= {"progress_mode": project.mode}
        if project.held_at:
            body["as_of"] = project.held_at.isoformat()
        assert (await system.post("project", "/projects", body)).status_code == 201
        tasks = [{"title": f"Task {number}"} for number in range(12)]
        await system.post("backlog", f"/backlogs/{project.project_id}/tasks", {"tasks": tasks})
        notes = [_note(sprint) for sprint in project.sprints]
        path = "/v1/notes/sprint_retrospective/bulk"
        answer = await system.post("chronicle", path, {"notes": notes})
        assert answer.status_code == 201, answer.text
    async with open_pool(system.databases["orchestrator"]) as pool:
        for project in projects:
            for sprint in project.sprints:
                await PostgresEpisodes(pool).add([_episode(sprint)])
                if not sprint.imported:
                    async with pool.connection() as connection, connection.transaction():
                        assert await outcomes.store(connection, _closed(sprint)) == 1


def _note(sprint: Sprint) -> dict[str, Any]:
    return {
        "sprint_id": sprint.sprint_id,
        "project_id": sprint.project_id,
        "sprint_name": f"Sprint {sprint.number}",
        "start_date": sprint.start.isoformat(),
        "end_date": (sprint.start + timedelta(DAYS - 1)).isoformat(),
        "ended_on": sprint.ended_on.isoformat(),
        "origin": "import" if sprint.imported else "sprint_service",
        "progress_source": None if sprint.imported else sprint.source,
        "worked": sprint.worked,
        "completed_outside": None if sprint.imported else sprint.outside,
        "tasks_summary": [
            {"task_id": f"{sprint.sprint_id}-{number}", "description": "done", "status": "close"}
            for number in range(sprint.completed)
        ],
    }


def _episode(sprint: Sprint) -> Any:
    perception = perceive(sprint.project_id, day=sprint.start)
    episode = remember(perception, sprint.number)
    if sprint.imported:
        return episode.model_copy(update={"origin": "import"})
    return episode.model_copy(update={"outcome": None})


def _closed(sprint: Sprint) -> ClosedSprint:
    return ClosedSprint(
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        completed_tasks=sprint.completed,
        planned_tasks=sprint.completed,
        completion_rate=1.0,
        spill_over=0,
        duration_days=(sprint.ended_on - sprint.start).days + 1,
        closed_at=datetime.combine(sprint.ended_on, datetime.min.time(), UTC),
        ended_on=sprint.ended_on,
        progress_source=sprint.source,
        worked=sprint.worked,
        completed_outside=sprint.outside,
    )


@pytest.mark.parametrize("seed", range(3))
async def test_no_evidence_of_a_decision_is_dated_after_its_day(whole: System, seed: int) -> None:
    projects = generate(seed)
    await install(whole, projects)
    for project in projects:
        answer = await whole.orchestrate(project.project_id, dry_run=True)
        assert answer.status_code == 200, answer.text
        run = answer.json()
        assert run["as_of"] == project.day.isoformat()
        assert not run["performance_metrics"]["degraded"][1:], "only embeddings are missing"
        _check_history(project, projects, run["analysis"]["historical_context"])
        _check_episodes(project, projects, run["intelligence_metadata"]["similar_episodes"])


def _check_history(project: Project, projects: list[Project], context: dict[str, Any]) -> None:
    # A live project reads all that is there; its sprints have ended.
    history = project.history(project.day)
    assert context["completed_per_sprint"] == [sprint.velocity for sprint in history]
    assert context["past_sprints"] == len(history)
    others = {other.project_id: other for other in projects}
    for similar in context["similar_projects"]:
        other = others[similar["project_id"]]
        until = project.day if project.held_at else date.today() + timedelta(1)
        kind = "simulated" if history[0].source == "simulated" else "reported"
        known = other.history(until, kind)
        assert similar["sprint_count"] == len(known)
        assert similar["average_velocity"] == pytest.approx(
            fmean(sprint.velocity for sprint in known)
        )


def _check_episodes(project: Project, projects: list[Project], episodes: list[Any]) -> None:
    known = {
        sprint.sprint_id
        for other in projects
        for sprint in other.sprints
        if sprint.worked
        and sprint.ended_on < project.day
        and (sprint.source == "simulated" and not sprint.imported) == (project.mode == "simulated")
    }
    recalled = {episode["sprint_id"] for episode in episodes}
    assert recalled <= known
    assert len(recalled) == len(episodes) == min(RECALLED, len(known))
    for episode in episodes:
        assert date.fromisoformat(episode["known_on"]) <= project.day
        assert UUID(episode["episode_id"])
