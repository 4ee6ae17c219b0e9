"""Catalogue of the services, as names that are imported only when a service starts."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from deploy.calls import CALLS
from deploy.errors import StackError


@dataclass(frozen=True)
class ServiceSpec:
    """Specification of one service: its port, its parts, its database and its rights."""

    name: str
    offset: int
    """Added to the stack's base port."""
    factory: str
    """Function that builds the app, as "module:attribute"."""
    settings: str
    """Settings class, as "module:attribute"."""
    database: str | None = None
    """Name of its database; None for a service that stores nothing."""
    migrations: str | None = None
    """Package that holds `migrations/`; None for a service that stores nothing."""
    role: str | None = None
    """Database role that it connects as; None for the owner."""
    extensions: tuple[tuple[str, str], ...] = ()
    """Extensions of its database, each with the least version."""
    schemas: tuple[str, ...] = ()
    """Schemas of its database beside `public`."""
    after_migration: str | None = None
    """Function that adds another package's tables to its database, as "module:attribute"."""
    wait_after_schema: str | None = None
    """Coroutine function that waits for those tables at a URL, as "module:attribute"."""
    calls: tuple[str, ...] = ()
    """Scope of its API key: the peers' routes that it may call, as in `ApiKey`."""
    events: bool = False
    """Whether it publishes or applies events, and so needs Redis."""
    signs_cuts: bool = False
    """Whether it signs the cuts of its audits, and so has a key for that."""

    @property
    def identity(self) -> str:
        """Name by which the service is called: in scopes, in answers, in a cluster's DNS."""
        if self.name == "orchestrator":
            return "project-orchestrator"
        return f"{self.name.replace('_', '-')}-service"


Catalogue = tuple[ServiceSpec, ...]


def _domain(
    name: str,
    offset: int,
    role: str | None = None,
    events: bool = False,
    signs_cuts: bool = False,
) -> ServiceSpec:
    package = f"domain_services.{name}"
    return ServiceSpec(
        name,
        offset,
        f"{package}.app:create_app",
        f"{package}.settings:{name.title().replace('_', '')}Settings",
        f"dsm_{name}",
        package,
        role,
        calls=CALLS.get(name, ()),
        events=events,
        signs_cuts=signs_cuts,
    )


# Callers stand before the services that they call: servers drain in this order, so that a request
# under way still finds its peers.
SERVICES: Catalogue = (
    ServiceSpec(
        "orchestrator",
        0,
        "agent.app:create_app",
        "agent.settings:AgentSettings",
        "dsm_agent_memory",
        "memory",
        extensions=(("vector", "0.8"),),
        schemas=("chat",),
        after_migration="agent.runs.checkpoints:create_tables",
        wait_after_schema="agent.runs.checkpoints:wait_for_tables",
        calls=CALLS["orchestrator"],
        events=True,
    ),
    _domain("daily_scrum", 6, events=True),
    _domain("sprint", 3, events=True),
    _domain("backlog", 2, events=True),
    _domain("project", 1),
    _domain("chronicle", 4, role="dsm_chronicle_service", signs_cuts=True),
    ServiceSpec(
        "embedding",
        5,
        "domain_services.embedding.app:create_app",
        "domain_services.embedding.settings:EmbeddingSettings",
    ),
)

# Scope of the key of the cluster's CronJobs: hold daily scrums, and fire other schedules.
JOB_CALLS = CALLS["jobs"]
# Scope of the key of a Job that plans a project's next sprint, or those of all projects.
PLANNING_CALLS = CALLS["planning"]


def find(name: str, catalogue: Catalogue = SERVICES) -> ServiceSpec:
    """Find a service by its name; `daily-scrum` is `daily_scrum`. Raises: `StackError`."""
    for spec in catalogue:
        if spec.name == name.replace("-", "_"):
            return spec
    names = ", ".join(sorted(spec.name for spec in catalogue))
    raise StackError(f"there is no service {name}; choose one of: {names}")


def resolve(reference: str) -> Any:
    """Import the object that "module:attribute" names. Raises: `StackError`."""
    module, _, attribute = reference.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise StackError(f"cannot load {reference}: {error}") from error
