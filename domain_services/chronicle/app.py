"""The chronicle service as an app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from domain_services.chronicle.api import action_items, analytics, notes
from domain_services.chronicle.examples import EXAMPLES
from domain_services.chronicle.logic.cuts import AuditCutter
from domain_services.chronicle.retention import RETENTION
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.kernel.background import Background
from domain_services.kernel.database.database import open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks


def create_app(settings: ChronicleSettings) -> FastAPI:
    """Build the app; it opens its database when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_database(settings) as database:
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.checks = Checks(database=database.ping)
            cutter = AuditCutter(database, settings.keep_audits_days, settings.audit_keys)
            background: Background = app.state.background
            async with background.running(*([cutter.loop()] if settings.keep_audits_days else [])):
                yield

    routers = [notes.router, action_items.router, analytics.router]
    return build_app(
        "chronicle-service",
        settings,
        routers,
        lifespan=lifespan,
        validation_status=400,
        examples=EXAMPLES,
    )
