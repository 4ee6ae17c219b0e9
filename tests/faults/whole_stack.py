"""Whole stack: what `dsm up --detach` runs, with its own PostgreSQL and Valkey, to be harmed."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.catalogue import SERVICES
from deploy.local import control
from deploy.local.folder import DataFolder
from deploy.local.servers import EmbeddedServers
from deploy.local.stack import READY_SECONDS
from tests.faults.fleet import client
from tests.faults.invariants import Stores
from tests.ports import free_port
from tests.processes import command_line

_COMMAND_SECONDS = READY_SECONDS + 60
_DSM = Path(sys.executable).with_name("dsm")
# A detached stack outlives who started it. Its input ends when that process dies, however it does.
_CLEAN_UP = 'cat > /dev/null; "$1" down --data-dir "$2/data"; rm -rf "$2"'


@dataclass(frozen=True)
class Start:
    """One try to start the stack."""

    seconds: float
    failure: str | None
    """Message of the command; None when every service was ready."""


class WholeStack:
    """Stack on a data folder of its own, driven by the commands that a user types."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.base_port = int(os.environ.get("DSM_FAULT_PORT", "0")) or free_port(len(SERVICES))
        self._environment = os.environ | environment
        self.urls = {
            spec.name: f"http://127.0.0.1:{self.base_port + spec.offset}" for spec in SERVICES
        }
        self.http = client()
        self.servers = EmbeddedServers(data_dir)

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `dsm`, as "audit verify", on the data folder; return its output."""
        words = [str(_DSM), *command.split(), "--data-dir", str(self.data_dir)]
        return subprocess.run(
            [*words, *options],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_COMMAND_SECONDS,
        )

    async def start(self, *options: str) -> Start:
        """Start the stack in the background; return how that went."""
        begin = time.monotonic()
        ports = ("--base-port", str(self.base_port))
        try:
            done = await asyncio.to_thread(self.run, "up", "--detach", "--json", *ports, *options)
        except subprocess.TimeoutExpired:
            return Start(time.monotonic() - begin, f"`dsm up` ran for {_COMMAND_SECONDS:.0f} s")
        took = time.monotonic() - begin
        if done.returncode == 0:
            self.use_key()
            return Start(took, None)
        return Start(took, f"exit code {done.returncode}: {done.stderr.strip()}")

    def use_key(self) -> None:
        """Send the admin's key of the data folder with each request from now on."""
        key = DataFolder(self.data_dir).key("admin")
        self.http.headers["Authorization"] = f"Bearer {key}"

    def status(self) -> dict[str, Any]:
        """Return what `dsm status --json` says."""
        return json.loads(self.run("status", "--json").stdout)

    @property
    def process(self) -> psutil.Process:
        """Process of the stack that runs."""
        state = DataFolder(self.data_dir).state()
        assert state is not None, "no stack is ready on this folder"
        return psutil.Process(state.pid)

    @property
    def processes(self) -> list[psutil.Process]:
        """Every process of this data folder, with its children."""
        named = [p for p in psutil.process_iter() if str(self.data_dir) in command_line(p)]
        with_children = {process.pid: process for process in named}
        for process in named:
            with suppress(psutil.NoSuchProcess):
                with_children |= {child.pid: child for child in process.children(recursive=True)}
        return list(with_children.values())

    def server(self, name: str) -> list[psutil.Process]:
        """Return the processes of PostgreSQL or of Valkey, the first one first."""
        daemon = self.servers.postgres if name == "PostgreSQL" else self.servers.valkey
        [first] = daemon.leftovers()
        return [first, *first.children(recursive=True)]

    def kill(self, *, with_its_servers: bool) -> int:
        """Kill the stack's process group, and its servers as well, by SIGKILL; return how many."""
        stack = self.process
        # Read before the first kill: an orphan belongs to no stack any more.
        servers = [*self.server("PostgreSQL"), *self.server("Valkey")] if with_its_servers else []
        os.killpg(stack.pid, signal.SIGKILL)
        for process in servers:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs([stack, *servers], timeout=20)
        return 1 + len(servers)

    @property
    def _sockets(self) -> Path:
        return self.data_dir.resolve() / "sockets"

    def database_url(self, database: str) -> str:
        """Return the owner's URL of a database."""
        return f"postgresql://postgres@/{database}?host={self._sockets}"

    @property
    def redis_url(self) -> str:
        """URL of Valkey."""
        return f"unix://{self._sockets}/valkey.sock"

    @property
    def stores(self) -> Stores:
        """Databases and Redis of the stack that runs."""
        stored = {spec.name: spec.database for spec in SERVICES if spec.database}
        urls = {name: self.database_url(database) for name, database in stored.items()}
        return Stores(urls, self.redis_url)

    async def call(
        self, service: str, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx.Response:
        """Send one request to a service with the admin's key."""
        headers = {"Idempotency-Key": key} if key else {}
        url = self.urls[service] + path
        return await self.http.request(method, url, json=body, headers=headers)

    def log(self) -> str:
        """Return the end of the stack's log."""
        file = self.data_dir / "logs" / "stack.log"
        return file.read_text(errors="replace")[-4000:] if file.exists() else ""

    def close(self) -> None:
        """Stop the stack, or end whatever is left of it."""
        for process in self.processes:
            with suppress(psutil.NoSuchProcess):
                process.resume()
        try:
            control.stop(self.data_dir)
        finally:
            for process in self.processes:
                with suppress(psutil.NoSuchProcess):
                    process.kill()


@asynccontextmanager
async def whole_stack(folder: Path | None = None, **environment: str) -> AsyncIterator[WholeStack]:
    """Make a stack, which is not started yet, in a new folder; end it and remove that.

    The new folder is in `folder`, by default where temporary files are.
    """
    # Not pytest's own folder: each pytest that starts closes it to the account that runs Postgres.
    folder = Path(tempfile.mkdtemp(prefix="dsm-faults-", dir=folder))
    stack = WholeStack(folder / "data", **environment)
    with _cleaning_up(folder):
        try:
            yield stack
        finally:
            stack.close()
            await stack.http.aclose()


@contextmanager
def _cleaning_up(folder: Path) -> Iterator[None]:
    """Remove a folder after the block, and its stack too when this process dies in the block."""
    # Its command line does not name the data folder: it is none of the stack's processes.
    with subprocess.Popen(
        ["sh", "-c", _CLEAN_UP, "sh", str(_DSM), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as cleaner:
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            cleaner.kill()
