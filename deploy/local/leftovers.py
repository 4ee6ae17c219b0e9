"""Processes of services that a killed stack left; they end by themselves within seconds."""

import signal
from contextlib import suppress
from pathlib import Path

import psutil

from deploy.local.daemons import StopSteps, alive, end

# Nobody waits for them any more.
_STOP_STEPS: StopSteps = ((signal.SIGINT, 3.0), (signal.SIGKILL, 5.0))


def services(folder: Path) -> list[psutil.Process]:
    """Find the running processes of services of this data folder."""
    processes: list[psutil.Process] = []
    # By their command line: a stored pid may belong to another program by now.
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            line = process.cmdline()
            if "deploy.serving" in line and str(folder) in line and alive(process):
                processes.append(process)
    return processes


def end_services(folder: Path) -> int:
    """End the services that a killed stack left on a folder, and return their number.

    Raises: `StackError` when one does not end.
    """
    leftovers = services(folder)
    for process in leftovers:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)
    for process in leftovers:
        end(process, _STOP_STEPS)
    return len(leftovers)
