"""Databases to migrate, each with its URL for the migrating role."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from deploy.catalogue import SERVICES, Catalogue, ServiceSpec
from deploy.errors import StackError
from deploy.migrating.settings import MigrationSettings
from domain_services.kernel.database.urls import engine_url


@dataclass(frozen=True)
class Target:
    """Database of one service."""

    spec: ServiceSpec
    package: str
    """Package that holds `migrations/`."""
    url: str
    """URL for the migrating role, in SQLAlchemy's form."""

    @property
    def database(self) -> str:
        """Name of the database."""
        return make_url(self.url).database or ""

    def beside(self, database: str) -> str:
        """Return the URL of another database of the same server, in libpq's form."""
        url = make_url(self.url).set(drivername="postgresql", database=database)
        return url.render_as_string(hide_password=False)


def target(spec: ServiceSpec, url: str) -> Target:
    """Make the target of a service whose database is at `url`. Raises: `StackError`."""
    if spec.migrations is None:
        raise StackError(f"{spec.name} stores nothing; it has no database to migrate")
    return Target(spec, spec.migrations, engine_url(url))


def choose(names: Iterable[str], catalogue: Catalogue = SERVICES) -> list[ServiceSpec]:
    """Return the named services, or all that have a database. Raises: `StackError`."""
    stored = {spec.name: spec for spec in catalogue if spec.database}
    chosen = [name.replace("-", "_") for name in names]
    unknown = [name for name in chosen if name not in stored]
    if unknown:
        raise StackError(
            f"no service with a database is called {unknown[0]}; choose from {', '.join(stored)}"
        )
    return [spec for name, spec in stored.items() if not chosen or name in chosen]


def targets(specs: Iterable[ServiceSpec], settings: MigrationSettings) -> list[Target]:
    """Return the databases of the services at the settings' URLs. Raises: `StackError`."""
    specs = list(specs)
    unknown = sorted(settings.owner_urls.keys() - {spec.name for spec in SERVICES if spec.database})
    if unknown:
        raise StackError(
            f"DSM_OWNER_URLS__{unknown[0].upper()} names no service with a database; correct it"
        )
    return [target(spec, _url(spec, settings)) for spec in specs]


def _url(spec: ServiceSpec, settings: MigrationSettings) -> str:
    own, common = settings.owner_urls.get(spec.name), settings.owner_url
    if own is None and common is None:
        raise StackError(
            "no database server is set; set DSM_OWNER_URL to"
            " postgresql://OWNER:PASSWORD@HOST:5432/ of the role that owns the databases"
        )
    text = own.get_secret_value() if own else common.get_secret_value() if common else ""
    name = f"DSM_OWNER_URLS__{spec.name.upper()}" if own else "DSM_OWNER_URL"
    try:
        url = make_url(engine_url(text))
    except Exception:
        # SQLAlchemy's message shows the URL, with its password.
        raise StackError(
            f"{name} is no URL; write postgresql://OWNER:PASSWORD@HOST:5432/"
        ) from None
    if url.get_backend_name() != "postgresql":
        raise StackError(f"{name} is no URL of PostgreSQL; write postgresql://OWNER:PASSWORD@HOST/")
    if own is None or not url.database:
        url = url.set(database=spec.database)
    return url.render_as_string(hide_password=False)
