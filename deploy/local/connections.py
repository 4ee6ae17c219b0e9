"""Check that the pools of all services together fit the embedded PostgreSQL."""

from collections.abc import Mapping

from deploy.errors import StackError
from deploy.local.postgres import MAX_CONNECTIONS
from domain_services.kernel.settings import KernelSettings

# For commands beside the services: a migration, a backup, psql.
_FOR_COMMANDS = 10


def check_connections(services: Mapping[str, KernelSettings]) -> None:
    """Refuse pools that can never all be filled. Raises: `StackError`."""
    most = {name: settings.most_connections for name, settings in services.items()}
    room = MAX_CONNECTIONS - _FOR_COMMANDS
    if sum(most.values()) <= room:
        return
    counts = ", ".join(f"{name} {count}" for name, count in most.items() if count)
    pools = dict.fromkeys(pool for settings in services.values() for pool in settings.pool_sizes)
    raise StackError(
        f"the services open up to {sum(most.values())} connections ({counts}), more than the {room}"
        f" that the embedded PostgreSQL has for them; lower {', '.join(pools)}"
    )
