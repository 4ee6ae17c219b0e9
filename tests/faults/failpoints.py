"""Failpoints: named places in a service at which a test kills its process.

The services do not know them: `install` wraps their functions inside the test's process. A test
arms a point by writing its name and a number of passages into a file. The process that passes
there so often removes the file and kills itself with SIGKILL.
"""

import functools
import inspect
import os
import re
import signal
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deploy.catalogue import resolve
from domain_services.kernel import context

ROOT = Path(__file__).parents[2]

# Read, not imported: the graph's library takes a second to load.
NODES = tuple(
    re.findall(
        r'add_node\(\s*"(\w+)"', (ROOT / "graphs" / "decision.py").read_text(encoding="utf-8")
    )
)
SAGA = ("opened", "reserved", "written", "started")
UNDOING = ("compensating", "released", "cancelled")

# Name of a point -> "module:attribute" of the function before or after which it lies.
_BEFORE_AND_AFTER = {
    "sprint": {
        "relay.batch": "domain_services.kernel.messaging.relay:Relay.send_batch",
        "relay.publish": "domain_services.kernel.messaging.relay:Relay.publish",
        "relay.confirm": "domain_services.kernel.messaging.relay:Relay.confirm",
        "delivery.send": "domain_services.kernel.messaging.deliveries:DeliveryWorker._send",
    },
    "backlog": {
        "inbox.apply": "domain_services.kernel.messaging.inbox:Consumer._apply",
        "inbox.acknowledge": "domain_services.kernel.messaging.inbox:Consumer._acknowledge",
    },
    "orchestrator": {
        **{f"node.{node}": f"graphs.decision:{node}" for node in NODES},
        "run.start": "memory.runs:RunTable.start",
        "run.decided": "memory.runs:RunTable.decided",
        "run.finish": "memory.runs:RunTable.finish",
        "effect": "tools.guard:Guard.call",
        "journal.drain": "memory.journal:Journal.drain",
    },
}


def points(service: str) -> list[str]:
    """List the failpoints of a service."""
    wrapped = _BEFORE_AND_AFTER.get(service, {})
    names = [f"{name}:{when}" for name in wrapped for when in ("before", "after")]
    if service == "sprint":
        names += [f"saga.{step}" for step in (*SAGA, *UNDOING)]
        names += ["relay.sent"]
    return [*names, "answer"]


def arm(folder: Path, point: str, passage: int = 1, request: str = "any") -> None:
    """Make the process of `folder` kill itself at its `passage`-th time at `point` from now on.

    `request` is the correlation id whose passages count; background work has none of its own.
    """
    # Renamed, so that the process never reads half a line.
    new_file = folder / "armed.new"
    new_file.write_text(f"{point} {passage} {request}")
    new_file.rename(folder / "armed")


def install(service: str, folder: Path) -> None:
    """Wrap this process's functions, so that armed points of `service` kill it."""
    reach = _Trigger(folder / "armed")
    for name, target in _BEFORE_AND_AFTER.get(service, {}).items():
        _wrap(target, functools.partial(reach, f"{name}:before"), after=None)
        _wrap(target, None, after=functools.partial(reach, f"{name}:after"))
    if service == "sprint":
        planner = resolve("domain_services.sprint.logic.planning:Planner")
        planner.__init__.__kwdefaults__["reach"] = lambda step: reach(f"saga.{step}")
        _wrap("redis.asyncio.client:Pipeline.execute", None, lambda: reach("relay.sent"))
    _wrap("starlette.responses:Response.__call__", lambda: reach("answer"), None)


class _Trigger:
    """Kills the process when it passes the armed point."""

    def __init__(self, armed: Path) -> None:
        self._armed = armed

    def __call__(self, point: str) -> None:
        if not self._armed.exists():
            return
        name, passage, request = self._armed.read_text().split()
        if name != point or request not in ("any", context.correlation_id.get()):
            return
        if int(passage) > 1:
            arm(self._armed.parent, name, int(passage) - 1, request)
            return
        self._armed.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _wrap(target: str, before: Callable[[], None] | None, after: Callable[[], None] | None) -> None:
    """Replace the function "module:Class.name" by one that calls `before` and `after`."""
    module, _, path = target.partition(":")
    *owners, name = path.split(".")
    owner = resolve(f"{module}:{owners[0]}") if owners else __import__(module, fromlist=["_"])
    function = getattr(owner, name)

    @contextmanager
    def points_around() -> Any:
        if before:
            before()
        yield
        if after:
            after()

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            with points_around():
                return await function(*args, **kwargs)

    else:

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with points_around():
                return function(*args, **kwargs)

    setattr(owner, name, wrapper)
