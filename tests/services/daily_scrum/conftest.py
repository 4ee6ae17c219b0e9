"""The daily-scrum service beside real sprint, backlog and project services, all over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from domain_services.daily_scrum.app import create_app
from domain_services.daily_scrum.settings import DailyScrumSettings
from tests.conftest import AUTH
from tests.ports import free_port
from tests.services.sprint.conftest import (  # noqa: F401 - fixtures
    Town,
    backlog_database_url,
    idle_town,
    peers,
    sprint_settings,
    town,
)

Start = Callable[..., Awaitable[str]]


@pytest.fixture
def scrum_database(database_url: Callable[[str], str]) -> str:
    return database_url("domain_services.daily_scrum")


@pytest.fixture
def start_scrums(town: Town, scrum_database: str, redis_url: str, serve: Any) -> Start:  # noqa: F811
    """Call it to start the service, with other settings where a test wants them; its base URL."""

    async def start(**changed: Any) -> str:
        reach = town.peers.model_copy(update={"sprint": town.sprint_url})
        values = {
            "port": free_port(),
            "database_url": SecretStr(scrum_database),
            "redis_url": SecretStr(redis_url),
            "peers": reach,
            "auth": AUTH,
        }
        settings = DailyScrumSettings(**(values | changed))
        return await serve(create_app(settings), settings.port)

    return start
