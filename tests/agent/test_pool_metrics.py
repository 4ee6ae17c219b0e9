"""Connections of the orchestrator's pools, as Prometheus sees them."""

import re

from agent.settings import AgentSettings
from tests.agent.conftest import whole as whole
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system

_LIMIT = re.compile(r'^dsm_db_connections_limit\{pool="(\w+)"\} ([\d.]+)$', re.MULTILINE)
_USED = re.compile(r'^dsm_db_connections_used\{pool="(\w+)"\} ([\d.]+)$', re.MULTILINE)


async def test_metrics_see_every_connection_that_the_orchestrator_may_open(whole: System) -> None:
    answer = await whole.http.get(f"{whole.urls['orchestrator']}/metrics")
    limits = {pool: float(limit) for pool, limit in _LIMIT.findall(answer.text)}
    assert limits == {"writing": 5, "reading": 5, "memory": 10, "recall": 10}
    settings = AgentSettings.model_validate(
        {"database_url": whole.databases["orchestrator"], "redis_url": whole.redis_url}
    )
    assert sum(limits.values()) == settings.most_connections
    assert {pool for pool, _ in _USED.findall(answer.text)} == limits.keys()
