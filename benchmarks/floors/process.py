"""Starts the floors' server as a process of its own."""

import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager

import httpx

from benchmarks.floors import schema
from benchmarks.stage import Stage, free_ports

START_SECONDS = 30.0


@contextmanager
def serving(stage: Stage) -> Generator[str, None, None]:
    """The base URL of the floors' server, on a fresh database."""
    database, port = schema.create(stage), free_ports(1)
    program = [sys.executable, "-m", "benchmarks.floors.server"]
    server = subprocess.Popen([*program, database, str(port), stage.urls["project"], stage.key])
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(server, f"{url}/tasks/{schema.task_id(1)}")
        yield url
    finally:
        server.terminate()
        server.wait()


def _wait(server: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            httpx.get(url).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the floors' server did not start")
