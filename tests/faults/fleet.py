"""The services, each in a process of its own, on one set of databases and one Valkey."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.catalogue import SERVICES
from tests.conftest import ADMIN_KEY, AUTH
from tests.faults import failpoints
from tests.faults.process import Spec, spawn
from tests.ports import free_port

STORED = tuple(each.name for each in SERVICES if each.database)
_MIGRATIONS = {each.name: each.migrations or "" for each in SERVICES}


@dataclass
class Fleet:
    """Starts services as processes and does harm to them; `kills` counts the SIGKILLs.

    `mutations` are the mechanisms that every process goes without.
    """

    folder: Path
    database_url: Callable[[str], str]
    redis_url: str
    http: httpx.AsyncClient
    urls: dict[str, str] = field(default_factory=dict)
    databases: dict[str, str] = field(default_factory=dict)
    detours: dict[tuple[str, str], str] = field(default_factory=dict)
    mutations: Sequence[str] = ()
    kills: int = 0
    _processes: dict[str, Any] = field(default_factory=dict)
    _specs: dict[str, Spec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.urls = {each.name: f"http://127.0.0.1:{free_port()}" for each in SERVICES}

    async def start(self, *names: str, **settings: Any) -> None:
        """Start services on their ports; `detours` send a service's calls of a peer elsewhere."""
        for name in names:
            self._specs[name] = self._spec(name, settings)
            self._processes[name] = spawn(self._specs[name])
        for name in names:
            await self.answering(name)

    def _spec(self, name: str, settings: dict[str, Any]) -> Spec:
        own = self.folder / name
        own.mkdir(exist_ok=True)
        if _MIGRATIONS[name] and name not in self.databases:
            self.databases[name] = self.database_url(_MIGRATIONS[name])
        detours = {to: url for (of, to), url in self.detours.items() if of == name}
        told = {
            "port": int(self.urls[name].rpartition(":")[2]),
            "database_url": self.databases.get(name),
            "redis_url": self.redis_url,
            "peers": self.urls | detours,
            "auth": AUTH,
            "pool_size": 5,
        }
        if name == "orchestrator":
            told["lease_seconds"] = 1.5
        return Spec(name, told | settings, own, tuple(self.mutations))

    async def answering(self, name: str, seconds: float = 30) -> None:
        """Wait until a started service serves."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if (await self.http.get(f"{self.urls[name]}/health")).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self._processes[name].is_alive(), f"{name} ended:\n{self.log(name)}"
            assert time.monotonic() < deadline, f"{name} does not answer:\n{self.log(name)}"
            await asyncio.sleep(0.02)

    async def killed(
        self,
        victim: str,
        point: str,
        *request: Any,
        passage: int = 1,
        background: bool = False,
        key: str | None = None,
    ) -> httpx.Response | None:
        """Send a request during which a service dies at a failpoint; it is started again.

        Only the request's own passages count, unless the point is one of `background` work.
        Returns the answer; None when it was cut off.
        """
        assert point in failpoints.points(victim), f"{victim} has no failpoint {point}"
        mark = str(uuid4())
        own = self.folder / victim
        failpoints.arm(own, point, passage, "any" if background else mark)
        deadline = time.monotonic() + 15
        while True:
            try:
                answer = await self.call(*request, key=key, correlation=mark)
            except httpx.TransportError:
                answer = None
            # After an earlier test, a breaker may still be open: the request has not come so far.
            early = answer is not None and answer.status_code == 503 and (own / "armed").exists()
            if not early or time.monotonic() > deadline:
                break
            await asyncio.sleep(0.2)
        await self.dead(victim)
        assert not (own / "armed").exists(), f"{victim} died, but not at {point}"
        await self.restart(victim)
        return answer

    async def dead(self, name: str, seconds: float = 15) -> None:
        """Wait until a service has died of SIGKILL."""
        process = self._processes[name]
        await asyncio.to_thread(process.join, seconds)
        assert process.exitcode == -signal.SIGKILL, (
            f"{name} was to be killed, its exit code is {process.exitcode}:\n{self.log(name)}"
        )
        self.kills += 1

    async def died(self, name: str, seconds: float) -> bool:
        """Whether an armed service kills itself in time; otherwise it is armed no longer."""
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
        """The services that have been started."""
        return list(self._specs)

    async def restart(self, name: str) -> None:
        """Start a dead service as it was."""
        self._processes[name] = spawn(self._specs[name])
        await self.answering(name)

    async def kill(self, name: str) -> None:
        """SIGKILL, now."""
        self._processes[name].kill()
        await self.dead(name)

    def signal(self, name: str, number: signal.Signals) -> None:
        os.kill(self._processes[name].pid, number)

    async def ended(self, name: str, seconds: float = 20) -> int | None:
        """The exit code of a service that was told to stop; None when it still runs."""
        await asyncio.to_thread(self._processes[name].join, seconds)
        return self._processes[name].exitcode

    def close(self) -> None:
        """Kill what runs."""
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.join()

    def log(self, name: str) -> str:
        """The end of a service's log."""
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

    async def found(self, project_id: str, tasks: int, people: Sequence[str] = ()) -> list[str]:
        """A project with a team and free tasks; returns the task ids."""
        made = await self.call("project", "POST", "/projects", {"id": project_id, "name": "P"})
        assert made.status_code == 201, made.text
        for person in people:
            await self.call("project", "POST", "/employees", {"id": person, "name": person})
        if people:
            path = f"/projects/{project_id}/team-members-assign"
            await self.call("project", "POST", path, {"employee_ids": list(people)})
        if not tasks:
            return []
        body = {"tasks": [{"title": f"Task {n}"} for n in range(tasks)]}
        made = await self.call("backlog", "POST", f"/backlogs/{project_id}/tasks", body)
        assert made.status_code == 201, made.text
        return made.json()["task_ids"]

    async def orchestrate(self, project_id: str, **body: Any) -> httpx.Response:
        return await self.call("orchestrator", "POST", f"/orchestrate/project/{project_id}", body)


def client() -> httpx.AsyncClient:
    """A caller with the admin's key, which opens a connection for each request."""
    return httpx.AsyncClient(
        headers={"Authorization": f"Bearer {ADMIN_KEY}"},
        timeout=20,
        limits=httpx.Limits(max_keepalive_connections=0),
    )


async def until(holds: Callable[[], Awaitable[bool]], what: str, seconds: float = 20) -> float:
    """Wait for it, at most so long; returns the seconds it took."""
    began = time.monotonic()
    while not await holds():
        assert time.monotonic() - began < seconds, f"not within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.02)
    return time.monotonic() - began
