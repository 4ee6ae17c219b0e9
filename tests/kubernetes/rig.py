"""Double, table and adapter together, as the tests of the cluster's schedules use them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from agent.jobs.cluster.access import open_client
from agent.jobs.cluster.api import ClusterApi
from agent.jobs.cluster.applying import Applier
from agent.jobs.cluster.cronjobs import ClusterCronJobs
from agent.jobs.cluster.objects import Pods
from agent.jobs.cluster.reconciler import Reconciler
from agent.jobs.cronjob_table import CronJobTable
from memory.leases import Lease, installation_id
from memory.pool import Pool, open_pool
from tests.conftest import serving
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.server import ApiServer
from tests.ports import free_port
from tools.cronjobs import CronJob, cronjob_name, orchestration_name

NAMESPACE = "dsm-jobs"
SCRUM = CronJob(
    name=cronjob_name("P1-S01"),
    project_id="P1",
    sprint_id="P1-S01",
    schedule="0 14 * * 1-5",
    timezone="Europe/Berlin",
    ends_on=date(2099, 12, 31),
)
DECISION = CronJob(
    name=orchestration_name("P1"),
    kind="orchestrate",
    project_id="P1",
    schedule="0 8 * * 1-5",
    timezone="Europe/Berlin",
    created_by="maria",
)


@dataclass
class Replica:
    """One orchestrator's part in the schedules."""

    cronjobs: ClusterCronJobs
    reconciler: Reconciler
    api: ClusterApi


@dataclass
class Rig:
    """A cluster, a table, and one replica that uses both."""

    server: ApiServer
    pool: Pool
    table: CronJobTable
    folder: Path
    port: int
    image: str = "dsm:0.1.0"
    seconds: float = 5.0
    replicas: list[Replica] = field(default_factory=list[Replica])

    @property
    def cluster(self) -> Cluster:
        return self.server.cluster

    @property
    def cronjobs(self) -> ClusterCronJobs:
        return self.replicas[0].cronjobs

    @property
    def reconciler(self) -> Reconciler:
        return self.replicas[0].reconciler

    @property
    def names(self) -> list[str]:
        """Names of all objects in the namespace of the Jobs."""
        return sorted(name for place, name in self.cluster.objects if place == NAMESPACE)

    def object(self, name: str) -> dict[str, Any]:
        return self.cluster.objects[NAMESPACE, name]

    async def row(self, name: str) -> CronJob:
        job = await self.table.find(name)
        assert job is not None
        return job

    async def add_replica(self, *, max_writes: int = 20) -> Replica:
        """Open the adapter and a reconciler of one more process."""
        pods = Pods(
            namespace=NAMESPACE,
            installation=await installation_id(self.pool),
            image=self.image,
            key_secret="dsm-jobs-key",
            sprint_url="http://sprint-service.dsm.svc.cluster.local",
            orchestrator_url="http://project-orchestrator.dsm.svc.cluster.local",
            version="0.1.0",
        )
        opening = partial(open_client, str(self.folder / "config"))
        api = ClusterApi(opening, NAMESPACE, pods.installation, self.seconds)
        applier = Applier(api, pods)
        lease = Lease(self.pool, "reconcile", f"replica-{len(self.replicas)}", 120)
        replica = Replica(
            ClusterCronJobs(self.table, applier),
            Reconciler(self.table, applier, lease, max_writes),
            api,
        )
        self.replicas.append(replica)
        return replica

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve the cluster during the block."""
        async with serving(self.server, self.port):  # pyright: ignore[reportArgumentType]
            yield


@asynccontextmanager
async def open_rig(database_url: Callable[[str], str], folder: Path) -> AsyncIterator[Rig]:
    """Open a rig whose cluster is not served yet."""
    port = free_port()
    write_kubeconfig(folder / "config", f"http://127.0.0.1:{port}")
    async with open_pool(database_url("memory")) as pool:
        table = CronJobTable(pool, unapplied="pending")
        rig = Rig(ApiServer(), pool, table, folder, port)
        await rig.add_replica()
        try:
            yield rig
        finally:
            for replica in rig.replicas:
                replica.api.close()
