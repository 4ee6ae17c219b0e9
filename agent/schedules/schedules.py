"""Schedules of projects and of the installation: list, add, change, pause, delete."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from agent.schedules.rows import describe
from agent.schedules.schema import ScheduleChange, ScheduleCreate, ScheduledJob
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Conflict, Invalid, NotFound, Problem
from domain_services.kernel.types import utc_now
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Project
from domain_services.sprint.client import SprintClient
from graphs.nodes.analyse import project_now
from memory.deleted_schedules import DeletedSchedules
from memory.job_results import JobResults
from tools.cron_dialect import parse_schedule
from tools.cron_times import explain_never
from tools.cronjobs import (
    OWN_KINDS,
    CronJob,
    CronJobs,
    cronjob_name,
    orchestration_name,
    own_name,
)

# Projects that a list of all schedules reads at the same time.
READ_AT_ONCE = 8
OWN_NAMES = tuple(own_name(kind) for kind in OWN_KINDS)


class NeverDue(Problem):
    """Refusal of a schedule that would never fire."""

    status = 422
    code = "never_due"
    title = "The schedule is never due"


@dataclass(frozen=True)
class Schedules:
    """Schedules with their projects and results."""

    cronjobs: CronJobs
    """Store of the schedules."""
    deletions: DeletedSchedules
    """Daily scrums that people deleted or rejected."""
    results: JobResults
    """Last results."""
    projects: ProjectClient
    """Client of the project service."""
    sprints: SprintClient
    """Client of the sprint service."""
    clock: Callable[[], datetime] = field(default=utc_now)
    """Source of the present."""

    async def of_project(self, project_id: str) -> list[ScheduledJob]:
        """List the schedules of a project by name. Raises: `NotFound`, `Unavailable`."""
        project = await self._project(project_id)
        return await self._rows(await self.cronjobs.list_jobs(project_id), {project_id: project})

    async def all(self) -> list[ScheduledJob]:
        """List all schedules: the installation's own, then the projects' by name."""
        jobs = sorted(await self.cronjobs.list_all(), key=lambda job: job.project_id is not None)
        places = asyncio.Semaphore(READ_AT_ONCE)

        async def read(project_id: str) -> Project | None:
            async with places:
                try:
                    return await self._project(project_id)
                except NotFound:
                    return None

        ids = sorted({job.project_id for job in jobs if job.project_id is not None})
        projects = dict(zip(ids, await asyncio.gather(*map(read, ids)), strict=True))
        return await self._rows(jobs, projects)

    async def find(self, name: str) -> ScheduledJob:
        """Read the schedule of a name, whoever it belongs to. Raises: `NotFound`."""
        job = await self.cronjobs.find(_full_name(name))
        if job is None:
            raise NotFound(f"there is no schedule {name}; list them with: dsm schedule list")
        projects: dict[str, Project] = {}
        if job.project_id is not None:
            with suppress(NotFound):
                projects[job.project_id] = await self._project(job.project_id)
        [row] = await self._rows([job], projects)
        return row

    async def get(self, project_id: str, name: str) -> ScheduledJob:
        """Read a schedule of a project. Raises: `NotFound`, `Unavailable`."""
        project, job = await self._project_and_job(project_id, name)
        [row] = await self._rows([job], {project_id: project})
        return row

    async def add(self, project_id: str, request: ScheduleCreate, by: str) -> ScheduledJob:
        """Add a schedule to a project.

        Raises: `NotFound`; `Conflict` when there is one of its kind, or no sprint to hold a scrum
        in; `Invalid`; `NeverDue`.
        """
        parse_schedule(request.schedule)
        project = await self._project(project_id)
        job = await self._new_job(project, request, by)
        present = await self.cronjobs.find(job.name)
        if present is not None and present.project_id == project_id:
            raise Conflict(
                f"{project_id} has the schedule {job.name}; change it, or delete it first",
                name=job.name,
            )
        self._refuse_never(project, job, job.schedule)
        if job.sprint_id is not None:
            await self.deletions.forget(job.sprint_id)
        await self.cronjobs.create(job)
        return await self.get(project_id, job.name)

    async def change(
        self, project_id: str, name: str, change: ScheduleChange, by: str
    ) -> ScheduledJob:
        """Change, pause or resume a schedule. Raises: `NotFound`, `Invalid`, `NeverDue`."""
        project, job = await self._project_and_job(project_id, name)
        if change.schedule is not None:
            parse_schedule(change.schedule)
            # The project may have moved to another zone since.
            job = job.model_copy(update={"timezone": project.timezone})
            self._refuse_never(project, job, change.schedule)
            await self.cronjobs.change(project_id, name, change.schedule, project.timezone)
        if change.paused is True:
            await self.cronjobs.suspend(project_id, name, by)
        elif change.paused is False:
            await self.cronjobs.resume(project_id, name)
        return await self.get(project_id, name)

    async def delete(self, project_id: str, name: str, by: str) -> str:
        """Delete a schedule, and return the effect in words. Raises: `NotFound`."""
        job = await self._job(project_id, name)
        if job.sprint_id is None:
            await self.cronjobs.delete(project_id, name)
            effect = f"{project_id} is decided only when somebody asks for it"
        else:
            # Remembered first: no run may find the job gone and the deletion not yet known.
            await self.deletions.remember(project_id, job.sprint_id, by)
            await self.cronjobs.delete(project_id, name)
            effect = f"sprint {job.sprint_id} gets no other one by itself"
        await self.results.delete(name)
        return effect

    async def change_installation(self, name: str, change: ScheduleChange, by: str) -> ScheduledJob:
        """Change, pause or resume one of the installation's own jobs.

        Raises: `NotFound`; `Invalid` for a time that comes more than once a day; `NeverDue`.
        """
        name = _full_name(name)
        if name not in OWN_NAMES:
            names = ", ".join(OWN_NAMES)
            raise NotFound(
                f"the installation has no schedule {name!r}, only {names}; those of a project"
                " are under /orchestrate/project/{project_id}/schedules"
            )
        if change.schedule is not None:
            cron = parse_schedule(change.schedule)
            if len(cron.hours) > 1 or len(cron.minutes) > 1:
                raise Invalid(f"{name} runs at most once a day; name one minute and one hour")
            if never := explain_never(change.schedule, "UTC", self.clock()):
                raise NeverDue(f"{name} would never run: {never}")
            await self.cronjobs.change(None, name, change.schedule)
        if change.paused is True:
            await self.cronjobs.suspend(None, name, by)
        elif change.paused is False:
            await self.cronjobs.resume(None, name)
        return await self.find(name)

    async def _new_job(self, project: Project, request: ScheduleCreate, by: str) -> CronJob:
        if request.kind == "orchestrate":
            return CronJob(
                name=orchestration_name(project.id),
                kind="orchestrate",
                project_id=project.id,
                schedule=request.schedule,
                timezone=project.timezone,
                created_by=by,
            )
        sprints = await self.sprints.list_sprints(project.id, status="in_progress", limit=1)
        if not sprints:
            raise Conflict(
                f"{project.id} has no sprint in progress, whose daily scrum could be scheduled;"
                " the next sprint gets a schedule when it is created"
            )
        return CronJob(
            name=cronjob_name(sprints[0].sprint_id),
            project_id=project.id,
            sprint_id=sprints[0].sprint_id,
            schedule=request.schedule,
            timezone=project.timezone,
            starts_on=sprints[0].start_date,
            ends_on=sprints[0].end_date,
            created_by=by,
        )

    def _refuse_never(self, project: Project, job: CronJob, schedule: str) -> None:
        now = self.clock()
        if project.clock == "held" and job.kind == "daily_scrum":
            now = project_now(project.clock, project.today, job.timezone)
        if never := explain_never(schedule, job.timezone, now, job.ends_on, job.starts_on):
            raise NeverDue(f"{job.name} would never run: {never}; name another time")

    async def _project(self, project_id: str) -> Project:
        try:
            return await self.projects.get_project(project_id)
        except PeerRefused as refusal:
            if refusal.peer_status == 404:
                message = f"there is no project {project_id}"
                raise NotFound(message, project_id=project_id) from refusal
            raise

    async def _job(self, project_id: str, name: str) -> CronJob:
        job = await self.cronjobs.find(name)
        if job is not None and job.project_id == project_id:
            return job
        raise NotFound(f"{project_id} has no schedule of that name", project_id=project_id)

    async def _project_and_job(self, project_id: str, name: str) -> tuple[Project, CronJob]:
        project = await self._project(project_id)
        return project, await self._job(project_id, name)

    async def _rows(
        self, jobs: list[CronJob], projects: Mapping[str, Project | None]
    ) -> list[ScheduledJob]:
        results = await self.results.by_name([job.name for job in jobs])
        now = self.clock()
        return [
            describe(job, projects.get(job.project_id or ""), results.get(job.name), now)
            for job in jobs
        ]


def _full_name(name: str) -> str:
    """Complete the name that an own job had in an earlier release, as `learn`."""
    full = f"run-{name}"
    return full if full in OWN_NAMES else name
