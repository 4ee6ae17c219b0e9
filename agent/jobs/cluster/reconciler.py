"""Reconciler: makes the cluster's CronJobs like the table, one replica at a time."""

import asyncio
from dataclasses import dataclass, field

import structlog

from agent.jobs.cluster.api import Live
from agent.jobs.cluster.applying import Applied, Applier, has_ended
from agent.jobs.cluster.problems import (
    ClusterBusy,
    ClusterForbidden,
    ClusterUnavailable,
    Modified,
    NamespaceMissing,
    TokenRefused,
)
from agent.jobs.cronjob_table import CronJobTable
from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import error_text
from domain_services.kernel.errors import Problem
from domain_services.kernel.types import utc_now
from memory.leases import Lease
from tools.cronjobs import CronJob

logger = structlog.get_logger()

PASS_SECONDS = 60.0
# Another replica may go on after this, when one dies in a pass.
LEASE_SECONDS = 120.0
# A pass ends before its lease does.
LONGEST_PASS_SECONDS = 90.0
# An API server serves others too: a release that changes 1,000 objects takes nine minutes.
MAX_WRITES = 20
REST_SECONDS = 10.0


@dataclass
class Pass:
    """Result of one pass."""

    written: int = 0
    """Objects that were created, replaced or deleted, or for which that was attempted."""
    left: int = 0
    """Objects that were left to the next pass."""
    forbidden: dict[str, ClusterForbidden] = field(default_factory=dict[str, ClusterForbidden])
    """Verbs that the Role lacks, with the answer that said so: each is asked for once a pass."""


class Reconciler:
    """Does passes over the table and the cluster's list."""

    def __init__(
        self, table: CronJobTable, applier: Applier, lease: Lease, max_writes: int = MAX_WRITES
    ) -> None:
        self._table = table
        self._applier = applier
        self._lease = lease
        self._max_writes = max_writes
        self._wake = asyncio.Event()
        self._has_more = False
        self._tried: dict[str, float] = {}

    def loop(self) -> Loop:
        """Return the loop that does a pass a minute, or sooner after an incomplete one."""
        return every(PASS_SECONDS, self.do_pass, name="reconcile schedules", wake=self._wake)

    def note_change(self) -> None:
        """Note that there is something to do: a pass follows soon, once for many changes."""
        if not self._has_more:
            self._has_more = True
            asyncio.get_running_loop().call_later(REST_SECONDS, self._wake.set)

    async def do_pass(self) -> None:
        """Do a pass unless another replica does one, or has just done it.

        Raises: `Problem` when the cluster cannot be read.
        """
        pause = REST_SECONDS if self._has_more else PASS_SECONDS
        # A little less: the loop of this replica may be woken a moment too early.
        if not await self._lease.take(pause=pause * 0.9):
            return
        self._has_more = False
        is_done = False
        try:
            done = await self.reconcile()
            is_done = True
        except ClusterBusy:
            is_done = True  # the pause after a pass is the pause that the server asks for
            raise
        finally:
            await self._lease.finish(is_done=is_done)
        if done.left:
            self.note_change()
        if done.written:
            logger.info("cluster.reconciled", written=done.written, left=done.left)

    async def reconcile(self) -> Pass:
        """Make the cluster like the table, with at most so many writes.

        What the cluster forbids is left, and the rest is done. Raises: `Problem` when it does not
        answer, or cannot be read; each pending schedule then says why.
        """
        try:
            return await self._reconcile()
        except Problem as problem:
            await self._explain(problem)
            raise

    async def _reconcile(self) -> Pass:
        started = asyncio.get_running_loop().time()
        # The cluster first: an object is written after its row, so that one without is an orphan.
        objects = {live.name: live for live in await self._applier.api.list_ours()}
        marks, jobs = await self._table.applied_hashes(), await self._table.list_all()
        await self._keep_due_times(jobs, objects)
        now = utc_now()
        current = {job.name: job for job in jobs if not has_ended(job, now)}
        work: dict[str, CronJob | None] = dict.fromkeys(objects.keys() - current.keys())
        work |= {
            name: job
            for name, job in current.items()
            if not self._is_applied(job, objects.get(name), marks.get(name))
        }
        done = Pass(left=len(work))
        for name in self._in_order(work, objects):
            late = asyncio.get_running_loop().time() - started > LONGEST_PASS_SECONDS
            if late or done.written == self._max_writes:
                break
            done.left -= 1
            await self._do(name, work[name], objects.get(name), done)
        return done

    def _is_applied(self, job: CronJob, live: Live | None, mark: str | None) -> bool:
        try:
            return self._applier.is_applied(job, live, mark)
        except Exception:
            return False  # `_do` says why

    async def _do(self, name: str, job: CronJob | None, live: Live | None, done: Pass) -> None:
        """Apply a schedule, or delete the object of one that is not wanted (None).

        One that fails by itself is stored as refused, and stops no other. Raises: `Problem` when
        the cluster does not answer, `psycopg.Error` when the database is in trouble.
        """
        try:
            await self._apply(name, job, live, done)
        except (ClusterUnavailable, TokenRefused, NamespaceMissing):
            raise
        except Exception as error:
            if outage(error) is not None:
                raise
            reason = error.detail if isinstance(error, Problem) else error_text(error)
            known = isinstance(error, Problem)
            logger.error(
                "cluster.not_applied",
                cronjob=name,
                reason=reason,
                exc_info=None if known else error,
            )
            if job is not None and job.state_reason != reason:
                await self._table.store_applied(name, "refused", reason, None)

    async def _apply(self, name: str, job: CronJob | None, live: Live | None, done: Pass) -> None:
        verb = "delete" if job is None else "create" if live is None else "update"
        known = done.forbidden.get(verb)
        try:
            if known is not None:
                raise known
            done.written += 1
            self._tried[name] = asyncio.get_running_loop().time()
            if job is not None:
                applied = await self._applier.apply(job, live=live, is_snapshot=True)
                if applied is not None:
                    await self._store(job, applied)
            elif live is not None:
                await self._delete(live)
        except ClusterForbidden as problem:
            if problem.verb is not None:
                done.forbidden[problem.verb] = problem
            if job is not None:
                await self._store(job, Applied("pending", problem.detail))
            elif problem is not known:
                logger.warning("cluster.not_deleted", cronjob=name, reason=problem.detail)

    async def _store(self, job: CronJob, applied: Applied) -> None:
        if applied.state != "active" and applied.reason != job.state_reason:
            logger.warning("cluster.not_applied", cronjob=job.name, reason=applied.reason)
        await self._table.store_applied(job.name, applied.state, applied.reason, applied.mark)

    async def _delete(self, live: Live) -> None:
        try:
            await self._applier.api.delete(live)
        except Modified:
            return  # another object of the name: the next pass looks at it

    async def _explain(self, problem: Problem) -> None:
        """Store why the pending schedules are not active."""
        for job in await self._table.list_all():
            if job.state == "pending" and job.state_reason != problem.detail:
                await self._table.store_applied(job.name, "pending", problem.detail, None)

    async def _keep_due_times(self, jobs: list[CronJob], objects: dict[str, Live]) -> None:
        for job in jobs:
            live = objects.get(job.name)
            if live is None or live.last_due_at is None:
                continue
            if job.last_due_at is None or live.last_due_at > job.last_due_at:
                await self._table.store_last_due(job.name, live.last_due_at)

    def _in_order(self, work: dict[str, CronJob | None], objects: dict[str, Live]) -> list[str]:
        """Return what was tried longest ago first: orphans, missing objects, changed ones."""
        # What the cluster does not take must not keep the rest from its turn.
        self._tried = {name: self._tried.get(name, 0.0) for name in work}

        def rank(name: str) -> tuple[float, bool, bool, str]:
            return self._tried[name], work[name] is not None, name in objects, name

        return sorted(work, key=rank)
