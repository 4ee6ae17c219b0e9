"""Schedules of a cluster as the port `CronJobs`: the row first, then the object."""

import structlog

from agent.jobs.cluster.applying import Applied, Applier
from agent.jobs.cluster.objects import label_value
from agent.jobs.cronjob_table import CronJobTable
from domain_services.kernel.errors import Problem
from tools.cronjobs import CronJob

logger = structlog.get_logger()


class ClusterCronJobs:
    """Rows of the table, and at once the same in the cluster.

    A row is what is wanted. A cluster that does not answer, or forbids, leaves it `pending` for the
    reconciler: a decision never fails for it (docs/adr/0101-row-first-then-object.md).
    """

    def __init__(self, table: CronJobTable, applier: Applier) -> None:
        self._table = table
        self._applier = applier

    async def create(self, job: CronJob) -> CronJob:
        """Create `job`, or adopt the one of its name. Raises: `Invalid` for a bad schedule."""
        stored = await self._table.create(job)
        if stored.state == "active":
            return stored
        return await self._apply(stored, None)

    async def change(
        self, project_id: str | None, name: str, schedule: str, timezone: str | None = None
    ) -> bool:
        """Change the times of a job; False without one of that name. Raises: `Invalid`.

        Without `timezone` the zone stays.
        """
        changed = await self._table.change(project_id, name, schedule, timezone)
        return await self._applied(name, changed)

    async def suspend(self, project_id: str | None, name: str, by: str) -> bool:
        """Stop a job's firing until it is resumed; False without one of that name."""
        return await self._applied(name, await self._table.suspend(project_id, name, by))

    async def resume(self, project_id: str | None, name: str) -> bool:
        """Let a suspended job fire again; False without one of that name."""
        return await self._applied(name, await self._table.resume(project_id, name))

    async def delete(self, project_id: str | None, name: str) -> bool:
        """Delete a job of the project; return False when it has none of that name."""
        # The event of a closed sprint may have deleted the row and left the object.
        job = await self._table.find(name)
        if job is not None and job.project_id != project_id:
            return False
        deleted = await self._table.delete(project_id, name)
        try:
            await self._delete_object(project_id, name)
        except Problem as problem:  # without a row it is an orphan, which the reconciler deletes
            logger.warning("cluster.delete_postponed", cronjob=name, reason=problem.detail)
        return deleted

    async def find(self, name: str) -> CronJob | None:
        """Read the job of a name; None without one."""
        return await self._table.find(name)

    async def list_jobs(self, project_id: str | None) -> list[CronJob]:
        """List the project's jobs by name; for None the installation's own."""
        return await self._table.list_jobs(project_id)

    async def list_all(self) -> list[CronJob]:
        """List the jobs of all projects by name."""
        return await self._table.list_all()

    async def _applied(self, name: str, is_known: bool) -> bool:
        job = await self._table.find(name) if is_known else None
        if job is not None and job.state == "pending":
            await self._apply(job, name)
        return is_known

    async def _apply(self, job: CronJob, present: str | None) -> CronJob:
        """Apply a schedule, whose object is expected to be there under the name `present`."""
        api = self._applier.api
        try:
            live = await api.read(present) if present else None
            applied = await self._applier.apply(
                job, live=live if live and api.is_ours(live) else None
            )
        except Problem as problem:
            applied = Applied("pending", problem.detail)
        if applied is None:  # only for a snapshot
            return job
        if applied.state != "active":
            logger.warning("cluster.not_applied", cronjob=job.name, reason=applied.reason)
        await self._table.store_applied(job.name, applied.state, applied.reason, applied.mark)
        return job.model_copy(update={"state": applied.state, "state_reason": applied.reason})

    async def _delete_object(self, project_id: str | None, name: str) -> None:
        api = self._applier.api
        live = await api.read(name)
        owner = None if project_id is None else label_value(project_id)
        if live is not None and api.is_ours(live) and live.project == owner:
            await api.delete(live)
