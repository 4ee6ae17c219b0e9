"""URLs of the stores, as each workload of a cluster gets them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from deploy.catalogue import SERVICES, Catalogue, ServiceSpec
from deploy.errors import StackError

DATABASE = "DSM_DATABASE_URL"
DIRECT = "DSM_DATABASE_DIRECT_URL"
RECALL = "DSM_RECALL_URL"
REDIS = "DSM_REDIS_URL"
OWNER = "DSM_OWNER_URL"
OVERRIDE = "DSM_DATABASE_URLS__"
OPTIONAL = (DIRECT, RECALL)

_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")
_REDIS = ("redis", "rediss")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Stores:
    """URLs of the stores, with their passwords."""

    databases: Mapping[str, str]
    """Database of each service that has one, by the service's name."""
    redis: str
    owner: str
    """PostgreSQL server, as the role that migrates; its database is ignored."""
    direct: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same databases past a PgBouncer; empty without one."""
    recall: str | None = None
    """Replica that the orchestrator recalls from; None: its database."""


def override(spec: ServiceSpec) -> str:
    """Name the variable that holds the URL of one service's database."""
    return f"{OVERRIDE}{spec.name.upper()}"


def names(catalogue: Catalogue = SERVICES) -> tuple[str, ...]:
    """List every variable that may be given."""
    own = (override(spec) for spec in catalogue if spec.database)
    return (DATABASE, *own, REDIS, OWNER, *OPTIONAL)


def missing(values: Mapping[str, str], catalogue: Catalogue = SERVICES) -> list[str]:
    """List the variables without which the stores cannot be named.

    A service whose role is its own needs a URL of its own: passwords are not shared.
    """
    specs = [spec for spec in catalogue if spec.database and not values.get(override(spec))]
    needed = [override(spec) for spec in specs if spec.role]
    if any(not spec.role for spec in specs):
        needed.insert(0, DATABASE)
    return [name for name in (*needed, REDIS, OWNER) if not values.get(name)]


def stores(values: Mapping[str, str], catalogue: Catalogue = SERVICES) -> Stores:
    """Make the URLs of every workload from the given ones. Raises: `StackError`."""
    if lacking := missing(values, catalogue):
        raise StackError(f"set {', '.join(lacking)}; see dsm manifests secrets --help")
    specs = [spec for spec in catalogue if spec.database]
    databases = {spec.name: _database(spec, values) for spec in specs}
    direct = values.get(DIRECT)
    past_pooler = {
        spec.name: _login_of(databases[spec.name], _named(DIRECT, direct, spec.database))
        for spec in specs
        if direct and spec.database
    }
    return Stores(
        databases,
        _checked(REDIS, values[REDIS], _REDIS).geturl(),
        _checked(OWNER, values[OWNER], _POSTGRES).geturl(),
        past_pooler,
        _checked(RECALL, recall, _POSTGRES).geturl() if (recall := values.get(RECALL)) else None,
    )


def _database(spec: ServiceSpec, values: Mapping[str, str]) -> str:
    own = values.get(override(spec))
    if own is None:
        return _named(DATABASE, values[DATABASE], spec.database or "").geturl()
    url = _checked(override(spec), own, _POSTGRES)
    if spec.role and url.username != spec.role:
        raise StackError(
            f"{override(spec)} names the user {url.username}; the {spec.identity} connects as"
            f" {spec.role}, whose rights are limited; create that role and give its URL"
        )
    return url.geturl()


def _named(name: str, url: str, database: str) -> SplitResult:
    return _checked(name, url, _POSTGRES)._replace(path=f"/{database}")


def _login_of(owner: str, url: SplitResult) -> str:
    """Return `url` with the user and password of another one: a role of its own keeps them."""
    login = urlsplit(owner).netloc.rpartition("@")[0]
    host = url.netloc.rpartition("@")[2]
    return url._replace(netloc=f"{login}@{host}" if login else host).geturl()


def _checked(name: str, text: str, schemes: tuple[str, ...]) -> SplitResult:
    # No message repeats the URL: it holds a password.
    try:
        url = urlsplit(text)
        host, _ = url.hostname, url.port
    except ValueError as error:
        raise StackError(f"{name} is no URL: a part of it is malformed") from error
    if url.scheme not in schemes or not host:
        raise StackError(f"{name} is no URL of the form {schemes[0]}://USER:PASSWORD@HOST:PORT")
    if host in _LOOPBACK:
        raise StackError(f"{name} names {host}, which in a pod is the pod; name the server's host")
    return url
