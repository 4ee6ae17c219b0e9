"""Read what other services and the memory know about a project."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from agent.intelligence.expected import (
    ExpectedWork,
    Knowledge,
    expected_work,
    of_running_sprint,
)
from agent.intelligence.risk import SprintWindow
from agent.learning.learner import Learner
from agent.runs.decision_modes import DecisionModes
from domain_services.backlog.schema import BacklogSummary
from domain_services.chronicle.schema import (
    DecisionAudit,
    ProjectEvidence,
    ProjectVelocity,
    SimilarProject,
)
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound, Problem
from graphs.deps import Sources
from graphs.nodes.analyse import ProjectState, read_project
from graphs.nodes.history import ask_history
from graphs.nodes.planning import read_ages, working_share
from graphs.rules.base import RequestOptions
from graphs.state import Snapshot
from graphs.thresholds import RECALL_EPISODES
from memory.audits import WaitingAudits
from memory.decision_outcomes import EndedDecisions
from memory.episode import Perception
from memory.pool import Pool
from memory.recall import Recall, Recaller
from memory.runs import RunTable

T = TypeVar("T")

# Longer than a decision waits for the chronicle: these answers are shown to a person, who prefers
# a late answer to one with parts missing. Multiplied by DSM_PATIENCE
# (docs/adr/0012-patience-factor.md).
ANSWER_SECONDS = 2.0


@dataclass(frozen=True)
class ProjectWork:
    """A project, and the expectation of its sprint in progress or else of its next one."""

    state: ProjectState
    """The project as a decision sees it."""
    window: SprintWindow | None
    """Days of the sprint in progress; None without one."""
    recalled: Recall
    """Similar episodes."""
    work: ExpectedWork
    """The expectation."""

    @property
    def degraded(self) -> list[str]:
        """List what did not answer, in words."""
        missing = [f"recall: {self.recalled.degraded}"] if self.recalled.degraded else []
        return [*self.state.missing, *missing]


@dataclass(frozen=True)
class ProjectReader:
    """Sources of the answers about a project; none of its methods writes."""

    sources: Sources
    """Clients of the other services, and the schedules."""
    recaller: Recaller
    """Search for similar episodes."""
    runs: RunTable
    """Runs of the orchestrator."""
    ended_decisions: EndedDecisions
    """Decisions whose sprints have ended."""
    waiting_audits: WaitingAudits
    """Audits that the chronicle has not accepted yet."""
    pool: Pool
    """Connections to the memory's database."""
    default_options: RequestOptions
    """Options of a request that names none."""
    modes: DecisionModes
    """Decision modes of the projects."""
    learner: Learner
    """Holder of the calibration in force."""

    async def exists(self, project_id: str) -> None:
        """Check that the project exists. Raises: `NotFound`."""
        await self.held_at(project_id)

    async def held_at(self, project_id: str) -> date | None:
        """Return the day at which the project is held; None when it follows the clock.

        Raises: `NotFound`.
        """
        project = await _of_project(project_id, self.sources.project.get_project(project_id))
        return project.as_of

    async def state(self, project_id: str, weeks: int | None = None) -> ProjectState:
        """Read the project as a decision would see it. Raises: `NotFound`.

        `weeks` is the length of the next sprint; None: as of a request that names none.
        """
        options = self.default_options
        if weeks is not None:
            options = replace(options, sprint_duration_weeks=weeks)
        mode = await self.modes.current(project_id)
        return await read_project(
            self.sources, project_id, options, self._answer_seconds, mode.certainty
        )

    async def work(self, project_id: str, weeks: int | None = None) -> ProjectWork:
        """Expect the sprint in progress, or else the next one of `weeks`. Raises: `NotFound`."""
        state = await self.state(project_id, weeks)
        recalled, window = await asyncio.gather(
            self.recall(state.snapshot), self.sprint_window(state.snapshot)
        )
        work = await self.expected(state, window, recalled)
        return ProjectWork(state, window, recalled, work)

    async def expected(
        self, state: ProjectState, window: SprintWindow | None, recalled: Recall
    ) -> ExpectedWork:
        """Expect the sprint in progress in its `window`, or the next one without it."""
        project_id = state.snapshot.facts.project_id
        ended, mode = await asyncio.gather(
            self.ended_decisions.read(project_id, simulated=state.snapshot.simulated),
            self.modes.current(project_id),
        )
        knowledge = Knowledge(recalled, ended, mode, self.learner.calibration)
        evidence = state.planning.evidence
        if window is not None:
            ages = await read_ages(self.sources, project_id, window.start, window.days)
            evidence = of_running_sprint(evidence, window.days, window.capacity_share, ages)
        elif evidence.ages is None and evidence.days:
            today = state.snapshot.facts.today
            ages = await read_ages(self.sources, project_id, today, evidence.days)
            evidence = replace(evidence, ages=ages)
        return expected_work(evidence, state.snapshot.past, knowledge)

    async def backlog(self, project_id: str) -> BacklogSummary:
        """Count the project's tasks by status. Raises: `NotFound`."""
        return await _of_project(project_id, self.sources.backlog.get_summary(project_id))

    async def team_size(self, project_id: str) -> int | None:
        """Count the team's members; None when no team is known. Raises: `NotFound`."""
        team = await _of_project(project_id, self.sources.project.list_team_members(project_id))
        return len(team.team_members) or None

    async def history(
        self, project_id: str, until: date | None
    ) -> tuple[ProjectEvidence | None, list[str]]:
        """Read what ended before `until`, None for all, and name what did not answer."""
        return await ask_history(self.sources, project_id, self._answer_seconds, until)

    async def velocity(self, project_id: str, until: date | None) -> ProjectVelocity:
        """Read the sprints that ended before `until`, None for all; without any, with reasons."""
        try:
            return await self.sources.chronicle.velocity(project_id, until=until)
        except PeerRefused as refusal:
            # The chronicle answers 404 for a project without history, which is no error here.
            if refusal.peer_status != 404:
                raise
            return _no_velocity(project_id, refusal.detail)

    async def similar_projects(
        self, project_id: str, threshold: float, until: date | None
    ) -> tuple[list[SimilarProject], str | None]:
        """List projects of at least `threshold` (0..1) similarity, or none and the reason."""
        chronicle = self.sources.chronicle
        try:
            return await chronicle.similar_projects(project_id, threshold, until=until), None
        except PeerRefused as refusal:
            if refusal.peer_status != 404:
                raise
            return [], refusal.detail

    async def audits(self, project_id: str) -> list[DecisionAudit]:
        """List the newest audits that the chronicle answers at once, oldest first."""
        try:
            return await self.sources.chronicle.list_decision_audits(project_id)
        except PeerRefused as refusal:
            if refusal.peer_status != 404:
                raise
            return []

    async def recall(self, snapshot: Snapshot) -> Recall:
        """Find similar episodes; an empty result names what prevented the search."""
        return await self.recall_state(as_planned(snapshot), snapshot.simulated)

    async def recall_state(
        self, state: Perception, simulated: bool, limit: int = RECALL_EPISODES
    ) -> Recall:
        """Find at most `limit` episodes similar to a state, as `recall` does."""
        try:
            return await self.recaller.recall(
                state, limit=limit, deadline_seconds=self._answer_seconds, simulated=simulated
            )
        except Problem as problem:
            return Recall.nothing(problem.detail)

    async def sprint_window(self, snapshot: Snapshot) -> SprintWindow | None:
        """Read the days of the sprint in progress and its working time; None without one."""
        sprint = snapshot.facts.active_sprint
        if sprint is None:
            return None
        start = (await self.sources.sprint.get_sprint(sprint.sprint_id)).start_date
        days = await self.sources.project.check_availability(
            snapshot.facts.project_id, start, sprint.end_date
        )
        weekdays = 5 * round(((sprint.end_date - start).days + 1) / 7)
        share = working_share(
            days.working_days, len(days.capacity) or None, days.team_working_days, weekdays
        )
        return SprintWindow(start, sprint.end_date, share)

    @property
    def _answer_seconds(self) -> float:
        return ANSWER_SECONDS * self.sources.patience


def as_planned(snapshot: Snapshot) -> Perception:
    """Return the state in which the sprint in progress was planned, else the present one.

    Its decision recalled by that state: another one has other neighbours, and another expectation.
    """
    sprint, state = snapshot.facts.active_sprint, snapshot.perception
    if sprint is None:
        return state
    done = sprint.total_tasks - sprint.pending_tasks
    return state.model_copy(
        update={
            "backlog_tasks": state.backlog_tasks + done,
            "unassigned_tasks": state.unassigned_tasks + sprint.total_tasks,
            "sprint_in_progress": False,
        }
    )


async def _of_project(project_id: str, answer: Awaitable[T]) -> T:
    """Await an answer about a project; a peer's 404 becomes `NotFound`."""
    try:
        return await answer
    except PeerRefused as refusal:
        if refusal.peer_status == 404:
            raise NotFound(f"there is no project {project_id}", project_id=project_id) from refusal
        raise


def _no_velocity(project_id: str, reason: str) -> ProjectVelocity:
    return ProjectVelocity(
        project_id=project_id,
        sprint_count=0,
        velocity_trend_data=[],
        average_velocity=None,
        trend=None,
        velocity_trend=None,
        velocity_analysis=f"{reason}.",
        reasons=dict.fromkeys(("average_velocity", "trend", "velocity_trend"), reason),
    )
