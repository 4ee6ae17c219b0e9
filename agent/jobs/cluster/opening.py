"""Opening of the cluster's schedules from the settings."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from agent.jobs.cluster.access import open_client
from agent.jobs.cluster.api import ClusterApi
from agent.jobs.cluster.applying import Applier
from agent.jobs.cluster.cronjobs import ClusterCronJobs
from agent.jobs.cluster.objects import Pods
from agent.jobs.cluster.reconciler import LEASE_SECONDS, Reconciler
from agent.jobs.cronjob_table import CronJobTable
from agent.settings import AgentSettings
from memory.leases import Lease, installation_id
from memory.pool import Pool


@dataclass(frozen=True)
class ClusterSchedules:
    """The port, and what keeps the cluster like it."""

    cronjobs: ClusterCronJobs
    reconciler: Reconciler


@asynccontextmanager
async def open_cluster(
    settings: AgentSettings, table: CronJobTable, pool: Pool
) -> AsyncIterator[ClusterSchedules]:
    """Open the schedules of a cluster. Raises: `ValueError` without the image of the Jobs."""
    if settings.image is None:
        raise ValueError(
            "no image is set for the Jobs of schedules; set DSM_IMAGE to the image that the"
            " orchestrator runs"
        )
    pods = Pods(
        namespace=settings.jobs_namespace,
        installation=await installation_id(pool),
        image=settings.image,
        key_secret=settings.jobs_key_secret,
        sprint_url=settings.peers.sprint,
        orchestrator_url=settings.peers.orchestrator,
        version=version("digital-scrum-master"),
    )
    api = ClusterApi(partial(open_client, settings.kubeconfig), pods.namespace, pods.installation)
    applier = Applier(api, pods)
    holder = f"{socket.gethostname()}-{os.getpid()}"
    lease = Lease(pool, "reconcile schedules", holder, LEASE_SECONDS)
    try:
        yield ClusterSchedules(ClusterCronJobs(table, applier), Reconciler(table, applier, lease))
    finally:
        api.close()
