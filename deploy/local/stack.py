"""Stack: embedded servers, migrated databases and every service on one machine."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import structlog

from deploy.catalogue import SERVICES, Catalogue, ServiceSpec, resolve
from deploy.errors import StackError
from deploy.local import keys, ports
from deploy.local.connections import check_connections
from deploy.local.extra import model_hint
from deploy.local.folder import StackState
from deploy.local.hosting import Hosting, StackSettings, wait_ready
from deploy.local.leftovers import end_services
from deploy.local.logs import bounds
from deploy.local.one_loop import OneLoop
from deploy.local.processes import Processes
from deploy.local.servers import EmbeddedServers
from deploy.serving.start import read_settings

logger = structlog.get_logger()
T = TypeVar("T")

READY_SECONDS = 120.0
DRAIN_SECONDS = 10.0
_WATCH_SECONDS = 0.5
AUDIT_KEY_VARIABLE = "DSM_AUDIT_KEY"  # a key of the caller's own goes before that of the folder


def silent(_: str) -> None:
    """Ignore a report of progress."""


class Stack:
    """Every service of `catalogue` on its own port of 127.0.0.1.

    They run in the running event loop or, with `processes`, as a process each, which reads the
    catalogue by that reference. Use it as an async context manager; `report` gets each step in a
    few words. `start` raises `DataFolderInUse`, `PortTaken` or `StackError`, and stops what it had
    started.
    """

    def __init__(
        self,
        data_dir: Path,
        base_port: int = 8100,
        catalogue: Catalogue = SERVICES,
        *,
        durable: bool = True,
        processes: str | None = None,
        report: Callable[[str], None] = silent,
    ) -> None:
        self.servers = EmbeddedServers(data_dir, durable)
        self.folder = self.servers.folder
        self.catalogue = catalogue
        self.base_port = base_port
        self.urls = {
            spec.name: f"http://{ports.HOST}:{base_port + spec.offset}"
            for spec in sorted(catalogue, key=lambda spec: spec.offset)
        }
        self._report = report
        self._log_bounds = bounds()
        self._hosting: Hosting = Processes(self.folder, processes) if processes else OneLoop()
        self._is_by_processes = processes is not None
        # One worker: a stop that arrives in the middle of a start waits for the step under way.
        self._work = ThreadPoolExecutor(1, "stack")

    async def start(self) -> None:
        """Start everything and wait until every /health/ready answers 200."""
        self.folder.claim()
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Drain the services, callers first, then stop Valkey and PostgreSQL."""
        if self._hosting.tasks:
            self._report("stopping")
        await self._hosting.stop(DRAIN_SECONDS)
        await self._run(self.servers.stop)
        self._work.shutdown()

    async def wait(self) -> None:
        """Keep the servers alive until a service ends by itself. Raises: `StackError` then."""
        while True:
            done, _ = await asyncio.wait(
                self._hosting.tasks,
                timeout=_WATCH_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                task.result()
                raise StackError(f"{task.get_name()} ended unexpectedly")
            for name in await self._run(self.servers.restart_dead):
                logger.warning("stack.server_restarted", server=name)
            await self._run(lambda: self.servers.rotate_logs(self._log_bounds))

    async def _start(self) -> None:
        numbers = {spec.name: self.base_port + spec.offset for spec in self.catalogue}
        await self._run(lambda: end_services(self.folder.path))
        listeners = ports.take(numbers)
        try:
            self._report("starting PostgreSQL and Valkey")
            starting = asyncio.ensure_future(self._run(self.servers.start))
            await asyncio.sleep(0)
            # Importing keeps this thread busy while the servers start by themselves.
            self._hosting.load(self.catalogue)
            await starting
            check_connections(
                {spec.name: read_settings(spec, **self._settings(spec)) for spec in self.catalogue}
            )
            await self._run(self._migrate)
            self._report("starting the services")
            for spec in self.catalogue:
                listener = listeners.pop(spec.name)
                await self._hosting.start(spec, self._settings(spec), listener)
        finally:
            for listener in listeners.values():
                listener.close()
        await self._ready()
        self._hosting.settle()
        self.folder.announce(
            StackState(
                pid=os.getpid(),
                base_port=self.base_port,
                urls=self.urls,
                started_at=datetime.now(UTC).isoformat(timespec="seconds"),
                processes=self._is_by_processes,
            )
        )

    async def _ready(self) -> None:
        """Wait for readiness, or for the first service that gives up."""
        # Decisions do without embeddings; a service that has no model will never be ready.
        needed = {
            name: url for name, url in self.urls.items() if name != "embedding" or not model_hint()
        }
        ready = asyncio.create_task(wait_ready(needed, READY_SECONDS))
        try:
            done, _ = await asyncio.wait(
                [ready, *self._hosting.tasks], return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ready.cancel()
        for task in done:
            task.result()
        if ready not in done:
            raise StackError(f"{done.pop().get_name()} ended unexpectedly")

    def _migrate(self) -> None:
        """Create the databases and bring each to the newest schema."""
        migrate = resolve("deploy.migrating.migration:migrate")
        target = resolve("deploy.migrating.targets:target")
        databases = [
            target(spec, self.servers.database_url(spec.database))
            for spec in self.catalogue
            if spec.database and spec.migrations
        ]
        migrate(databases, self._report)

    def _settings(self, spec: ServiceSpec) -> StackSettings:
        """Return the settings that only the stack knows; a service reads others itself."""
        settings: StackSettings = {
            "host": ports.HOST,
            "port": self.base_port + spec.offset,
            "redis_url": self.servers.redis_url,
            "peers": self.urls,
            "auth": keys.auth(self.folder, self.catalogue, spec),
        }
        if spec.database:
            settings["database_url"] = self.servers.database_url(spec.database, spec.role)
        if spec.signs_cuts and AUDIT_KEY_VARIABLE not in os.environ:
            settings["audit_key"] = self.folder.key("audit-signing")
        return settings

    async def _run(self, step: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._work, step)

    async def __aenter__(self) -> "Stack":
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
