"""Work of a due schedule: a daily scrum, a decision, or the installation's own."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from agent.jobs.own_jobs import OwnWork
from agent.runs.orchestrator import Orchestrator
from agent.schema import Options, OrchestrationRequest
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Project
from domain_services.sprint.client import SprintClient
from graphs.answer import Orchestration
from memory.autonomy import Pauses, describe_pause
from memory.follow_ups import WAIT_SECONDS
from tools.cronjobs import CronJob, ProjectKind

# The longest sprint that a request may ask for.
MAX_WEEKS = 8


@dataclass(frozen=True)
class Firing:
    """Result of a due time."""

    result: str
    """What was done, or why nothing was, in words."""
    run_id: UUID | None = None
    """Run that was started; None without one."""
    rested: bool = False
    """True when the project is not to be worked on now: the time passes and does not count."""


# Codes of the sprint service's refusals of a day that gets no scrum, now or ever.
RESTING_CODES = frozenset(
    {"sprint_not_started", "sprint_over", "sprint_not_in_progress", "project_held"}
)


class JobRunner:
    """Does the work of schedules through the services and the orchestrator."""

    def __init__(
        self,
        projects: ProjectClient,
        sprints: SprintClient,
        chronicle: ChronicleClient,
        orchestrator: Orchestrator,
        pauses: Pauses,
        own_work: OwnWork,
    ) -> None:
        self._projects = projects
        self._sprints = sprints
        self._chronicle = chronicle
        self._orchestrator = orchestrator
        self._pauses = pauses
        self._own_work = own_work

    async def fire(self, job: CronJob, due: datetime) -> Firing:
        """Do the work of `job` that was due at `due`; that of a paused project rests.

        The installation's own work goes on in a pause. Raises: as `SprintClient` and `decide`.
        """
        pause = await self._pauses.current(job.project_id) if job.project_id else None
        if pause is not None:
            return Firing(f"Nothing was done: {describe_pause(pause)}.", rested=True)
        if job.kind == "daily_scrum":
            return await self._hold_daily_scrum(job.sprint_id or "", due)
        if job.kind == "orchestrate":
            return await self.decide(job.project_id or "")
        return Firing(await self._own_work[job.kind]())

    async def _hold_daily_scrum(self, sprint_id: str, due: datetime) -> Firing:
        # The sprint service knows whether the day gets a scrum: a job of a cluster asks it alone.
        try:
            scrum = await self._sprints.run_daily_scrum(sprint_id, due)
        except PeerRefused as refusal:
            if refusal.problem.get("code") not in RESTING_CODES:
                raise
            return Firing(f"Nothing was done: {refusal.detail}.", rested=True)
        # The same words for a scrum that a job of a cluster has held a moment before.
        tasks = f"{scrum.updated_tasks_count} task{'' if scrum.updated_tasks_count == 1 else 's'}"
        return Firing(f"The daily scrum of {scrum.scrum_date} was held; {tasks} updated.")

    async def decide(self, project_id: str) -> Firing:
        """Decide with the default options, as the route does.

        A held or inactive project rests. Raises: `Paused`, `RunInProgress`, `Unavailable`,
        `NotFound`.
        """
        # What follows the close of a sprint waits for the end of a pause, and is not dropped.
        await self._pauses.check(project_id)
        project = await self._projects.get_project(project_id)
        if project.clock == "held" or project.status != "active":
            return Firing(
                f"Nothing was done: {describe_rest(project, 'orchestrate')}.", rested=True
            )
        options = Options(sprint_duration_weeks=await self._cadence(project_id))
        request = OrchestrationRequest(options=options)
        answer = await self._orchestrator.orchestrate(project_id, request)
        return Firing(describe_run(answer), run_id=answer.run_id)

    async def _cadence(self, project_id: str) -> int:
        """Return the weeks of the project's last sprint; without one, the default."""
        for sprint in await self._sprints.list_sprints(project_id, limit=1):
            return sprint.duration_weeks
        try:
            history = (await self._chronicle.velocity(project_id)).velocity_trend_data
        except PeerRefused:
            history = []  # the chronicle answers 404 for a project without history
        if not history:
            return Options().sprint_duration_weeks
        days = (history[-1].end_date - history[-1].start_date).days + 1
        return min(max(round(days / 7), 1), MAX_WEEKS)


def describe_rest(project: Project, kind: ProjectKind) -> str:
    """Say why a schedule of a held or inactive project does nothing."""
    if project.clock != "held":
        return f"the project is {project.status}; set it active to go on"
    opening = f"the project is held at {project.today.isoformat()}"
    if kind == "daily_scrum":
        return f"{opening}; moving its day holds the scrum (dsm clock {project.id} --to DAY)"
    return (
        f"{opening}; it decides by itself when it follows the clock (dsm clock {project.id} --live)"
    )


def describe_run(answer: Orchestration) -> str:
    """Say what a run did, or why it did nothing."""
    if answer.approval is not None:
        plan = "; ".join(call.description for call in answer.actions_planned)
        return (
            f"Waits for a person until {answer.approval.expires_at:%Y-%m-%d %H:%M} UTC"
            f" ({answer.approval.reason}): {plan}. `dsm approve {answer.run_id}` carries it out."
        )
    if answer.dry_run:
        shadow = answer.intelligence_metadata.decision_mode == "shadow"
        opening = "Shadow mode" if shadow else "Observing"
        return f"{opening}, recorded and nothing done: {answer.decisions.reasoning}"
    if not answer.actions_taken:
        return answer.decisions.reasoning
    actions = "; ".join(answer.actions_taken)
    if not answer.decisions.close_sprint:
        return f"{actions}."
    return (
        f"{actions}. The next decision follows when the outcome has arrived, within"
        f" {WAIT_SECONDS // 60} minutes."
    )
