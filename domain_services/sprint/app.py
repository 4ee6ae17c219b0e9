"""Application of the sprint service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
from fastapi import FastAPI
from redis.asyncio import Redis

from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.events import DAILY_SCRUM_EVENTS, READ_BY, SPRINT_GROUP, TaskProgressed
from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.database.database import Database, open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.messaging import deliveries, outbox_rows
from domain_services.kernel.messaging.consumer_names import consumer_name
from domain_services.kernel.messaging.deliveries import DeliveryWorker
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.redis import check_writing, open_redis
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.web import dead_letters, set_aside
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks
from domain_services.project.client import ProjectClient
from domain_services.sprint.api import router
from domain_services.sprint.examples import EXAMPLES
from domain_services.sprint.logic import progress, saga
from domain_services.sprint.logic.daily_scrum import DailyScrum
from domain_services.sprint.logic.deliveries import post_notes
from domain_services.sprint.logic.peer_facts import PeerReader
from domain_services.sprint.logic.planning import Planner
from domain_services.sprint.logic.project_days import ProjectDays
from domain_services.sprint.logic.reconciling import Reconciler
from domain_services.sprint.logic.reporters import Reporters
from domain_services.sprint.logic.tasks import SOURCE
from domain_services.sprint.retention import RETENTION
from domain_services.sprint.settings import SprintSettings


def create_app(settings: SprintSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_database(settings) as database,
            open_redis(settings) as redis,
            open_http(settings) as http,
        ):
            project = ProjectClient(http, settings.peers.project)
            backlog = BacklogClient(http, settings.peers.backlog)
            chronicle = ChronicleClient(http, settings.peers.chronicle)
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.planner = Planner(database, project, backlog, tries=settings.item_tries)
            app.state.relay = _relay(settings, database, redis)
            app.state.daily_scrum = DailyScrum(database, project)
            app.state.project_days = ProjectDays(database, project)
            app.state.reporters = Reporters(database, project)
            app.state.peer_reader = PeerReader(database, project, backlog)
            app.state.peers = (project, backlog, chronicle)
            app.state.checks = Checks(
                database=database.ping,
                redis=partial(check_writing, redis),
                external_apis={peer.peer: peer.health for peer in app.state.peers},
            )
            reports = _consumer_of_reports(settings, database, redis)
            reconciler = _reconciler(settings, database, http)
            app.state.consumers = (reports,)
            app.state.delivers = True
            app.state.item_kinds = (deliveries.KIND, saga.KIND, outbox_rows.KIND)
            async with (
                app.state.relay.draining(),
                app.state.background.running(
                    *app.state.relay.loops(),
                    DeliveryWorker(database, post_notes(chronicle), settings.item_tries).loop(),
                    app.state.planner.loop(),
                    reports.loop(),
                    reconciler.loop(),
                ),
            ):
                yield

    return build_app(
        SOURCE,
        settings,
        [router, dead_letters.router, set_aside.router],
        lifespan=lifespan,
        validation_status=422,
        examples=EXAMPLES,
    )


def _reconciler(
    settings: SprintSettings, database: Database, http: httpx.AsyncClient
) -> Reconciler:
    """Make the comparison of reservations with the backlog's."""
    # A client of its own: the comparisons must not open the circuit of the requests.
    backlog = BacklogClient(http, settings.peers.backlog)
    return Reconciler(database, backlog, seconds=settings.reconcile_seconds)


def _relay(settings: SprintSettings, database: Database, redis: Redis) -> Relay:
    """Make the relay of the sprint's own events."""
    return Relay(
        database,
        redis,
        SOURCE,
        READ_BY,
        keep_days=settings.keep_events_days,
        most_tries=settings.item_tries,
    )


def _consumer_of_reports(settings: SprintSettings, database: Database, redis: Redis) -> Consumer:
    """Make the consumer of the progress that daily scrums report."""
    return Consumer(
        database,
        redis,
        stream=DAILY_SCRUM_EVENTS,
        group=SPRINT_GROUP,
        # The same after a restart, so that unfinished entries are found again.
        name=consumer_name(settings.port),
        handlers={TaskProgressed.event_type: progress.handle_task_progressed},
    )
