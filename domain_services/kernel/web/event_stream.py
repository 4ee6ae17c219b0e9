"""Answers as server-sent events, of work that goes on when its reader leaves.

The work keeps the request's place, deadline and count of a draining process until it ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain_services.kernel import context
from domain_services.kernel.database.failures import unavailable
from domain_services.kernel.errors import Problem, Unavailable, document

logger = structlog.get_logger()

MEDIA_TYPE = "text/event-stream"
PING_SECONDS = 15.0  # below the idle limits of balancers, which are 60 s
_PING = b": ping\n\n"
# `no-transform` and the last one keep proxies from holding events back.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

Emit = Callable[[str, Any], None]
Work = Callable[[Emit], Awaitable[None]]
Event = tuple[str, Any]


def wants_events(request: Request) -> bool:
    """Check that a request accepts server-sent events."""
    accepted = request.headers.get("accept", "").split(",")
    return any(part.partition(";")[0].strip().lower() == MEDIA_TYPE for part in accepted)


def to_event(name: str, data: Any) -> bytes:
    """Return an event as bytes; `data` is JSON on one line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


async def stream(
    work: Work, *, headers: Mapping[str, str] | None = None, ping_seconds: float = PING_SECONDS
) -> Response:
    """Begin `work`, and return its events as an answer as soon as it has emitted the first.

    An error after that becomes an event `error` with the problem document. Raises: the error of
    the work when nothing was emitted before it.
    """
    events: asyncio.Queue[Event | None] = asyncio.Queue()

    def emit(name: str, data: Any) -> None:
        events.put_nowait((name, data))

    async def run() -> None:
        try:
            await work(emit)
        finally:
            events.put_nowait(None)

    task = asyncio.create_task(run(), name="streamed work")
    try:
        first = await events.get()
    except asyncio.CancelledError:
        await _end(task)
        raise
    if first is None:
        await task
    return _EventStream(task, first, events, headers or {}, ping_seconds)


class _EventStream(Response):
    """Answer of a task's events; it ends when the task does, with or without a reader."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        task: asyncio.Task[None],
        first: Event | None,
        events: asyncio.Queue[Event | None],
        headers: Mapping[str, str],
        ping_seconds: float,
    ) -> None:
        super().__init__(headers={**_HEADERS, **headers})
        del self.headers["content-length"]
        self._task = task
        self._first = first
        self._events = events
        self._ping_seconds = ping_seconds
        self._is_read = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Nothing listens for the reader's leaving: the events then go nowhere, and the work ends
        # as that of a plain request does.
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            event = self._first
            while event is not None:
                await self._send(send, to_event(*event))
                event = await self._next(send)
            await self._send_error(send)
        except asyncio.CancelledError:
            # A leaving process cuts it short: the work gives its leases back first.
            await _end(self._task)
            ended = Unavailable("this process ends; read what was begun, or send it again")
            await self._send(send, to_event("error", _problem(ended)))
            await self._send(send, b"", more=False)
            raise
        await self._send(send, b"", more=False)

    async def _next(self, send: Send) -> Event | None:
        """Return the next event, None after the last; send a ping in each long silence."""
        while True:
            try:
                async with asyncio.timeout(self._ping_seconds):
                    return await self._events.get()
            except TimeoutError:
                await self._send(send, _PING)

    async def _send(self, send: Send, body: bytes, *, more: bool = True) -> None:
        if not self._is_read:
            return
        try:
            await send({"type": "http.response.body", "body": body, "more_body": more})
        except OSError:
            self._is_read = False

    async def _send_error(self, send: Send) -> None:
        try:
            await self._task
        except Problem as problem:
            await self._send(send, to_event("error", _problem(problem)))
        except Exception as error:
            if (trouble := unavailable(error)) is None:
                logger.error("request.failed", exc_info=error)
                trouble = Problem("something went wrong; the log has the request id")
            await self._send(send, to_event("error", _problem(trouble)))


def _problem(problem: Problem) -> dict[str, Any]:
    return document(problem, request_id=context.request_id.get())


async def _end(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end, also when cancelled again meanwhile."""
    task.cancel()
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # seen: nobody waits for it any more
