"""The project service as an app."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from domain_services.kernel.database.database import open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.types import utc_now
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.health import Checks
from domain_services.project.api import router
from domain_services.project.examples import EXAMPLES
from domain_services.project.logic import holidays
from domain_services.project.retention import RETENTION
from domain_services.project.settings import ProjectSettings


def create_app(settings: ProjectSettings) -> FastAPI:
    """Build the app; it opens its database when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_database(settings) as database:
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.checks = Checks(database=database.ping)
            # The first calendar of a process takes 100 ms: nobody's request waits for it.
            holidays.of_year(holidays.DEFAULT_COUNTRY, None, utc_now().year)
            yield

    return build_app(
        "project-service",
        settings,
        [router],
        lifespan=lifespan,
        validation_status=400,
        examples=EXAMPLES,
    )
