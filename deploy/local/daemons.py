"""Server processes that may outlive the process that started them."""

import os
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

import psutil

from deploy.errors import StackError
from deploy.local.logs import Bounds, put_aside

# A database that recovers from a crash on a busy machine needs more than a minute.
_START_SECONDS = 120.0
_POLL_SECONDS = 0.01


class Identity(TypedDict, total=False):
    """Account of a process; empty for the present one."""

    user: int
    group: int
    extra_groups: list[int]


# A signal, and the seconds a process gets to end after it.
StopSteps = Sequence[tuple[signal.Signals, float]]


class Daemon(ABC):
    """One server on one folder. Its start first stops a server that a killed parent left."""

    name: str
    stop_steps: StopSteps

    def __init__(self, folder: Path, log: Path, binary: Path) -> None:
        self.folder = folder
        self.log = log
        self.binary = binary
        self.process: psutil.Process | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line, which names `folder` as an argument of its own."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether the started server takes requests."""

    def identity(self) -> Identity:
        """Return the account to run as."""
        return {}

    def start(self) -> None:
        """Start the server and wait for its answer. Raises: `StackError` with its last log line."""
        self.stop()
        with self.log.open("ab") as log:
            # A session of its own: Ctrl-C in the terminal must reach only the parent, which
            # drains the services before it stops what they stand on.
            self.process = psutil.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.identity(),
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.answers():
            if not alive(self.process):
                self.process.wait()
                raise StackError(f"{self.name} did not start: {last_line(self.log)}")
            if time.monotonic() > deadline:
                self.stop()
                raise StackError(f"{self.name} did not answer within {_START_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)

    def rotate_log(self, limits: Bounds) -> None:
        """Put a full log aside, and let the server go on in a new one."""
        if put_aside(self.log, limits):
            self.reopen_log()

    @abstractmethod
    def reopen_log(self) -> None:
        """Let the running server write to the file that is now at the path of its log."""

    def stop(self) -> None:
        """Stop the server of this folder, whoever started it."""
        own = [self.process] if self.process else []
        for process in own or self.leftovers():
            end(process, self.stop_steps)
        self.process = None

    def leftovers(self) -> list[psutil.Process]:
        """Find the running servers of this folder."""
        processes: list[psutil.Process] = []
        # By their command line: a stored pid may belong to another program by now.
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                line = process.cmdline()
                same = bool(line) and Path(line[0]).name == self.binary.name
                if same and str(self.folder) in line and alive(process):
                    processes.append(process)
        return processes

    def running(self) -> bool:
        """Return whether the server that `start` started still runs."""
        return self.process is not None and alive(self.process)


def alive(process: psutil.Process) -> bool:
    """Return whether a process runs; a zombie has ended and only waits for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def end(process: psutil.Process, steps: StopSteps) -> None:
    """Send signal after signal until a process ends. Raises: `StackError` when it does not."""
    for number, seconds in steps:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if ended(process, seconds):
            return
    raise StackError(f"process {process.pid} does not end; end it by hand and try again")


def ended(process: psutil.Process, seconds: float) -> bool:
    """Wait for the end of a process; False when it still runs after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            process.wait(_POLL_SECONDS)
            return True
        except psutil.TimeoutExpired:
            if not alive(process):
                # Only its parent can collect a zombie.
                with suppress(psutil.TimeoutExpired):
                    process.wait(1)
                return True
            if time.monotonic() > deadline:
                return False


def ping(path: Path) -> bool:
    """Return whether a Redis-protocol server answers PING at a unix socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        try:
            connection.connect(os.fspath(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def last_line(log: Path) -> str:
    """Return the last line of a log that is not empty; the log's path when there is none."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), f"see {log}")
