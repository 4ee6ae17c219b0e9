"""Databases of an earlier release, restored from dumps."""

from collections.abc import Iterator

import pytest

from tests.conftest import Databases
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.migrations.release import DUMPS, Dump


class Restorer:
    """Restorer of dumps into new databases."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.urls: list[str] = []

    def restore(self, dump: Dump) -> str:
        self.urls.append(self.databases.restore(dump.path))
        return self.urls[-1]

    def upgrade(self, url: str, dump: Dump) -> None:
        self.databases.upgrade(url, dump.package)


@pytest.fixture
def restorer(databases: Databases) -> Iterator[Restorer]:
    restorer = Restorer(databases)
    yield restorer
    for url in restorer.urls:
        databases.drop(url)


@pytest.fixture
async def upgraded(restorer: Restorer, system: System) -> System:
    """Start every service but the embeddings on the upgraded databases."""
    for dump in DUMPS:
        url = restorer.restore(dump)
        restorer.upgrade(url, dump)
        system.databases[dump.service] = url
    await system.start("project", "backlog", "chronicle", "sprint", "daily_scrum", "orchestrator")
    return system
