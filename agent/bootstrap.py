"""Settings to everything the orchestrator needs: the only place where it is wired."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from importlib.metadata import version

import httpx
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from agent.intelligence.health import Health
from agent.intelligence.reader import ProjectReader
from agent.jobs.audits import post_audits
from agent.jobs.daily import Daily, Job
from agent.jobs.event_consumers import consumers, listening_to
from agent.jobs.prefetch import Prefetcher
from agent.jobs.schedule import EmbeddedCronJobs, Scheduler
from agent.learning.learner import Learner
from agent.runs.checkpoints import Checkpoints
from agent.runs.decision_modes import DecisionModes, default_mode
from agent.runs.orchestrator import Orchestrator, request_options
from agent.schema import OrchestrationRequest
from agent.settings import AgentSettings
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.embedding.client import EmbeddingClient
from domain_services.kernel.background import running
from domain_services.kernel.client.http_client import ServiceClient, open_http
from domain_services.kernel.database.database import Database, open_database
from domain_services.kernel.messaging.deliveries import DeliveryWorker
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from graphs.decision import build
from graphs.deps import Deps, Sources
from memory.audits import WaitingAudits
from memory.backfill import Backfill
from memory.cache import ProcessCache, TableCache
from memory.calibrations import Calibrations
from memory.decision_outcomes import EndedDecisions
from memory.embed import Embeddings
from memory.embedder import ServiceEmbedder
from memory.jobs import DailyJobs
from memory.journal import Journal
from memory.modes import Modes
from memory.pool import Pool, open_pool
from memory.postgres import PostgresEpisodes
from memory.recall import Recaller
from memory.runs import START_SECONDS, RunTable
from memory.store import EpisodeStore
from tools.cronjobs import CronJob
from tools.registry import all_tools

# Of the kernel's database: one for each stream, one for deliveries, two for Idempotency-Keys.
CONNECTIONS = 5


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
        return (self.project, self.backlog, self.sprint, self.chronicle, self.embedding)


@dataclass(frozen=True)
class Services:
    """What the routes reach."""

    orchestrator: Orchestrator
    modes: DecisionModes
    reader: ProjectReader
    learner: Learner
    intelligence_health: Health
    backfill: Backfill
    store: EpisodeStore
    clients: Clients
    consumers: Sequence[Consumer]
    pool: Pool
    database: Database
    redis: Redis | None


def make_clients(http: httpx.AsyncClient, settings: AgentSettings) -> Clients:
    peers = settings.peers
    return Clients(
        project=ProjectClient(http, peers.project),
        backlog=BacklogClient(http, peers.backlog),
        sprint=SprintClient(http, peers.sprint),
        chronicle=ChronicleClient(http, peers.chronicle),
        embedding=EmbeddingClient(http, peers.embedding),
    )


@asynccontextmanager
async def open_services(
    settings: AgentSettings, registry: CollectorRegistry
) -> AsyncIterator[Services]:
    """Everything open and every background task running. Raises: `ValueError`."""
    if settings.database_url is None:
        raise ValueError("no database is set (DSM_DATABASE_URL)")
    url = settings.database_url.get_secret_value()
    recall_url = settings.recall_url.get_secret_value() if settings.recall_url else url
    async with (
        open_http(settings) as http,
        open_pool(url) as pool,
        open_pool(recall_url, wait=False) as reading,
        open_database(settings.model_copy(update={"pool_size": CONNECTIONS})) as database,
        listening_to(settings, database) as bus,
    ):
        checkpoints = Checkpoints(pool)
        await checkpoints.saver().setup()
        clients = make_clients(http, settings)
        cronjobs = EmbeddedCronJobs(pool)
        sources = Sources(
            clients.project,
            clients.backlog,
            clients.sprint,
            clients.chronicle,
            cronjobs,
            settings.patience,
        )
        cache, table = ProcessCache(), TableCache(pool, reading)
        embedder = ServiceEmbedder(clients.embedding)
        embeddings = Embeddings(table, embedder, cache)
        recaller = Recaller(reading, embeddings, registry)
        journal, audits, lessons = Journal(pool), WaitingAudits(pool), EndedDecisions(pool)
        runs = RunTable(pool, journal.wake, start_seconds=START_SECONDS * settings.patience)
        learner = Learner(Calibrations(pool), lessons)
        await learner.refresh()
        backfill = Backfill(pool, embedder, table)
        usual = request_options(OrchestrationRequest())
        warmer = Prefetcher(sources, recaller, usual)
        orchestrator = _orchestrator(
            settings, clients, sources, recaller, runs, learner, checkpoints
        )
        jobs = (
            Job("backfill", time(3), backfill.backfill_all),
            Job("learn", time(4), partial(learner.learn, "schedule")),
        )
        heard = list(consumers(bus, settings, warmer))
        async with running(
            embeddings.run(),
            journal.run(),
            backfill.run(),
            orchestrator.watch(),
            checkpoints.prune(),
            _scheduler(settings, clients, cronjobs).run(),
            DeliveryWorker(database, post_audits(clients.chronicle)).run(),
            Daily(DailyJobs(pool), jobs).run(),
            learner.run(),
            warmer.run(),
            *(each.run() for each in heard),
        ):
            yield Services(
                orchestrator=orchestrator,
                modes=DecisionModes(Modes(pool), default_mode(settings)),
                reader=ProjectReader(sources, recaller, runs, lessons, audits, pool, usual),
                learner=learner,
                intelligence_health=Health(
                    pool, learner, clients.chronicle, clients.embedding, cache
                ),
                backfill=backfill,
                store=PostgresEpisodes(pool),
                clients=clients,
                consumers=heard,
                pool=pool,
                database=database,
                redis=bus.redis if bus else None,
            )


def _orchestrator(
    settings: AgentSettings,
    clients: Clients,
    sources: Sources,
    recaller: Recaller,
    runs: RunTable,
    learner: Learner,
    checkpoints: Checkpoints,
) -> Orchestrator:
    deps = partial(
        Deps,
        **vars(sources),
        tools=all_tools(
            clients.project, clients.backlog, clients.sprint, clients.chronicle, sources.cronjobs
        ),
        recaller=recaller,
        runs=runs,
        agent_version=version("digital-scrum-master"),
    )
    return Orchestrator(
        build(checkpoints.saver(), patience=settings.patience),
        checkpoints,
        runs,
        lambda run: deps(run=run, calibration=learner.calibration),
        mode=default_mode(settings),
        lease_seconds=settings.lease_seconds,
    )


def _scheduler(settings: AgentSettings, clients: Clients, cronjobs: EmbeddedCronJobs) -> Scheduler:
    async def fire(job: CronJob, due: datetime) -> object:
        return await clients.sprint.run_daily_scrum(job.sprint_id, due)

    return Scheduler(cronjobs, fire, poll_seconds=settings.schedule_poll_seconds)
