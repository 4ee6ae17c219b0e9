"""Application of the daily-scrum service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from domain_services.daily_scrum.api import router
from domain_services.daily_scrum.logic import SOURCE, Simulator
from domain_services.daily_scrum.retention import RETENTION
from domain_services.daily_scrum.settings import DailyScrumSettings
from domain_services.events import READ_BY
from domain_services.kernel.background import Background
from domain_services.kernel.client.http_client import open_http
from domain_services.kernel.database.database import open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.messaging import outbox_rows
from domain_services.kernel.messaging.redis import check_writing, open_redis
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.web import set_aside
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient


def create_app(settings: DailyScrumSettings) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            open_database(settings) as database,
            open_redis(settings) as redis,
            open_http(settings) as http,
        ):
            sprint = SprintClient(http, settings.peers.sprint)
            project = ProjectClient(http, settings.peers.project)
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.simulator = Simulator(database, sprint, project)
            app.state.peers = (sprint, project)
            app.state.relay = Relay(
                database,
                redis,
                SOURCE,
                READ_BY,
                keep_days=settings.keep_events_days,
                most_tries=settings.item_tries,
            )
            app.state.checks = Checks(
                database=database.ping,
                redis=partial(check_writing, redis),
                external_apis={peer.peer: peer.health for peer in (sprint, project)},
            )
            app.state.item_kinds = (outbox_rows.KIND,)
            background: Background = app.state.background
            async with app.state.relay.draining(), background.running(*app.state.relay.loops()):
                yield

    return build_app(
        SOURCE, settings, [router, set_aside.router], lifespan=lifespan, validation_status=422
    )
