"""Application of the backlog service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from domain_services.backlog.api import planning, tasks
from domain_services.backlog.api.tasks import Clients
from domain_services.backlog.examples import EXAMPLES
from domain_services.backlog.logic.events import BATCH_HANDLERS
from domain_services.backlog.retention import RETENTION
from domain_services.backlog.settings import BacklogSettings
from domain_services.events import BACKLOG_GROUP, DAILY_SCRUM_EVENTS
from domain_services.kernel.background import Background
from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.database.database import open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.messaging.consumer_names import consumer_name
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.redis import check_writing, open_redis
from domain_services.kernel.web import dead_letters
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks
from domain_services.project.client import ProjectClient


def create_app(settings: BacklogSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_database(settings) as database,
            open_redis(settings) as redis,
            open_http(settings) as http,
        ):
            clients = Clients(project=ProjectClient(http, settings.peers.project))
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.redis = redis
            app.state.clients = clients
            app.state.checks = Checks(
                database=database.ping,
                redis=partial(check_writing, redis),
                external_apis={"project_service": clients.project.health},
            )
            consumer = Consumer(
                database,
                redis,
                stream=DAILY_SCRUM_EVENTS,
                group=BACKLOG_GROUP,
                # The same after a restart, so that unfinished entries are found again.
                name=consumer_name(settings.port),
                batch_handlers=BATCH_HANDLERS,
            )
            app.state.peers = (clients.project,)
            app.state.consumers = (consumer,)
            background: Background = app.state.background
            async with background.running(consumer.loop()):
                yield

    return build_app(
        "backlog-service",
        settings,
        [tasks.router, planning.router, dead_letters.router],
        lifespan=lifespan,
        validation_status=422,
        examples=EXAMPLES,
    )
