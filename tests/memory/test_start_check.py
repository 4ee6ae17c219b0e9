"""Check of the agent's database at the start of an orchestrator."""

from collections.abc import Callable

from agent.settings import AgentSettings
from domain_services.kernel.database.fitness import check_database


async def test_database_without_a_pooler_needs_no_settings_of_its_role(
    database_url: Callable[[str], str],
) -> None:
    """The pools set their own at each connection that they open."""
    await check_database(AgentSettings.model_validate({"database_url": database_url("memory")}))
