"""Command `dsm` in a process of its own, forked from one that has imported every service.

Twenty processes that each import everything for themselves would cost a minute of two cores.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from deploy.catalogue import SERVICES
from deploy.serving import config
from domain_services.kernel.database import pool, session
from domain_services.kernel.web import health
from tests import waits

_PRELOADED = [
    "tests.replicas.command",
    "agent.cli.main",
    "agent.cli.migrate",
    "agent.cli.serve",
    "deploy.serving.process",
    *(spec.factory.split(":")[0] for spec in SERVICES),
]
LONG_FINISH_SECONDS = 120
LONGEST_PEER_TIMEOUT_SECONDS = "30"  # the setting allows no more
_KILL_ME_WITH_MY_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Command:
    """One call of `dsm`."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    """The whole environment of the process."""
    log: Path
    """Takes what it writes to both outputs."""

    def start(self) -> BaseProcess:
        """Start the process."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        process = context.Process(target=_run, args=(self,), name=self.arguments[-1], daemon=True)
        process.start()
        return process


# Environment variable that names mechanisms to leave out, to see what the tests say then.
WITHOUT = "REPLICAS_WITHOUT"


def _without_close() -> None:
    from domain_services.kernel.web import edge

    edge.CLOSE = (b"x-left-out", b"close")


def _without_pause() -> None:
    os.environ["DSM_DRAIN_SECONDS"] = "0"


_MECHANISMS = {"close": _without_close, "pause": _without_pause}


def _run(command: Command) -> None:
    """Become the command: its exit code is the process's."""
    ctypes.CDLL(None).prctl(_KILL_ME_WITH_MY_PARENT, signal.SIGKILL)
    with command.log.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    os.environ.clear()
    os.environ.update(command.environment)
    waits.lengthen()
    # Twenty processes share the cores with whatever else runs: their waits are longer still.
    os.environ["DSM_PEER_TIMEOUT_SECONDS"] = LONGEST_PEER_TIMEOUT_SECONDS
    health.CHECK_SECONDS = waits.LONG_POOL_WAIT_SECONDS
    pool.CONNECT_SECONDS = session.LOCK_SECONDS = waits.LONG_STATEMENT_SECONDS
    config.FINISH_SECONDS = LONG_FINISH_SECONDS
    for name in filter(None, command.environment.get(WITHOUT, "").split(",")):
        _MECHANISMS[name]()
    sys.argv = ["dsm", *command.arguments]
    from agent.cli.main import main

    main()
