"""Connection of commands to the services of their target."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from agent.cli.target import KEY_VARIABLE, Target
from agent.client import OrchestratorClient
from deploy.catalogue import SERVICES
from deploy.local.extra import require_servers
from deploy.people import PeopleKeys
from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.dead_letters import DeadLettersClient
from domain_services.kernel.client.http_client import Lost, PeerRefused
from domain_services.kernel.client.set_aside import SetAsideClient
from domain_services.kernel.errors import Invalid, Problem
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient

TIMEOUT_SECONDS = 10.0
CONSUMERS = ("backlog", "sprint", "orchestrator")  # the services that consume events
# The services whose loops set items aside.
SETTING_ASIDE = ("sprint", "daily_scrum", "orchestrator")
# Names below this domain never resolve (RFC 2606).
_UNNAMED = "unnamed.invalid"


class NotRunning(Problem):
    """Error of a target on which no stack runs, or whose service has no known URL."""

    code = "not_running"
    title = "No stack is running"


class NotReached(Problem):
    """Failure of a service to answer, with what to check."""

    code = "not_reached"
    title = "A service cannot be reached"


class KeyRefused(Problem):
    """Refusal of the key, with where it came from."""

    code = "key_refused"
    title = "The API key was refused"


@dataclass(frozen=True)
class Clients:
    """Clients of the target's services, with its key."""

    project: ProjectClient
    """Client of the project service."""
    backlog: BacklogClient
    """Client of the backlog service."""
    sprint: SprintClient
    """Client of the sprint service."""
    chronicle: ChronicleClient
    """Client of the chronicle."""
    orchestrator: OrchestratorClient
    """Client of the orchestrator."""
    dead_letters: Mapping[str, DeadLettersClient]
    """Client of the failed events of each consumer, by the service's name."""
    set_aside: Mapping[str, SetAsideClient]
    """Client of the items that loops have set aside, by the service's name."""


@dataclass(frozen=True)
class Access:
    """Base URLs and key of a target."""

    urls: Mapping[str, str]
    """Base URL of each known service, by name."""
    key: str | None
    """API key; None: calls are made without."""
    key_source: str
    """File or variable that holds the key, for messages."""

    @property
    def headers(self) -> dict[str, str]:
        """Headers that carry the key; empty without one."""
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}


def open_access(target: Target) -> Access:
    """Find the URLs and the key of a target. Raises: `NotRunning`, `Invalid`, `StackError`."""
    urls = _running_urls(target.folder) if target.urls is None else target.urls
    if target.person is not None:
        path = PeopleKeys(target.people_folder).path_of(target.person)
        return Access(urls, _read_key(path), f"{target.person} in {path}")
    if target.key_file is not None:
        return Access(urls, _read_key(target.key_file), str(target.key_file))
    if target.urls is None:
        from deploy.local.folder import DataFolder

        key = DataFolder(target.folder).key("admin")
        return Access(urls, key, str(target.folder / "admin.key"))
    return Access(urls, os.environ.get(KEY_VARIABLE) or None, KEY_VARIABLE)


@asynccontextmanager
async def connect(target: Target | Path) -> AsyncIterator[Clients]:
    """Open clients of the services of `target`; a path is the data folder of a running stack.

    Raises: `NotRunning`, `NotReached`, `KeyRefused`, `Invalid`, `StackError`.
    """
    if isinstance(target, Path):
        target = Target(target)
    access = open_access(target)
    unnamed = {spec.name: f"http://{spec.name}.{_UNNAMED}" for spec in SERVICES}
    urls = {**unnamed, **access.urls}
    async with httpx.AsyncClient(
        headers=access.headers,
        timeout=TIMEOUT_SECONDS,
        mounts={f"all://*.{_UNNAMED}": _Unnamed(target)},
    ) as http:
        clients = Clients(
            project=ProjectClient(http, urls["project"]),
            backlog=BacklogClient(http, urls["backlog"]),
            sprint=SprintClient(http, urls["sprint"]),
            chronicle=ChronicleClient(http, urls["chronicle"]),
            orchestrator=OrchestratorClient(http, urls["orchestrator"]),
            dead_letters={name: DeadLettersClient(http, urls[name], name) for name in CONSUMERS},
            set_aside={name: SetAsideClient(http, urls[name], name) for name in SETTING_ASIDE},
        )
        try:
            yield clients
        except Lost as lost:
            peer = str(lost.fields.get("peer"))
            why = f": {lost.explanation}" if lost.explanation else ""
            raise NotReached(f"{lost.detail}{why}; {_check(target, peer, access)}") from lost
        except PeerRefused as refused:
            if refused.peer_status != 401:
                raise
            raise KeyRefused(_refusal(refused, access)) from refused


class _Unnamed(httpx.AsyncBaseTransport):
    """Transport to a service whose URL nobody named."""

    def __init__(self, target: Target) -> None:
        self._target = target

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Say how to name the URL. Raises: `NotRunning`."""
        name = request.url.host.partition(".")[0]
        raise NotRunning(
            f"this command calls the service {name}, and its URL is not known; name it by"
            f" {self._target.option(name)}"
        )


def _running_urls(data_dir: Path) -> Mapping[str, str]:
    # Checked before the import below, which needs the optional packages.
    require_servers()
    from deploy.local import control

    status = control.status(data_dir)
    if status.state is None:
        raise NotRunning(
            f"no stack is running on {data_dir}; start it with: dsm up --detach --data-dir"
            f" {data_dir}; or name services elsewhere by --url or DSM_PEERS__ORCHESTRATOR"
        )
    return status.state.urls


def _read_key(path: Path) -> str:
    """Read an API key. Raises: `Invalid` for a file that holds none."""
    try:
        key = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise Invalid(f"cannot read the key in {path}: {reason}; name another file") from error
    if not key or not key.isascii() or len(key.split()) != 1:
        raise Invalid(f"{path} holds no API key; it is one word on one line")
    return key


def _check(target: Target, peer: str, access: Access) -> str:
    url = access.urls.get(peer.removesuffix("_service"))
    called = "" if url is None else f"it was called at {url}, from {target.source}; "
    return f"{called}find out more with: dsm doctor{target.options}"


def _refusal(refused: PeerRefused, access: Access) -> str:
    if access.key is None:
        return f"{refused.peer} wants an API key; give one by --key-file, or in {KEY_VARIABLE}"
    if "revoked" in refused.detail:
        return f"{refused.peer} refused the API key of {access.key_source}: {refused.detail}"
    return f"{refused.peer} does not know the API key of {access.key_source}; give another one"
