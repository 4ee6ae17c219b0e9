"""Start of an installation: services before the migration, and a service without Redis."""

import pytest

from deploy.catalogue import SERVICES
from tests.faults.fleet import until
from tests.replicas.conftest import Start
from tests.replicas.installation import Installation

pytestmark = pytest.mark.processes


async def test_services_that_start_before_the_migration_wait_for_it(start: Start) -> None:
    """Ten processes, three of them orchestrators, start at once on empty databases."""
    stored = {spec.name for spec in SERVICES if spec.database}
    assert start.ended_before_migration == []
    assert stored.isdisjoint(start.served_before_migration)
    assert (start.migrated[0], start.migrated_again[0]) == (0, 0), start.migrated[1]
    assert start.orchestrators == 3


async def test_service_whose_redis_is_away_serves_and_is_not_ready(
    installation: Installation,
) -> None:
    [*sprints] = installation.of("sprint")
    installation.servers.valkey.stop()
    try:
        for replica in sprints:
            assert await installation.probe(replica, "/health/ready") == 503
            assert await installation.probe(replica, "/health/serving") == 200
    finally:
        installation.servers.valkey.start()
    for replica in sprints:

        async def is_ready(replica=replica) -> bool:  # pyright: ignore
            return await installation.probe(replica, "/health/ready") == 200

        await until(is_ready, "readiness after Redis is back", 60)
