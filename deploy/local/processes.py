"""Hosting by processes: each service as `dsm serve` runs it, and started again when it ends."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from dataclasses import dataclass
from pathlib import Path

import structlog

from deploy.catalogue import Catalogue, ServiceSpec
from deploy.errors import StackError
from deploy.local.daemons import last_line
from deploy.local.folder import DataFolder
from deploy.local.hosting import StackSettings
from deploy.local.logs import bounds, put_aside

logger = structlog.get_logger()

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
# A process that lived this long has not failed at its start: the next pause is short again.
STEADY_SECONDS = 60.0


@dataclass
class _Child:
    """A service's process and what it is started from."""

    spec: ServiceSpec
    environment: dict[str, str]
    listener: socket.socket
    """Held open by the stack too: callers of a service that restarts wait in its queue."""
    process: Process


class Processes:
    """Hosting of each service as a process; `catalogue` is its reference, as "module:attribute"."""

    def __init__(self, folder: DataFolder, catalogue: str) -> None:
        self._folder = folder
        self._catalogue = catalogue
        self._children: list[_Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._is_settled = False
        self._log_bounds = bounds()
        # Nothing is ever written: its end tells the processes that the stack has ended.
        self._read_end, self._write_end = os.pipe()

    def load(self, catalogue: Catalogue) -> None:
        pass

    async def start(
        self, spec: ServiceSpec, settings: StackSettings, listener: socket.socket
    ) -> None:
        environment = os.environ | _environment(settings)
        process = await self._spawn(spec, environment, listener)
        child = _Child(spec, environment, listener, process)
        self._children.append(child)
        self._tasks.append(asyncio.create_task(self._keep(child), name=spec.name))

    def settle(self) -> None:
        self._is_settled = True

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        return self._tasks

    async def stop(self, seconds: float) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        children, self._children, self._tasks = self._children, [], []
        for child in children:
            child.listener.close()
        try:
            async with asyncio.timeout(seconds):
                for child in children:
                    # Without the pause of SIGTERM: nobody balances over one machine.
                    _send(child.process, signal.SIGINT)
                    await child.process.wait()
        except TimeoutError:
            logger.warning("stack.services_killed", after_seconds=seconds)
        for child in children:
            _send(child.process, signal.SIGKILL)
            await child.process.wait()
        os.close(self._write_end)
        os.close(self._read_end)

    async def _keep(self, child: _Child) -> None:
        """Start the process again whenever it ends. Raises: `StackError` during the start."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            started = time.monotonic()
            code = await child.process.wait()
            if not self._is_settled:
                log = self._log(child.spec)
                reason = last_line(log).removeprefix("error: ")
                raise StackError(f"{child.spec.name} ended with code {code}: {reason} ({log})")
            if time.monotonic() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            logger.warning(
                "stack.service_restarted",
                service=child.spec.name,
                exit_code=code,
                pause_seconds=pause,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            child.process = await self._spawn(child.spec, child.environment, child.listener)

    async def _spawn(
        self, spec: ServiceSpec, environment: dict[str, str], listener: socket.socket
    ) -> Process:
        descriptors = (listener.fileno(), self._read_end)
        # A process that dies at its start again and again has no time to do it itself.
        put_aside(self._log(spec), self._log_bounds)
        with self._log(spec).open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must reach only the stack.
            return await asyncio.create_subprocess_exec(
                *command(self._folder.path, self._catalogue, spec.name),
                *map(str, descriptors),
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                env=environment,
                pass_fds=descriptors,
                start_new_session=True,
            )

    def _log(self, spec: ServiceSpec) -> Path:
        return self._folder.service_log(spec.name)


def command(folder: Path, catalogue: str, name: str) -> list[str]:
    """Return the command line of a service's process, by which it is found again."""
    return [sys.executable, "-P", "-m", "deploy.serving", str(folder), catalogue, name]


def _environment(settings: StackSettings) -> dict[str, str]:
    """Return the settings as the environment variables that the service reads."""
    auth = settings["auth"]
    variables = {
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "DSM_LOG_LEVEL": os.environ.get("DSM_LOG_LEVEL", "warning"),
        "DSM_HOST": settings["host"],
        "DSM_PORT": str(settings["port"]),
        "DSM_REDIS_URL": settings["redis_url"],
        "DSM_AUTH__KEYS": json.dumps([key.model_dump() for key in auth.keys]),
        "DSM_AUTH__SERVICE_KEY": auth.service_key.get_secret_value() if auth.service_key else "",
    }
    if auth.keys_file is not None:
        variables["DSM_AUTH__KEYS_FILE"] = str(auth.keys_file)
    if "database_url" in settings:
        variables["DSM_DATABASE_URL"] = settings["database_url"]
    if "audit_key" in settings:
        variables["DSM_AUDIT_KEY"] = settings["audit_key"]
    peers = {f"DSM_PEERS__{name.upper()}": url for name, url in settings["peers"].items()}
    return variables | peers


def _send(process: Process, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)
