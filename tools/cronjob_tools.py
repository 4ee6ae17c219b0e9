"""Tools over the port of the schedules, the same on one machine and in a cluster."""

from tools.answers import Answer, listing
from tools.arguments import (
    CronJobName,
    EndsOn,
    Key,
    Limit,
    Offset,
    ProjectId,
    Schedule,
    SprintId,
    StartsOn,
    Timezone,
)
from tools.cronjobs import ORCHESTRATOR, CronJob, CronJobs, cronjob_name
from tools.ports import ListsJobs
from tools.refusals import checking_arguments
from tools.tool import Function


def cronjob_reads(cronjobs: ListsJobs) -> tuple[Function, ...]:
    """Make list_cronjobs."""

    async def list_cronjobs(project_id: ProjectId, limit: Limit = 20, offset: Offset = 0) -> Answer:
        """List the schedules of a project, with when each is due and whether it is suspended."""
        jobs = await cronjobs.list_jobs(project_id)
        rows = [job.model_dump(mode="json", exclude_none=True) for job in jobs]
        page = rows[offset : offset + limit]
        return listing("cronjobs", page, offset=offset, total=len(rows))

    return (list_cronjobs,)


def cronjob_writes(cronjobs: CronJobs) -> tuple[Function, ...]:
    """Make the tools that create, change, suspend, resume and delete schedules."""
    return (*_timing(cronjobs), *_ending_and_pausing(cronjobs))


def _timing(cronjobs: CronJobs) -> tuple[Function, ...]:
    """Make create_cronjob and change_cronjob."""

    async def create_cronjob(
        project_id: ProjectId,
        sprint_id: SprintId,
        schedule: Schedule,
        timezone: Timezone,
        ends_on: EndsOn,
        starts_on: StartsOn = None,
        idempotency_key: Key = None,
    ) -> dict[str, object]:
        """Schedule the daily scrum of a sprint."""
        del idempotency_key  # the name of the schedule is the key: a repeated call adopts it
        with checking_arguments("create_cronjob"):
            job = CronJob(
                name=cronjob_name(sprint_id),
                project_id=project_id,
                sprint_id=sprint_id,
                schedule=schedule,
                timezone=timezone,
                starts_on=starts_on,
                ends_on=ends_on,
            )
        return (await cronjobs.create(job)).model_dump(mode="json")

    async def change_cronjob(
        project_id: ProjectId,
        name: CronJobName,
        schedule: Schedule,
        timezone: Timezone,
        idempotency_key: Key = None,
    ) -> dict[str, object]:
        """Change the times of a daily scrum."""
        del idempotency_key  # the same change twice is one
        changed = await cronjobs.change(project_id, name, schedule, timezone)
        times = {"schedule": schedule, "timezone": timezone}
        return {"project_id": project_id, "name": name, **times, "changed": changed}

    return (create_cronjob, change_cronjob)


def _ending_and_pausing(cronjobs: CronJobs) -> tuple[Function, ...]:
    """Make delete_cronjob, suspend_cronjob and resume_cronjob."""

    async def delete_cronjob(
        project_id: ProjectId, name: CronJobName, idempotency_key: Key = None
    ) -> dict[str, object]:
        """Remove a schedule of the project."""
        del idempotency_key
        await cronjobs.delete(project_id, name)
        # The event of the closed sprint may have deleted it a moment before.
        return {"name": name, "deleted": True}

    async def suspend_cronjob(
        project_id: ProjectId, name: CronJobName, idempotency_key: Key = None
    ) -> dict[str, object]:
        """Pause a schedule of the project until it is resumed."""
        del idempotency_key
        suspended = await cronjobs.suspend(project_id, name, ORCHESTRATOR)
        return {"name": name, "suspended": suspended}

    async def resume_cronjob(
        project_id: ProjectId, name: CronJobName, idempotency_key: Key = None
    ) -> dict[str, object]:
        """Resume a paused schedule; what was due in the pause is not made up for."""
        del idempotency_key
        resumed = await cronjobs.resume(project_id, name)
        return {"name": name, "resumed": resumed}

    return (delete_cronjob, suspend_cronjob, resume_cronjob)
