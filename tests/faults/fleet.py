"""Fleet: the services as processes, on one set of databases and one Valkey."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.catalogue import SERVICES
from tests.conftest import ADMIN_KEY, AUTH
from tests.faults import failpoints
from tests.faults.process import PACE, Spec, spawn
from tests.ports import free_port

STORED = tuple(service.name for service in SERVICES if service.database)
_MIGRATIONS = {service.name: service.migrations or "" for service in SERVICES}


@dataclass
class Fleet:
    """Processes of the services, with the means to kill, pause and restart them."""

    folder: Path
    """Holds one folder a service, with its log and its armed failpoint."""
    database_url: Callable[[str], str]
    """Creates a database for a package's migrations and returns its URL."""
    redis_url: str
    http: httpx.AsyncClient
    urls: dict[str, str] = field(default_factory=dict)
    """Base URL by service."""
    databases: dict[str, str] = field(default_factory=dict)
    """Database URL by service."""
    detours: dict[tuple[str, str], str] = field(default_factory=dict)
    """URL that (caller, peer) uses in place of the peer's own."""
    mutations: Sequence[str] = ()
    """Mechanisms that every process runs without."""
    pace: Mapping[str, float] = field(default_factory=lambda: dict(PACE))
    """Shortened waits of its processes; empty: as shipped."""
    poisons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Functions that fail in every process for some arguments, as in `Spec`."""
    kills: int = 0
    """SIGKILLs so far."""
    _processes: dict[str, Any] = field(default_factory=dict)
    _specs: dict[str, Spec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.urls = {service.name: f"http://127.0.0.1:{free_port()}" for service in SERVICES}

    async def start(self, *names: str, **settings: Any) -> None:
        """Start services on their ports and wait until each is ready."""
        for name in names:
            self._specs[name] = self._spec(name, settings)
            self._processes[name] = spawn(self._specs[name])
        for name in names:
            await self.wait_ready(name)

    def _spec(self, name: str, settings: dict[str, Any]) -> Spec:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        if _MIGRATIONS[name] and name not in self.databases:
            self.databases[name] = self.database_url(_MIGRATIONS[name])
        detours = {to: url for (of, to), url in self.detours.items() if of == name}
        base = {
            "port": int(self.urls[name].rpartition(":")[2]),
            "database_url": self.databases.get(name),
            "redis_url": self.redis_url,
            "peers": self.urls | detours,
            "auth": AUTH,
            "pool_size": 5,
        }
        if name == "orchestrator":
            base["lease_seconds"] = 1.5
        return Spec(name, base | settings, folder, tuple(self.mutations), self.pace, self.poisons)

    async def wait_ready(self, name: str, seconds: float = 30) -> None:
        """Wait until a started service answers its health check."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if (await self.http.get(f"{self.urls[name]}/health")).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self._processes[name].is_alive(), f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"{name} does not answer:\n{self.log(name)}"
            await asyncio.sleep(0.02)

    async def call_and_kill(
        self,
        victim: str,
        point: str,
        *request: Any,
        passage: int = 1,
        background: bool = False,
        key: str | None = None,
    ) -> httpx.Response | None:
        """Send a request during which a service dies at a failpoint; start it again.

        Only the request's own passages count, unless the point is one of `background` work.
        Returns the answer; None when it was cut off.
        """
        assert point in failpoints.points(victim), f"{victim} has no failpoint {point}"
        correlation = str(uuid4())
        folder = self.folder / victim
        failpoints.arm(folder, point, passage, "any" if background else correlation)
        deadline = time.monotonic() + 15
        while True:
            try:
                answer = await self.call(*request, key=key, correlation=correlation)
            except httpx.TransportError:
                answer = None
            # After an earlier test, a breaker may still be open: the request has not come so far.
            early = answer is not None and answer.status_code == 503 and (folder / "armed").exists()
            if not early or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.2)
        await self.wait_killed(victim)
        assert not (folder / "armed").exists(), f"{victim} died, but not at {point}"
        await self.restart(victim)
        return answer

    async def wait_killed(self, name: str, seconds: float = 15) -> None:
        """Wait until a service has died of SIGKILL."""
        process = self._processes[name]
        await asyncio.to_thread(process.join, seconds)
        assert process.exitcode == -signal.SIGKILL, (
            f"{name} was to be killed, its exit code is {process.exitcode}:\n{self.log(name)}"
        )
        self.kills += 1

    async def killed_within(self, name: str, seconds: float) -> bool:
        """Wait for an armed service to kill itself; disarm it and return False if it does not."""
        armed = self.folder / name / "armed"
        await asyncio.to_thread(self._processes[name].join, seconds)
        armed.unlink(missing_ok=True)
        # It may have been on its way between reading the file and its removal.
        await asyncio.to_thread(self._processes[name].join, 0.1)
        if self._processes[name].exitcode is None:
            return False
        self.kills += 1
        return True

    @property
    def names(self) -> list[str]:
        """List the services that have been started."""
        return list(self._specs)

    async def restart(self, name: str) -> None:
        """Start a dead service with the settings it had."""
        self._processes[name] = spawn(self._specs[name])
        await self.wait_ready(name)

    async def kill(self, name: str) -> None:
        """Kill a service by SIGKILL and wait until it has died."""
        self._processes[name].kill()
        await self.wait_killed(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self._processes[name].pid, number)

    async def exit_code(self, name: str, seconds: float = 20) -> int | None:
        """Wait for a service to end; return its exit code, or None when it still runs."""
        await asyncio.to_thread(self._processes[name].join, seconds)
        return self._processes[name].exitcode

    def close(self) -> None:
        """Kill every process that runs."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()

    def log(self, name: str) -> str:
        """Return the end of a service's log."""
        file = self.folder / name / "log"
        return file.read_text(errors="replace")[-4000:] if file.exists() else ""

    async def call(
        self,
        service: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        correlation: str | None = None,
    ) -> httpx.Response:
        headers = {"Idempotency-Key": key, "X-Correlation-ID": correlation}
        return await self.http.request(
            method,
            self.urls[service] + path,
            json=body,
            headers={name: value for name, value in headers.items() if value},
        )

    async def create_project(
        self, project_id: str, tasks: int, people: Sequence[str] = ()
    ) -> list[str]:
        """A project with a team and free tasks; returns the task ids."""
        response = await self.call("project", "POST", "/projects", {"id": project_id, "name": "P"})
        assert response.status_code == 201, response.text
        for person in people:
            await self.call("project", "POST", "/employees", {"id": person, "name": person})
        if people:
            path = f"/projects/{project_id}/team-members-assign"
            await self.call("project", "POST", path, {"employee_ids": list(people)})
        if not tasks:
            return []
        body = {"tasks": [{"title": f"Task {n}"} for n in range(tasks)]}
        response = await self.call("backlog", "POST", f"/backlogs/{project_id}/tasks", body)
        assert response.status_code == 201, response.text
        return response.json()["task_ids"]

    async def orchestrate(self, project_id: str, **body: Any) -> httpx.Response:
        return await self.call("orchestrator", "POST", f"/orchestrate/project/{project_id}", body)


def client() -> httpx.AsyncClient:
    """Build a client with the admin's key; it opens a connection for each request."""
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        timeout=20,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def until(condition: Callable[[], Awaitable[bool]], name: str, seconds: float = 20) -> float:
    """Wait until the condition holds; return the seconds it took."""
    start = time.monotonic()
    while not await condition():
        assert time.monotonic() - start < seconds, f"not within {seconds:.0f} s: {name}"
        await asyncio.sleep(0.02)
    return time.monotonic() - start
