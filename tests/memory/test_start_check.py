"""Check of the agent's database at the start of an orchestrator."""

from collections.abc import Callable

from agent.settings import AgentSettings
from domain_services.kernel.database.fitness import check_database


async def test_database_without_a_pooler_needs_no_settings_of_its_role(
    database_url: Callable[[str], str],
) -> None:
    """The pools set their own at each connection that they open."""
    await check_database(AgentSettings.model_validate({"database_url": database_url("memory")}))


def test_pool_of_recall_counts_where_it_connects() -> None:
    own = {"database_url": "postgresql://a/memory", "recall_url": "postgresql://a/memory"}
    same = AgentSettings.model_validate(own)
    assert (same.most_connections, len(same.database_routes)) == (30, 1)
    elsewhere = AgentSettings.model_validate(own | {"recall_url": "postgresql://b/memory"})
    assert [(route.setting, route.most_connections) for route in elsewhere.database_routes] == [
        ("DSM_DATABASE_URL", 20),
        ("DSM_RECALL_URL", 10),
    ]
