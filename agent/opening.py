"""Opening of the clients and of the memory, from which everything else is wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from prometheus_client import CollectorRegistry

from agent.jobs.schedulers import Schedulers, open_schedules
from agent.learning.learner import Learner
from agent.runs.checkpoints import Checkpoints
from agent.settings import AgentSettings
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.database.database import Database, open_database
from domain_services.kernel.database.patience import patiently
from domain_services.kernel.database.retention import Retention
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from memory.autonomy import Pauses
from memory.backfill import Backfill
from memory.cache import ProcessCache, TableCache
from memory.calibrations import Calibrations
from memory.decision_outcomes import EndedDecisions
from memory.deleted_schedules import DeletedSchedules
from memory.embed import Embeddings
from memory.embedder import ServiceEmbedder
from memory.job_results import JobResults
from memory.journal import Journal
from memory.pool import Pool, open_pool
from memory.recall import Recaller
from memory.retention import RETENTION
from memory.run_recovery import RunRecovery
from memory.runs import START_SECONDS, RunTable


@dataclass(frozen=True)
class Clients:
    """One typed client a service, all on one HTTP pool."""

    project: ProjectClient
    backlog: BacklogClient
    sprint: SprintClient
    chronicle: ChronicleClient
    embedding: EmbeddingClient

    @property
    def all(self) -> tuple[ServiceClient, ...]:
        """All clients, for metrics."""
        return (self.project, self.backlog, self.sprint, self.chronicle, self.embedding)


@dataclass(frozen=True)
class Memory:
    """The agent's database, and everything that reads and writes it."""

    pool: Pool
    """psycopg connections for the memory's own statements."""
    recall_pool: Pool
    """psycopg connections of recall, to a replica if there is one."""
    database: Database
    """The same database for the kernel's statements: keys, inbox, deliveries."""
    cache: ProcessCache
    table_cache: TableCache
    embeddings: Embeddings
    recaller: Recaller
    journal: Journal
    backfill: Backfill
    runs: RunTable
    run_recovery: RunRecovery
    pauses: Pauses
    checkpoints: Checkpoints
    ended_decisions: EndedDecisions
    learner: Learner
    schedulers: Schedulers
    deleted_schedules: DeletedSchedules
    job_results: JobResults
    retention: Retention


def make_clients(http: httpx.AsyncClient, settings: AgentSettings) -> Clients:
    """Make the clients of the peers that the settings name."""
    peers = settings.peers
    return Clients(
        project=ProjectClient(http, peers.project),
        backlog=BacklogClient(http, peers.backlog),
        sprint=SprintClient(http, peers.sprint),
        chronicle=ChronicleClient(http, peers.chronicle),
        embedding=EmbeddingClient(http, peers.embedding),
    )


@asynccontextmanager
async def open_memory(
    settings: AgentSettings, clients: Clients, registry: CollectorRegistry
) -> AsyncIterator[Memory]:
    """Open the pools and everything that uses them. Raises: `ValueError` without a database."""
    if settings.database_url is None:
        raise ValueError("no database is set; set DSM_DATABASE_URL")
    url = settings.database_url.get_secret_value()
    recall_url = settings.recall_url.get_secret_value() if settings.recall_url else url
    async with (
        open_pool(url, most=settings.memory_pool_size, pooled=settings.is_pooled) as pool,
        open_pool(
            recall_url,
            most=settings.recall_pool_size,
            pooled=settings.is_pooled and not settings.recalls_elsewhere,
            wait=False,
        ) as reading,
        open_schedules(settings, pool, results := JobResults(pool)) as schedulers,
        open_database(settings) as database,
    ):
        cache, table = ProcessCache(), TableCache(pool, reading)
        embedder = ServiceEmbedder(clients.embedding)
        embeddings = Embeddings(table, embedder, cache)
        journal, ended_decisions = Journal(pool, settings.item_tries), EndedDecisions(pool)
        runs = RunTable(pool, journal.wake, start_seconds=START_SECONDS * settings.patience)
        memory = Memory(
            pool=pool,
            recall_pool=reading,
            database=database,
            cache=cache,
            table_cache=table,
            embeddings=embeddings,
            recaller=Recaller(reading, embeddings, registry),
            journal=journal,
            backfill=Backfill(pool, embedder, table, settings.item_tries),
            runs=runs,
            run_recovery=RunRecovery(pool, runs.hung_up),
            pauses=Pauses(pool),
            checkpoints=Checkpoints(pool),
            ended_decisions=ended_decisions,
            learner=Learner(Calibrations(pool), ended_decisions),
            schedulers=schedulers,
            deleted_schedules=DeletedSchedules(pool),
            job_results=results,
            retention=Retention(database, RETENTION, settings),
        )
        await patiently(memory.learner.refresh)
        yield memory
