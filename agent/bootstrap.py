"""Wiring of the orchestrator: from settings to open clients, memory and background loops."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from agent.autonomy.autonomies import ProjectAutonomies
from agent.autonomy.pauses import PauseSwitch
from agent.chat.advisor import Advisor
from agent.clock.mover import ClockMover
from agent.intelligence.health import Health
from agent.intelligence.reader import ProjectReader
from agent.jobs.audits import post_audits
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.event_consumers import consumers, open_bus
from agent.jobs.firing import JobRunner
from agent.jobs.firings import Firings
from agent.jobs.follow_up_runs import FollowUpRuns
from agent.jobs.own_jobs import own_work
from agent.jobs.prefetch import Prefetcher
from agent.learning.learner import Learner
from agent.opening import Clients, Memory, make_clients, open_memory
from agent.runs.asking import Asking
from agent.runs.autonomy import default_autonomy
from agent.runs.decision_modes import DecisionModes, default_mode, mode_of
from agent.runs.decisions import Carrier, Decisions
from agent.runs.orchestrator import Orchestrator, request_options
from agent.runs.plans import PlanExecution
from agent.runs.proposing import Proposing
from agent.runs.resumption import Resumption, stored_answer
from agent.runs.tracing import allow_langsmith
from agent.schedules.schedules import Schedules
from agent.schema import OrchestrationRequest
from agent.settings import AgentSettings
from domain_services.kernel.background import Background, Loop
from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.messaging.deliveries import DeliveryWorker
from domain_services.kernel.messaging.inbox import Consumer
from graphs.decision import build
from graphs.deps import Deps, Sources
from graphs.rules.base import RequestOptions
from graphs.state import Mode
from graphs.studio import OpenDeps
from memory.audits import WaitingAudits
from memory.autonomy import Autonomies
from memory.backfill import Backfill
from memory.follow_ups import FollowUps
from memory.modes import Modes
from memory.plan_runs import PlanRuns
from memory.pool import Pool
from memory.postgres import PostgresEpisodes
from memory.project_holds import ProjectHolds
from memory.proposals import Proposals
from memory.run import Run, RunKind
from memory.run_comments import RunComments
from memory.store import EpisodeStore
from tools.registry import Toolbox


@dataclass(frozen=True)
class Deciding:
    """Parts that take a run from its request to its end."""

    orchestrator: Orchestrator
    resumption: Resumption
    proposing: Proposing
    decisions: Decisions
    asking: Asking


@dataclass(frozen=True)
class Services:
    """Objects that the routes use."""

    orchestrator: Orchestrator
    decisions: Decisions
    asking: Asking
    clock_mover: ClockMover
    modes: DecisionModes
    autonomies: ProjectAutonomies
    pause_switch: PauseSwitch
    reader: ProjectReader
    schedules: Schedules
    firings: Firings
    cronjob_table: CronJobTable
    learner: Learner
    intelligence_health: Health
    backfill: Backfill
    store: EpisodeStore
    clients: Clients
    consumers: Sequence[Consumer]
    pool: Pool
    recall_pool: Pool
    database: Database
    retention: Retention
    redis: Redis | None
    """None when no Redis is set: outcomes then do not arrive by themselves."""


@asynccontextmanager
async def open_services(
    settings: AgentSettings, registry: CollectorRegistry, background: Background
) -> AsyncIterator[Services]:
    """Open clients and memory, and run the loops. Raises: `ValueError` without a database."""
    allow_langsmith(settings.tracing_langsmith)
    async with (
        open_http(settings) as http,
        open_memory(settings, clients := make_clients(http, settings), registry) as memory,
        open_bus(settings, memory.database) as bus,
    ):
        sources = _sources(settings, clients, memory)
        options = request_options(OrchestrationRequest())
        modes = DecisionModes(Modes(memory.pool), default_mode(settings))
        deciding = _deciding(settings, clients, sources, memory)
        orchestrator = deciding.orchestrator
        prefetcher = Prefetcher(sources, memory.recaller, options)
        runner = _job_runner(clients, memory, orchestrator)
        stream_consumers = list(consumers(bus, settings, prefetcher, memory.schedulers.note_ended))
        loops = [
            deciding.resumption.loop(),
            deciding.proposing.loop(),
            prefetcher.loop(),
            *_memory_loops(settings, clients, memory, runner),
            *(consumer.loop() for consumer in stream_consumers),
        ]
        async with background.running(*loops):
            yield Services(
                orchestrator=orchestrator,
                decisions=deciding.decisions,
                asking=deciding.asking,
                clock_mover=_clock_mover(settings, clients, memory),
                modes=modes,
                autonomies=ProjectAutonomies(Autonomies(memory.pool), settings.autonomy),
                pause_switch=PauseSwitch(memory.pauses),
                reader=_reader(sources, memory, options, modes),
                schedules=_schedules(clients, memory),
                firings=_firings(memory, runner),
                cronjob_table=memory.schedulers.table,
                learner=memory.learner,
                intelligence_health=_intelligence_health(clients, memory),
                backfill=memory.backfill,
                store=PostgresEpisodes(memory.pool),
                clients=clients,
                consumers=stream_consumers,
                pool=memory.pool,
                recall_pool=memory.recall_pool,
                database=memory.database,
                retention=memory.retention,
                redis=bus.redis if bus else None,
            )


def _memory_loops(
    settings: AgentSettings, clients: Clients, memory: Memory, runner: JobRunner
) -> Iterator[Loop]:
    yield from memory.schedulers.loops(runner.fire)
    yield _follow_up_runs(settings, memory, runner).loop()
    yield DeliveryWorker(
        memory.database, post_audits(clients.chronicle), settings.item_tries
    ).loop()
    yield memory.embeddings.loop()
    yield memory.journal.loop()
    yield memory.backfill.loop()
    yield memory.learner.loop()
    if settings.advisor.model is not None:
        yield Advisor(settings.advisor, RunComments(memory.pool)).loop()


def _deciding(
    settings: AgentSettings, clients: Clients, sources: Sources, memory: Memory
) -> Deciding:
    deps_of = _deps_of(clients, sources, memory)
    graph = build(memory.checkpoints.saver(), patience=settings.patience)
    plan_runs = PlanRuns(memory.pool, settings.lease_seconds)
    execution = PlanExecution(
        memory.runs, plan_runs, memory.run_recovery, memory.deleted_schedules, deps_of
    )
    resumption = Resumption(
        graph,
        memory.checkpoints,
        memory.runs,
        memory.run_recovery,
        deps_of,
        {"undo": execution.carry_out, "request": execution.carry_out},
    )
    proposals = Proposals(memory.pool, memory.journal.wake)
    proposing = Proposing(proposals, deps_of)
    plans = Carrier(execution.carry_out, execution.answer)
    carriers: dict[RunKind, Carrier] = {
        "decision": Carrier(resumption.carry_out, stored_answer),
        "undo": plans,
        "request": plans,
    }
    orchestrator = Orchestrator(
        graph,
        resumption,
        memory.runs,
        memory.run_recovery,
        deps_of,
        proposing,
        mode=default_mode(settings),
        autonomy=default_autonomy(settings),
        lease_seconds=settings.lease_seconds,
    )
    decisions = Decisions(memory.runs, proposals, deps_of, carriers, default_autonomy(settings))
    asking = Asking(memory.runs, plan_runs, proposing, deps_of)
    return Deciding(orchestrator, resumption, proposing, decisions, asking)


def _sources(settings: AgentSettings, clients: Clients, memory: Memory) -> Sources:
    return Sources(
        clients.project,
        clients.backlog,
        clients.sprint,
        clients.chronicle,
        memory.schedulers.cronjobs,
        memory.deleted_schedules,
        settings.patience,
    )


def _deps_of(clients: Clients, sources: Sources, memory: Memory) -> Callable[[Run], Deps]:
    toolbox = Toolbox(
        clients.project, clients.backlog, clients.sprint, clients.chronicle, sources.cronjobs
    )
    deps = partial(
        Deps,
        **vars(sources),
        tools=toolbox.acting,
        recaller=memory.recaller,
        ended_decisions=memory.ended_decisions,
        runs=memory.runs,
        agent_version=version("digital-scrum-master"),
    )

    def deps_of(run: Run) -> Deps:
        may_call = partial(memory.pauses.check, run.project_id)
        return deps(run=run, calibration=memory.learner.calibration, may_call=may_call)

    return deps_of


@asynccontextmanager
async def open_look(settings: AgentSettings) -> AsyncIterator[OpenDeps]:
    """Open what looks at projects need, without any loop. Raises: `ValueError` as above."""
    async with (
        open_http(settings) as http,
        open_memory(
            settings, clients := make_clients(http, settings), CollectorRegistry()
        ) as memory,
    ):
        deps_of = _deps_of(clients, _sources(settings, clients, memory), memory)
        default = default_mode(settings)

        async def open_deps(project_id: str) -> tuple[Deps, Mode]:
            run = await memory.runs.unrecorded(project_id, {})
            return deps_of(run), mode_of(run.mode, default)

        yield open_deps


def _clock_mover(settings: AgentSettings, clients: Clients, memory: Memory) -> ClockMover:
    holds = ProjectHolds(memory.pool, memory.runs, settings.lease_seconds)
    return ClockMover(clients.project, clients.sprint, memory.schedulers.cronjobs, holds)


def _job_runner(clients: Clients, memory: Memory, orchestrator: Orchestrator) -> JobRunner:
    work = own_work(memory.backfill, memory.learner, memory.retention)
    return JobRunner(
        clients.project, clients.sprint, clients.chronicle, orchestrator, memory.pauses, work
    )


def _follow_up_runs(settings: AgentSettings, memory: Memory, runner: JobRunner) -> FollowUpRuns:
    return FollowUpRuns(
        FollowUps(memory.pool),
        memory.schedulers.cronjobs,
        memory.job_results,
        runner.decide,
        poll_seconds=settings.schedule_poll_seconds,
        tries=settings.item_tries,
    )


def _firings(memory: Memory, runner: JobRunner) -> Firings:
    schedulers = memory.schedulers
    return Firings(schedulers.table, schedulers.claims, memory.job_results, runner.fire)


def _schedules(clients: Clients, memory: Memory) -> Schedules:
    return Schedules(
        cronjobs=memory.schedulers.cronjobs,
        deletions=memory.deleted_schedules,
        results=memory.job_results,
        projects=clients.project,
        sprints=clients.sprint,
    )


def _reader(
    sources: Sources, memory: Memory, options: RequestOptions, modes: DecisionModes
) -> ProjectReader:
    return ProjectReader(
        sources,
        memory.recaller,
        memory.runs,
        memory.ended_decisions,
        WaitingAudits(memory.pool),
        memory.pool,
        options,
        modes,
        memory.learner,
    )


def _intelligence_health(clients: Clients, memory: Memory) -> Health:
    return Health(memory.pool, memory.learner, clients.chronicle, clients.embedding, memory.cache)
