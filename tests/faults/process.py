"""Process of one service that a test may kill, pause, or run without a mechanism."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from deploy.catalogue import SERVICES, resolve

# What the services wait for, shortened: the same waits in the same order, about ten times faster.
PACE: Mapping[str, float] = {
    "domain_services.sprint.logic.saga:LEASE_SECONDS": 1,
    "domain_services.sprint.logic.saga:UNDO_LEASE_SECONDS": 1,
    "domain_services.sprint.logic.planning:RECOVERY_SECONDS": 0.1,
    "domain_services.kernel.messaging.deliveries:IDLE_SECONDS": 0.1,
    "domain_services.kernel.messaging.deliveries:LEASE_SECONDS": 1,
    "domain_services.kernel.messaging.deliveries:LONGEST_PAUSE_SECONDS": 1,
    "domain_services.kernel.messaging.relay:REPUBLISH_AFTER_SECONDS": 1,
    "domain_services.kernel.messaging.relay:PRODUCER_SECONDS": 0.2,
    "domain_services.kernel.messaging.relay:IDLE_SECONDS": 0.1,
    "domain_services.kernel.messaging.inbox:BLOCK_MILLISECONDS": 100,
    "domain_services.kernel.messaging.inbox:RECLAIM_IDLE_MILLISECONDS": 500,
    "domain_services.kernel.messaging.inbox:RETRY_SECONDS": 0.1,
    "domain_services.kernel.web.idempotent_route:LEASE_SECONDS": 3,
    "memory.journal:IDLE_SECONDS": 0.1,
    "agent.runs.resumption:RECOVERY_SECONDS": 0.1,
}
_PRELOADED = ["tests.faults.process", *(s.factory.split(":")[0] for s in SERVICES)]
_KILL_ME_WITH_MY_PARENT = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True)
class Spec:
    """Specification of a service process."""

    service: str
    settings: dict[str, Any]
    """Arguments of the service's settings class."""
    folder: Path
    """Holds the log and the armed failpoint."""
    mutations: tuple[str, ...] = ()
    """Mechanisms that the process runs without."""
    pace: Mapping[str, float] = field(default_factory=lambda: dict(PACE))
    """Shortened waits: "module:constant" -> value."""
    poisons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Functions that fail for some arguments: "module:Class.name" -> text of an argument."""


def spawn(spec: Spec) -> Any:
    """Start the process as a fork of one that has imported every service."""
    context = multiprocessing.get_context("forkserver")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    context.set_forkserver_preload(_PRELOADED)
    process = context.Process(target=serve, args=(spec,), name=spec.service, daemon=True)
    process.start()
    return process


def serve(spec: Spec) -> None:
    """Run the service until a signal stops or kills the process."""
    import uvicorn

    from deploy.serving.config import uvicorn_config
    from domain_services.kernel.telemetry import configure_logging
    from tests.faults import failpoints, mutations, poisons

    ctypes.CDLL(None).prctl(_KILL_ME_WITH_MY_PARENT, signal.SIGKILL)
    with (spec.folder / "log").open("ab", buffering=0) as log:
        os.dup2(log.fileno(), sys.stderr.fileno())
        os.dup2(log.fileno(), sys.stdout.fileno())
    configure_logging("info")
    for target, value in spec.pace.items():
        module, _, name = target.partition(":")
        resolve(target)  # fails if the service renamed it
        setattr(import_module(module), name, value)
    failpoints.install(spec.service, spec.folder)
    for name in spec.mutations:
        mutations.remove(name)
    for target, needle in spec.poisons.items():
        poisons.install(target, needle)
    service = next(row for row in SERVICES if row.name == spec.service)
    settings = resolve(service.settings)(**spec.settings)
    app = resolve(service.factory)(settings)
    uvicorn.Server(uvicorn_config(app, host=settings.host, port=settings.port)).run()
