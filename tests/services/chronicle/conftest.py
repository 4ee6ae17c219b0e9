"""Chronicle service with an empty database, over HTTP."""

from collections.abc import Awaitable, Callable

import httpx
import pytest
from pydantic import SecretStr

from domain_services.chronicle.app import create_app
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.settings import ChronicleSettings
from tests.conftest import AUTH, Databases
from tests.ports import free_port


@pytest.fixture
def chronicle_database(database_url: Callable[[str], str]) -> str:
    """Make a database; its URL is for the owner, a superuser."""
    return database_url("domain_services.chronicle")


@pytest.fixture
def service_database(chronicle_database: str, databases: Databases) -> str:
    """Return the database's URL for the service's own role."""
    role = databases.role("domain_services.chronicle")
    return chronicle_database.replace("//postgres@", f"//{role}@")


@pytest.fixture
async def chronicle_url(serve: Callable[..., Awaitable[str]], service_database: str) -> str:
    settings = ChronicleSettings(
        port=free_port(),
        database_url=SecretStr(service_database),
        auth=AUTH,  # pyright: ignore[reportArgumentType]
    )
    return await serve(create_app(settings), settings.port)


@pytest.fixture
def chronicle(chronicle_url: str, http: httpx.AsyncClient) -> ChronicleClient:
    return ChronicleClient(http, chronicle_url)
