"""Installation: every service as processes of its own, behind one balancer."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

import httpx

from deploy.catalogue import SERVICES, ServiceSpec
from deploy.local import keys
from tests.ports import free_port
from tests.replicas.balancer import FORGET_SECONDS, Backend, Balancer, ask
from tests.replicas.callers import ANSWER_SECONDS
from tests.replicas.command import WITHOUT, Command
from tests.replicas.stores import HOST, TcpServers

REPLICAS = {"sprint": 2, "orchestrator": 3}
# Ends a test whose process hangs; beside other work a process may wait minutes for its turn.
LIMIT_SECONDS = 600
# Services whose replicas are replaced at the same time.
ROLLED_AT_ONCE = 3
_POLL_SECONDS = 0.02
# Pause between two connections to a replica that leaves.
_LATE_SECONDS = 0.1


@dataclass(eq=False)
class Replica:
    """One process of a service."""

    name: str
    """Name of the service."""
    port: int
    log: Path
    process: BaseProcess
    backend: Backend
    """The replica as the balancer sees it."""

    @property
    def url(self) -> str:
        """Return its own address, past the balancer."""
        return f"http://{HOST}:{self.port}"

    @property
    def ended(self) -> bool:
        return self.process.exitcode is not None

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


@dataclass
class Installation:
    """Services as processes, with the means to replace, stop and kill them."""

    servers: TcpServers
    balancer: Balancer
    logs: Path
    """Holds one log a process."""
    replicas: list[Replica] = field(default_factory=list[Replica])
    """Those that run."""
    exit_codes: list[tuple[str, int | None]] = field(default_factory=list[tuple[str, int | None]])
    """Service and exit code of each process that was asked to leave."""
    refusals: list[str] = field(default_factory=list[str])
    """Connections that a leaving replica refused to those who had not heard of it yet."""
    _started: Counter[str] = field(default_factory=Counter[str])

    def start(self, name: str) -> Replica:
        """Start one more process of a service; it gets connections once it serves."""
        spec = next(spec for spec in SERVICES if spec.name == name)
        port = free_port()
        self._started[name] += 1
        log = self.logs / f"{name}-{self._started[name]}.log"
        environment = self._environment(spec) | {"DSM_HOST": HOST, "DSM_PORT": str(port)}
        command = Command(("serve", name), environment, log)
        replica = Replica(name, port, log, command.start(), self.balancer.add(name, port))
        self.replicas.append(replica)
        return replica

    def start_all(self) -> None:
        """Start every service, those of REPLICAS several times, all at once."""
        for spec in SERVICES:
            for _ in range(REPLICAS.get(spec.name, 1)):
                self.start(spec.name)

    async def migrate(self) -> tuple[int | None, str]:
        """Bring all databases to the newest schema, as the owner; return exit code and log."""
        environment = self._base() | {"DSM_OWNER_URL": self.servers.owner_url}
        command = Command(("migrate",), environment, self.logs / "migrate.log")
        process = command.start()
        await asyncio.to_thread(process.join, LIMIT_SECONDS)
        return process.exitcode, command.log.read_text()

    def of(self, name: str) -> list[Replica]:
        """List the running processes of a service."""
        return [replica for replica in self.replicas if replica.name == name]

    async def wait_waiting(self) -> None:
        """Wait until each service with a database says that it waits for its schema."""
        stored = {spec.name for spec in SERVICES if spec.database}
        for replica in [replica for replica in self.replicas if replica.name in stored]:
            await self._until(lambda r=replica: b"schema.waiting" in r.log.read_bytes(), replica)

    async def wait_serving(self, *replicas: Replica) -> None:
        """Wait until the balancer gives connections to each replica."""
        for replica in replicas or self.replicas:
            await self._until(lambda r=replica: r.backend.routed, replica)

    async def replace(self, replica: Replica) -> Replica:
        """Start a successor, and ask the replica to leave once the successor serves."""
        successor = self.start(replica.name)
        await self.wait_serving(successor)
        await self.leave(replica)
        return successor

    async def replace_all(self) -> None:
        """Replace every replica: several services at once, a service's own one by one."""
        free_place = asyncio.Semaphore(ROLLED_AT_ONCE)

        async def roll(name: str) -> None:
            async with free_place:
                for replica in self.of(name):
                    await self.replace(replica)

        async with asyncio.TaskGroup() as rolling:
            for spec in SERVICES:
                rolling.create_task(roll(spec.name))

    async def leave(self, replica: Replica) -> None:
        """Ask a replica to leave by SIGTERM and wait for its end."""
        self.balancer.forget_soon(replica.backend)
        replica.process.terminate()
        await self._connect_late(replica)
        await self._until(lambda: replica.ended, replica, alive=False)
        self.exit_codes.append((replica.name, replica.process.exitcode))
        self._forget(replica)

    async def _connect_late(self, replica: Replica) -> None:
        """Open connections until the last caller has heard that the replica leaves."""
        until = time.monotonic() + FORGET_SECONDS
        while time.monotonic() < until:
            try:
                answer = await ask(replica.port, "/health")
            except OSError as error:
                answer = repr(error).encode()
            if not answer.startswith(b"HTTP/1.1 200 "):
                self.refusals.append(f"{replica.name}: {answer[:200]!r}")
            await asyncio.sleep(_LATE_SECONDS)

    async def kill(self, replica: Replica) -> None:
        """Kill a replica by SIGKILL."""
        replica.process.kill()
        await self._until(lambda: replica.ended, replica, alive=False)
        self._forget(replica)

    async def probe(self, replica: Replica, path: str) -> int:
        """Return the status of a replica's own health route."""
        async with httpx.AsyncClient(timeout=30) as http:
            return (await http.get(replica.url + path)).status_code

    def close(self) -> None:
        """Kill every process."""
        for replica in self.replicas:
            replica.process.kill()
            replica.process.join()
            self.balancer.remove(replica.name, replica.backend)
        self.replicas = []

    def secrets(self) -> list[str]:
        """List the passwords and keys, which must appear in no log."""
        return [*self.servers.secrets, *(path.read_text() for path in self._key_files())]

    @property
    def admin_key(self) -> str:
        return self.servers.folder.key("admin")

    def _key_files(self) -> list[Path]:
        return sorted(self.servers.folder.path.glob("*.key"))

    def _forget(self, replica: Replica) -> None:
        self.replicas.remove(replica)
        self.balancer.remove(replica.name, replica.backend)

    async def _until(
        self, condition: Callable[[], bool], replica: Replica, *, alive: bool = True
    ) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert not (alive and replica.ended), f"{replica.name} ended:\n{replica.tail()}"
            assert time.monotonic() < deadline, f"{replica.name} hangs:\n{replica.tail()}"
            await asyncio.sleep(_POLL_SECONDS)

    def _base(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DSM_", "COV"))}
        left_out = os.environ.get(WITHOUT, "")
        return inherited | {"OPENBLAS_NUM_THREADS": "1", WITHOUT: left_out}

    def _environment(self, spec: ServiceSpec) -> dict[str, str]:
        auth = keys.auth(self.servers.folder, SERVICES, spec)
        accepted = ",".join(key.model_dump_json() for key in auth.keys)
        environment = self._base() | {
            "DSM_REDIS_URL": self.servers.redis_url,
            "DSM_AUTH__KEYS": f"[{accepted}]",
            "DSM_POOL_SIZE": "5",
            "DSM_REQUEST_SECONDS": str(ANSWER_SECONDS),
            **{
                f"DSM_PEERS__{peer.upper()}": self.balancer.url(peer)
                for peer in self.balancer.ports
                if peer != "daily_scrum"
            },
        }
        if auth.service_key:
            environment["DSM_AUTH__SERVICE_KEY"] = auth.service_key.get_secret_value()
        if spec.database:
            environment["DSM_DATABASE_URL"] = self.servers.url_of(spec)
        return environment
