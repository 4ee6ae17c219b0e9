"""Settings of the services as this environment and a running stack give them, without secrets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from agent.cli.target import DATA_DIR_VARIABLE, KEY_FILE_VARIABLE
from deploy.catalogue import SERVICES, ServiceSpec, resolve
from deploy.manifests import stores
from domain_services.kernel.settings import ApiKey

PREFIX = "DSM_"
MASK = "********"
DEFAULT = "default"
LINKS_ADVICE = (
    "a cluster makes them for a Service whose name begins with dsm;"
    " set enableServiceLinks: false in the pod"
)
STACK = "stack"
# What an embedded stack gives to each service, whatever the environment says.
OF_THE_STACK = re.compile(r"DSM_(HOST|PORT|DATABASE_URL|REDIS_URL|PEERS__.*|AUTH__.*)")
# Variables that commands and tests read, and no service.
OF_COMMANDS = (DATA_DIR_VARIABLE, KEY_FILE_VARIABLE, "DSM_JOB_NAME", "DSM_JOB_STARTS_AT")
_MIGRATION = "deploy.migrating.settings:MigrationSettings"
# Every pod gets such variables of each Service; those of `dsm` and `dsm-*` look like ours.
_LINK = re.compile(
    r"DSM_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)
_LINK_PORT = re.compile(r"DSM_(.+_)?PORT")
_LINK_URL = re.compile(r"(tcp|udp|sctp)://", re.IGNORECASE)
_DOUBT = 0.6  # least likeness (0..1) of two names to suggest one for the other


@dataclass(frozen=True)
class Setting:
    """One setting of one service."""

    service: str
    """Name of the service."""
    name: str
    """Environment variable."""
    value: str
    """Value for people; a secret is masked."""
    source: str
    """`default`, `stack`, or the environment variable that set it."""


@dataclass(frozen=True)
class Unknown:
    """Environment variable that no service and no command reads."""

    name: str
    """Its name."""
    nearest: str | None
    """Known name that is most alike; None when none is."""


@dataclass(frozen=True)
class Refused:
    """Value that a service refuses."""

    service: str
    """Name of the service."""
    name: str
    """Environment variable."""
    reason: str
    """Reason, without the value."""


def read_settings(
    spec: ServiceSpec, environment: Mapping[str, str], stack: Mapping[str, str]
) -> tuple[list[Setting], list[Refused]]:
    """Read the settings of a service as it would; `stack` has the URLs of a running stack."""
    kind = cast("type[BaseModel]", resolve(spec.settings))
    names = {name.upper() for name in environment}
    try:
        settings = kind()
    except ValidationError as error:
        return [], [
            Refused(spec.name, _variable(part["loc"]), part["msg"].removeprefix("Value error, "))
            for part in error.errors()
        ]
    except SettingsError as error:
        return [], [Refused(spec.name, _of_field(error, names), "it is no JSON; write it as JSON")]
    rows = [
        Setting(spec.name, name, _shown(value), _source(name, value != default, names))
        for name, value, default in _leaves(settings)
    ]
    if spec.name in stack:
        rows = [_of_stack(row, spec, stack) for row in rows]
    return rows, []


def unknown_variables(environment: Mapping[str, str]) -> list[Unknown]:
    """Find the variables `DSM_*` that nothing reads, each with the nearest known name."""
    known = sorted(set(known_variables()))
    # A nested setting may also be given whole, as JSON under the name of its root.
    roots = {name.partition("__")[0] for name in known if not name.startswith(stores.OVERRIDE)}
    links = service_links(environment)
    unknown: list[Unknown] = []
    for name in sorted(environment):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in {*known, *roots, *links}:
            continue
        near = get_close_matches(upper, known, n=1, cutoff=_DOUBT)
        unknown.append(Unknown(name, near[0] if near else None))
    return unknown


def service_links(environment: Mapping[str, str]) -> list[str]:
    """Find the variables that a cluster made of Services named `dsm` or `dsm-*`."""
    return [
        name
        for name, value in sorted(environment.items())
        if _LINK.fullmatch(name) or (_LINK_PORT.fullmatch(name) and _LINK_URL.match(value))
    ]


def known_variables() -> Iterator[str]:
    """List every variable that a service or a command reads."""
    yield from OF_COMMANDS
    # Of all services: a command may be told of one that no service calls.
    yield from (f"DSM_PEERS__{spec.name.upper()}" for spec in SERVICES)
    yield from stores.names()
    yield from (f"DSM_OWNER_URLS__{spec.name.upper()}" for spec in SERVICES if spec.database)
    for reference in (*(spec.settings for spec in SERVICES), _MIGRATION):
        yield from _names(cast("type[BaseModel]", resolve(reference)), PREFIX)


def _names(kind: type[BaseModel], prefix: str) -> Iterator[str]:
    for field, info in kind.model_fields.items():
        nested = info.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield from _names(nested, f"{prefix}{field.upper()}__")
        else:
            yield f"{prefix}{field.upper()}"


def _leaves(settings: BaseModel, prefix: str = PREFIX) -> Iterator[tuple[str, Any, Any]]:
    """Yield variable, value and default of each setting."""
    for field, info in type(settings).model_fields.items():
        value, name = getattr(settings, field), f"{prefix}{field.upper()}"
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{name}__")
        else:
            yield name, value, info.get_default(call_default_factory=False)


def _source(name: str, is_changed: bool, environment: set[str]) -> str:
    if name in environment:
        return name
    root = name.partition("__")[0]
    return root if is_changed and root in environment else DEFAULT


def _of_stack(row: Setting, spec: ServiceSpec, stack: Mapping[str, str]) -> Setting:
    stores_nothing = row.name == "DSM_DATABASE_URL" and spec.database is None
    if stores_nothing or not OF_THE_STACK.fullmatch(row.name):
        return row
    parts = urlsplit(stack[spec.name])
    own = {"DSM_HOST": str(parts.hostname), "DSM_PORT": str(parts.port)}
    own |= {f"DSM_PEERS__{name.upper()}": url for name, url in stack.items()}
    return Setting(row.service, row.name, own.get(row.name, "made by the stack"), STACK)


def _shown(value: object) -> str:
    """Show a value: keys by name and role, URLs without passwords, other secrets not at all."""
    if value is None:
        return "none"
    if isinstance(value, SecretStr):
        return without_password(value.get_secret_value())
    if isinstance(value, tuple):
        keys = [item for item in cast("tuple[object, ...]", value) if isinstance(item, ApiKey)]
        return ", ".join(f"{key.name} ({key.role})" for key in keys) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return without_password(text) if "://" in text else text


def without_password(url: str) -> str:
    """Return a URL without user, password and parameters; `MASK` for any other text."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return MASK
    if not parts.scheme or "://" not in url:
        return MASK
    user = f"{MASK}@" if "@" in parts.netloc else ""
    place = f"{host or ''}{f':{port}' if port else ''}"
    # Parameters may hold a password too; a socket's folder stands there as well.
    tail = f"?{MASK}" if parts.query else ""
    return f"{parts.scheme}://{user}{place}{parts.path}{tail}"


def _of_field(error: SettingsError, names: set[str]) -> str:
    """Name the variables of the field that an error names; its value stands nowhere."""
    field = re.search(r'field "(\w+)"', str(error))
    root = f"{PREFIX}{field[1].upper()}" if field else PREFIX
    return ", ".join(sorted(n for n in names if n == root or n.startswith(f"{root}__"))) or root


def _variable(place: tuple[int | str, ...]) -> str:
    return PREFIX + "__".join(str(part).upper() for part in place if isinstance(part, str))
