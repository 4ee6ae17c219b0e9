"""Write of one schedule to the cluster, and the state that follows from the answer."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from kubernetes import client

from agent.jobs.cluster.api import ClusterApi, Live
from agent.jobs.cluster.objects import Pods, build, spec_hash
from agent.jobs.cluster.problems import (
    AlreadyExists,
    ClusterRefused,
    Gone,
    Modified,
)
from tools.cronjobs import CronJob, State


@dataclass(frozen=True)
class Applied:
    """Result of an attempt to make the cluster like a schedule."""

    state: State
    """What the schedule now is."""
    reason: str | None = None
    """Why it is not active; None when it is."""
    mark: str | None = None
    """What was applied, or refused for good; None: to be attempted again."""


@dataclass(frozen=True)
class Applier:
    """Makes objects of the cluster like schedules."""

    api: ClusterApi
    pods: Pods

    def is_applied(self, job: CronJob, live: Live | None, mark: str | None) -> bool:
        """Tell whether nothing is to be written for a schedule."""
        if job.state == "pending":
            return False
        digest = spec_hash(build(job, self.pods))
        if mark == _refusal(digest):
            return True
        return live is not None and mark == _mark(digest, live) and live.spec_hash == digest

    async def apply(
        self, job: CronJob, *, live: Live | None, is_snapshot: bool = False
    ) -> Applied | None:
        """Create or replace the object of a schedule; `live` is what is known of it.

        With `is_snapshot` the schedule may be older than the object: a conflict is left to the
        next pass, and the result is None. Raises: what says nothing of this schedule alone:
        `ClusterUnavailable`, `ClusterForbidden`, `NamespaceMissing`.
        """
        built = build(job, self.pods)
        try:
            written = await self._write(built, live, is_snapshot=is_snapshot)
        except ClusterRefused as refusal:
            return Applied("refused", refusal.detail, refusal.fields.get("mark"))
        except (AlreadyExists, Modified, Gone) as conflict:
            return None if is_snapshot else Applied("pending", conflict.detail)
        return _accepted(spec_hash(built), written, self.pods.namespace)

    async def _write(
        self, built: client.V1CronJob, live: Live | None, *, is_snapshot: bool
    ) -> Live:
        digest = spec_hash(built)
        try:
            if live is None:
                try:
                    return await self.api.create(built)
                except AlreadyExists:
                    live = await self._existing(built)
                    if live.spec_hash == digest and live.generation == 1:
                        return live  # an earlier attempt, whose answer was lost
                    if is_snapshot:
                        raise
            return await self._replace(built, live, is_snapshot=is_snapshot)
        except ClusterRefused as refusal:
            refusal.fields.setdefault("mark", _refusal(digest))
            raise

    async def _existing(self, built: client.V1CronJob) -> Live:
        name = built.metadata.name or "" if built.metadata else ""
        live = await self.api.read(name)
        if live is None:
            raise Gone(f"{name} was deleted at the same moment")
        if not self.api.is_ours(live):
            owner = f"of installation {live.instance}" if live.instance else "of somebody else"
            raise ClusterRefused(
                f"the CronJob {name} in namespace {self.pods.namespace} is {owner} and was not"
                " touched; delete it, or set another DSM_JOBS_NAMESPACE",
                mark=None,  # attempted again: it may be deleted
            )
        return live

    async def _replace(self, built: client.V1CronJob, live: Live, *, is_snapshot: bool) -> Live:
        try:
            return await self.api.replace(built, live)
        except (Modified, Gone):
            if is_snapshot:
                raise
        return await self.api.replace(built, await self._existing(built))


def has_ended(job: CronJob, now: datetime) -> bool:
    """Tell whether the last day of a schedule is over, in its time zone."""
    if job.ends_on is None:
        return False
    try:
        zone = ZoneInfo(job.timezone)
    except (ValueError, LookupError):  # a row of before; the cluster will say that it is none
        zone = ZoneInfo("UTC")
    return now.astimezone(zone).date() > job.ends_on


def _accepted(digest: str, live: Live, namespace: str) -> Applied:
    blocked = [warning for warning in live.warnings if "PodSecurity" in warning]
    if blocked:
        return Applied(
            "pending",
            f"namespace {namespace} would not admit the pods: {blocked[0]}",
        )
    return Applied("active", mark=_mark(digest, live))


def _mark(digest: str, live: Live) -> str:
    # The cluster counts the changes of a specification: a change by hand shows without comparing
    # fields, to which the cluster adds its defaults.
    return f"{digest} {live.uid} {live.generation}"


def _refusal(digest: str) -> str:
    return f"{digest} refused"
