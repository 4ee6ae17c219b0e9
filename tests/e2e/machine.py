"""Machine: `dsm` commands on a data folder of its own, each run as a process."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.ports import free_port
from tests.processes import command_line

ROOT = Path(__file__).parents[2]
PATHS = os.pathsep.join([str(ROOT), str(Path(__file__).parent)])
BOUND_SECONDS = 180


def until(condition: Callable[[], Any], event: str) -> None:
    """Wait for a condition; fail after `BOUND_SECONDS`."""
    deadline = time.monotonic() + BOUND_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never: {event}"
        time.sleep(0.02)


class Machine:
    """Commands on one data folder, each run as a process of its own."""

    def __init__(self, data_dir: Path, account: int | None = None) -> None:
        self.data_dir = data_dir
        self.base_port = free_port(in_a_row=3)
        self.account = account

    def url(self, offset: int, path: str) -> str:
        return f"http://127.0.0.1:{self.base_port + offset}{path}"

    def begin(self, command: str, *options: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "tiny", command, "--data-dir", str(self.data_dir), *options]
        return subprocess.Popen(
            words,
            cwd=self.data_dir.parent,
            env=os.environ | {"PYTHONPATH": PATHS},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            user=self.account,
            group=self.account,
        )

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        with self.begin(command, *options) as process:
            out, err = process.communicate(timeout=BOUND_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def begin_up(
        self, *options: str, catalogue: str = "tiny.app:SERVICES"
    ) -> subprocess.Popen[str]:
        ports = ("--base-port", str(self.base_port))
        return self.begin("up", *ports, "--catalogue", catalogue, *options)

    def up(self, *options: str) -> dict[str, Any]:
        with self.begin_up("--detach", "--json", *options) as process:
            out, err = process.communicate(timeout=BOUND_SECONDS)
        assert process.returncode == 0, err
        return json.loads(out)

    def phase(self) -> str:
        return json.loads(self.run("status", "--json").stdout)["phase"]

    def processes(self) -> list[psutil.Process]:
        """Find the stack, its servers and all their children."""
        stacks = [p for p in psutil.process_iter() if str(self.data_dir) in command_line(p)]
        return [*stacks, *(child for p in stacks for child in p.children(recursive=True))]


def running(processes: list[psutil.Process]) -> list[str]:
    return [
        command_line(p) or str(p.pid)
        for p in processes
        if p.is_running() and p.status() != psutil.STATUS_ZOMBIE
    ]
