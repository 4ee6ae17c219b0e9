"""Mover of a project's clock: the daily scrums due, the close of a sprint that ends, the day."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from agent.clock import days, refusals
from agent.clock.message import describe
from agent.clock.schema import ClockMoved, ClockMoveRequest, ClosedByClock, ScrumOfDay
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Conflict, NotFound, Unavailable
from domain_services.kernel.types import utc_now
from domain_services.project.client import ProjectClient
from domain_services.project.schema import ClockMove, Project
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintSummary
from memory.project_holds import Hold, ProjectHolds
from tools.cronjobs import CronJob, CronJobs


class MoveInterrupted(Conflict):
    """A peer refused a step, because somebody else changed the project meanwhile."""

    code = "move_interrupted"


@dataclass
class Progress:
    """Steps of a move that are done."""

    day: date
    """Present day of the project."""
    daily_scrums: list[ScrumOfDay] = field(default_factory=list[ScrumOfDay])
    """Daily scrums so far."""
    closed_sprint: ClosedByClock | None = None
    """Sprint that was closed; None when none was."""


class ClockMover:
    """Moves held projects on, and releases them.

    Every step may be repeated, so that the same request completes a move that broke off
    (docs/adr/0075-move-the-clock.md).
    """

    def __init__(
        self,
        project: ProjectClient,
        sprint: SprintClient,
        cronjobs: CronJobs,
        holds: ProjectHolds,
    ) -> None:
        self._project = project
        self._sprint = sprint
        self._cronjobs = cronjobs
        self._holds = holds

    async def move(self, project_id: str, request: ClockMoveRequest) -> ClockMoved:
        """Move the clock of a project day by day.

        Raises: `NotFound`, `RunInProgress`; `ClockIsLive`, `ClockMovesBack`, `DayNotReached`,
        `NoWorkingDay` before anything is changed; `MoveInterrupted` and `Unavailable` with the
        day reached.
        """
        document = {"action": "move_clock"} | request.model_dump(mode="json")
        async with self._holds.hold(project_id, document) as hold:
            project = await self._read(project_id)
            if request.live and project.clock == "live":
                return _answer(project, project, Progress(project.today))
            refusals.refuse_live(project)
            newest = await self._sprint.list_sprints(project_id, limit=1)
            sprint = newest[0] if newest else None
            target = await self._target(project, sprint, request)
            return await self._walk(hold, project, sprint, target, request)

    async def _read(self, project_id: str) -> Project:
        try:
            return await self._project.get_project(project_id)
        except PeerRefused as refusal:
            if refusal.peer_status == 404:
                raise NotFound(refusal.detail, project_id=project_id) from refusal
            raise

    async def _target(
        self, project: Project, sprint: SprintSummary | None, request: ClockMoveRequest
    ) -> date:
        """Return the day to reach. Raises: as `move`."""
        real_today = utc_now().astimezone(ZoneInfo(project.timezone)).date()
        if request.to is None:
            day = real_today
        elif isinstance(request.to, date):
            day = request.to
        else:
            day = await days.next_sprint_day(self._project, project, sprint)
        refusals.refuse_day(project, day, real_today)
        return day

    async def _walk(
        self,
        hold: Hold,
        project: Project,
        sprint: SprintSummary | None,
        target: date,
        request: ClockMoveRequest,
    ) -> ClockMoved:
        progress = Progress(project.today)
        try:
            if sprint is not None and sprint.status == "in_progress":
                await self._pass_sprint(hold, project, sprint, target, progress)
            await self._go(project.id, target, progress)
            if request.live:
                await self._project.move_clock(project.id, ClockMove(live=True))
        except Unavailable as error:
            raise Unavailable(
                _broken_off(project.id, progress, error.detail), today=progress.day.isoformat()
            ) from error
        except PeerRefused as refusal:
            raise MoveInterrupted(
                _broken_off(project.id, progress, refusal.detail), today=progress.day.isoformat()
            ) from refusal
        return _answer(project, await self._read(project.id), progress)

    async def _pass_sprint(
        self,
        hold: Hold,
        project: Project,
        sprint: SprintSummary,
        target: date,
        progress: Progress,
    ) -> None:
        """Hold the daily scrums due before `target`, and close the sprint when it ends before."""
        jobs = [
            job
            for job in await self._cronjobs.list_jobs(project.id)
            if job.sprint_id == sprint.sprint_id
        ]
        # A person paused the others: their days pass without a scrum.
        running = [job for job in jobs if not job.suspended]
        first = max(project.today, sprint.start_date)
        last = min(target - timedelta(days=1), sprint.end_date)
        # Days without a scrum are passed in one step: they cost no call.
        for day in days.scrum_days(running, project.timezone, first, last):
            await hold.renew()
            await self._go(project.id, day, progress)
            scrum = await self._sprint.run_daily_scrum(sprint.sprint_id, day)
            progress.daily_scrums.append(
                ScrumOfDay(
                    sprint_id=scrum.sprint_id,
                    day=day,
                    updated_tasks=scrum.updated_tasks_count,
                    report_id=scrum.report_id,
                )
            )
        if target > sprint.end_date:
            await hold.renew()
            await self._close(hold, project.id, sprint, jobs, progress)

    async def _close(
        self,
        hold: Hold,
        project_id: str,
        sprint: SprintSummary,
        jobs: list[CronJob],
        progress: Progress,
    ) -> None:
        # On its last day, so that the sprint is known to have ended then and not earlier.
        await self._go(project_id, sprint.end_date, progress)
        closed = await self._sprint.close_sprint(sprint.sprint_id, key=f"{hold.id}:close")
        progress.closed_sprint = ClosedByClock(
            sprint_id=closed.sprint_id,
            status=closed.status_updated_to,
            last_day=sprint.end_date,
            completed_tasks=closed.completed_tasks_count,
            returned_tasks=closed.uncompleted_tasks_moved_to_backlog_count,
        )
        for job in jobs:
            await self._cronjobs.delete(project_id, job.name)

    async def _go(self, project_id: str, day: date, progress: Progress) -> None:
        """Set the project's day, unless it is reached or passed."""
        if day > progress.day:
            moved = await self._project.move_clock(project_id, ClockMove(to=day))
            progress.day = moved.today


def _broken_off(project_id: str, progress: Progress, reason: str) -> str:
    return (
        f"the move of {project_id} stopped at {progress.day}, because {reason};"
        " send the same request again to go on"
    )


def _answer(before: Project, after: Project, progress: Progress) -> ClockMoved:
    return ClockMoved(
        project_id=after.id,
        clock=after.clock,
        today=after.today,
        previous_day=before.today,
        daily_scrums=progress.daily_scrums,
        closed_sprint=progress.closed_sprint,
        message=describe(before, after, progress.daily_scrums, progress.closed_sprint),
    )
