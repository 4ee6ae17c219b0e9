"""Requests for approval of one message; none is lost when the work ends amid it."""

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from agent.chat.turn import Turn
from domain_services.kernel import context
from domain_services.kernel.errors import Problem
from memory.decision import PlannedCall
from tools.for_models import RequestApproval

# Of one request, also when the time of its message ends sooner.
REQUEST_SECONDS = 10.0
# With the statements that a request has begun in its time.
SETTLE_SECONDS = 15.0

_Making = asyncio.Task[Mapping[str, Any]]
# The event loop alone would not keep a request whose message was given up.
_making: set[_Making] = set()


class Requests:
    """Requests of one message."""

    def __init__(self, turn: Turn, request_approval: RequestApproval) -> None:
        self._turn = turn
        self._request_approval = request_approval
        self._unread: dict[_Making, PlannedCall] = {}

    async def ask(self, call: PlannedCall, project_id: str, key: str) -> Mapping[str, Any]:
        """Ask a person for a call; the request is made even when this is cancelled."""
        task = asyncio.create_task(self._make(call, project_id, key))
        _making.add(task)
        task.add_done_callback(_making.discard)
        self._unread[task] = call
        try:
            outcome = await asyncio.shield(task)
        except Exception:
            # The model reads why.
            del self._unread[task]
            raise
        del self._unread[task]
        return outcome

    async def settle(self) -> None:
        """Wait for the requests that the work ended amid, and note what became of them."""
        if not self._unread:
            return
        unread, self._unread = self._unread, {}
        await asyncio.wait(unread, timeout=SETTLE_SECONDS)
        for task, call in unread.items():
            if not task.done() or _may_be_stored(task):
                self._turn.note_unknown(call)
            elif task.exception() is None:
                self._turn.note_late(str(task.result()["run_id"]))

    async def _make(self, call: PlannedCall, project_id: str, key: str) -> Mapping[str, Any]:
        until = time.monotonic() + REQUEST_SECONDS
        context.deadline.set(max(until, context.deadline.get() or until))
        outcome = await self._request_approval(call, project_id, key)
        return self._turn.note_approval(call, outcome)


def _may_be_stored(task: _Making) -> bool:
    """Check whether a request that ended may wait, though it gave no answer."""
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    # A refusal has stored nothing; a store that went away may have.
    is_refusal = isinstance(error, Problem) and error.status < 500
    return error is not None and not is_refusal
