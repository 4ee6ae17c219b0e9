"""Start, inspect and stop a stack from another process."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psutil

from deploy.errors import DataFolderInUse, StackError
from deploy.local.daemons import end
from deploy.local.folder import DataFolder, StackState
from deploy.local.hosting import ask
from deploy.local.leftovers import end_services, services
from deploy.local.logs import bounds, put_aside
from deploy.local.servers import EmbeddedServers

# Longer than the waits inside: for the servers, the schema and the services' readiness.
_START_SECONDS = 300.0
_POLL_SECONDS = 0.05
_TAIL_LINES = 20
# A stack drains for 10 s, then stops its two servers; it is killed only when that has failed.
_STOP_STEPS = ((signal.SIGTERM, 75.0), (signal.SIGKILL, 5.0))

Phase = Literal["running", "starting", "crashed", "stopped"]


@dataclass(frozen=True)
class Status:
    """Status of a stack as another process sees it."""

    phase: Phase
    """"crashed" when the servers outlived the stack."""
    state: StackState | None = None
    """Ports and process; None unless the stack is ready."""
    services: dict[str, str] = field(default_factory=dict[str, str])
    """"ready" for each service, or the reason why it is not."""
    attention: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What a person is to look at, by service; only services that have something."""

    autonomy: str | None = None
    """How far the projects act by themselves; None while the orchestrator does not say so."""

    @property
    def healthy(self) -> bool:
        """Return whether the stack runs and every service is ready."""
        return self.phase == "running" and set(self.services.values()) == {"ready"}


def status(data_dir: Path) -> Status:
    """Inspect the stack of a data folder without changing it."""
    folder = DataFolder(data_dir)
    if folder.holder() is None:
        if not folder.path.exists():
            return Status("stopped")
        servers = EmbeddedServers(data_dir)
        survivors = [
            *servers.postgres.leftovers(),
            *servers.valkey.leftovers(),
            *services(folder.path),
        ]
        return Status("crashed" if survivors else "stopped")
    state = folder.state()
    if state is None:
        return Status("starting")
    with ThreadPoolExecutor(max(len(state.urls), 1)) as pool:
        answers = dict(zip(state.urls, pool.map(ask, state.urls.values()), strict=True))
    return Status(
        "running",
        state,
        {name: answer.state for name, answer in answers.items()},
        {name: list(answer.attention) for name, answer in answers.items() if answer.attention},
        next((answer.autonomy for answer in answers.values() if answer.autonomy), None),
    )


def running(data_dir: Path, base_port: int) -> StackState | None:
    """Return the stack that runs on this folder and these ports; None when the folder is free.

    Raises: `DataFolderInUse` when a stack on other ports, or one that is not ready, holds it.
    """
    folder = DataFolder(data_dir)
    holder = folder.holder()
    if holder is None:
        return None
    state = folder.state()
    if state is None:
        raise DataFolderInUse(
            f"data folder {folder.path} is in use by process {holder}, which is not ready"
            "; wait for it, or stop it: dsm down"
        )
    if state.base_port != base_port:
        raise DataFolderInUse(
            f"data folder {folder.path} is in use by a stack on port {state.base_port}"
            f" (process {state.pid}); stop it with dsm down, or name another --data-dir"
        )
    return state


def start_detached(
    data_dir: Path, base_port: int, catalogue: str, processes: bool = False
) -> StackState:
    """Start a stack that outlives this process; returns when it is ready.

    Raises: `StackError` with the end of its log.
    """
    folder = DataFolder(data_dir)
    folder.prepare()
    put_aside(folder.log, bounds())
    with folder.log.open("ab") as log:
        begin = log.tell()
        hosting = "processes" if processes else "loop"
        program = [sys.executable, "-P", "-m", "deploy.local"]
        child = subprocess.Popen(
            [*program, str(folder.path), str(base_port), catalogue, hosting],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    deadline = time.monotonic() + _START_SECONDS
    try:
        while child.poll() is None and time.monotonic() < deadline:
            state = folder.state()
            if state is not None and state.pid == child.pid:
                return state
            time.sleep(_POLL_SECONDS)
    except KeyboardInterrupt:
        end(psutil.Process(child.pid), _STOP_STEPS)
        raise
    if child.poll() is None:
        end(psutil.Process(child.pid), _STOP_STEPS)
    raise StackError(_failure(folder.log, begin))


def stop(data_dir: Path) -> bool:
    """Stop the stack of a data folder, or what a killed one left; False when nothing ran."""
    folder = DataFolder(data_dir)
    if not folder.path.exists():
        return False
    holder = folder.holder()
    if holder:
        try:
            end(psutil.Process(holder), _STOP_STEPS)
        except psutil.NoSuchProcess:
            holder = None
    servers = EmbeddedServers(data_dir)
    left_services = end_services(folder.path)
    survivors = [*servers.postgres.leftovers(), *servers.valkey.leftovers()]
    servers.stop()
    return bool(holder or left_services or survivors)


def _failure(log: Path, begin: int) -> str:
    """Describe a failed start: its last line, and below it the end of its log."""
    with log.open("rb") as file:
        # A new file, when a long start has filled the one that it began in.
        file.seek(begin if log.stat().st_size >= begin else 0)
        lines = file.read().decode(errors="replace").strip().splitlines()
    if not lines:
        return f"the stack ended without a message; see {log}"
    tail = [f"  {line}" for line in lines[-_TAIL_LINES:-1]]
    return "\n".join([lines[-1].removeprefix("error: "), *tail])
