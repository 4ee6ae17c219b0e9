"""The `dsm` command on an embedded stack of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli import demo
from tests.conftest import roomy_memory
from tests.e2e.machine import Machine, running
from tests.ports import free_port

EXAMPLE = Path(str(demo.EXAMPLE))


class Dsm:
    """Runner of `dsm` commands against one data folder."""

    def __init__(self, data_dir: Path, base_port: int, **environment: str) -> None:
        self.data_dir = data_dir
        self.base_port = base_port
        self._environment = {**os.environ, "DSM_DATA_DIR": str(data_dir), **environment}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = "from agent.cli.main import main; main()"
        return subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env=self._environment,
            check=False,
        )

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def import_example(self, as_of: str, prefix: str, *more: str) -> Any:
        options = ["--map", demo.MAPPING, "--prefix", prefix, "--as-of", as_of, *more]
        options += ["--autonomy", "act"]
        return self.json("import", "csv", str(EXAMPLE), *options)

    @property
    def key(self) -> str:
        return (self.data_dir / "admin.key").read_text().strip()

    def url(self, offset: int) -> str:
        return f"http://127.0.0.1:{self.base_port + offset}"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Create a folder outside pytest's own, for data that servers of another account use."""
    # Each pytest that starts closes /tmp/pytest-of-root to the account that runs Postgres.
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def dsm() -> Iterator[Dsm]:
    """Start a stack with both example projects, imported as of 2016-06-06."""
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder:
        started = Dsm(Path(folder), free_port(in_a_row=7))
        up = started.run("up", "--detach", "--base-port", str(started.base_port))
        assert up.returncode == 0, up.stderr + up.stdout
        try:
            started.import_example("2016-06-06", "P")
            yield started
        finally:
            started.run("down")


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Callable[..., Machine]]:
    all_machines: list[Machine] = []

    def make(name: str = "data", **options: Any) -> Machine:
        all_machines.append(Machine(tmp_path / name, **options))
        return all_machines[-1]

    yield make
    for machine in all_machines:
        machine.run("down")
        assert running(machine.processes()) == []


@pytest.fixture
def machine(machines: Callable[..., Machine]) -> Machine:
    return machines()
