"""Fixtures: processes of `dsm serve`."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import ADMIN_KEY, AUTH
from tests.ports import free_port

BOUND_SECONDS = 120
PROGRAM = "from agent.cli.main import main; main()"


def until(condition: Callable[[], Any], event: str) -> None:
    """Wait for a condition; fail after `BOUND_SECONDS`."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never: {event}"
        time.sleep(0.02)


@dataclass
class Served:
    """A process of `dsm serve`."""

    process: subprocess.Popen[str]
    http: httpx.Client

    def status(self, path: str) -> int | None:
        """Return the status of an answer; None when there is none."""
        try:
            return self.http.get(path).status_code
        except httpx.TransportError:
            return None

    def until(self, path: str, status: int) -> None:
        until(lambda: self.status(path) == status, f"{path} {status}")

    def end(self) -> tuple[int, str]:
        """Wait for the end; returns the exit code and what was written to stderr."""
        _, err = self.process.communicate(timeout=BOUND_SECONDS)
        return self.process.returncode, err


Serve = Callable[..., Served]


@pytest.fixture
def serve_process(repository: Path, tmp_path: Path) -> Iterator[Serve]:
    """Start `dsm serve NAME` on a free port, with settings as environment variables."""
    started: list[Served] = []

    def start(name: str, **settings: str) -> Served:
        port = free_port()
        environment = {
            "PYTHONPATH": str(repository),
            "DSM_PORT": str(port),
            "DSM_REDIS_URL": f"unix://{tmp_path}",
            "DSM_AUTH__KEYS": json.dumps(AUTH["keys"]),
        }
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "serve", name, "--catalogue", CATALOGUE],
            env=os.environ | environment | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)
        started.append(Served(process, http))
        return started[-1]

    yield start
    for served in started:
        served.http.close()
        with served.process as process:
            process.kill()


CATALOGUE = "tests.serving.services:SERVICES"
