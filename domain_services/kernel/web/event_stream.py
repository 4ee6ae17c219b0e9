"""Answers as server-sent events, of work that goes on when its reader leaves.

The work keeps the request's place, deadline and count of a draining process until it ends.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, TypeVar

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
_WEIGHT = re.compile(r"(?:^|;)\s*[qQ]\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)")
# `no-transform` and the last one keep proxies from holding events back.
_HEADERS = {"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}

Emit = Callable[[str, Any], None]
Work = Callable[[Emit], Awaitable[None]]
Event = tuple[str, Any]
T = TypeVar("T")


def wants_events(request: Request) -> bool:
    """Check that a request accepts server-sent events, and prefers no JSON to them."""
    weights: dict[str, float] = {}
    for part in ",".join(request.headers.getlist("accept")).split(","):
        name, _, parameters = part.partition(";")
        weight = _WEIGHT.search(parameters)
        weights[name.strip().lower()] = 1.0 if weight is None else float(weight[1])
    events = weights.get(MEDIA_TYPE, 0)
    return 0 < events >= weights.get("application/json", 0)


def to_event(name: str, data: Any) -> bytes:
    """Return an event as bytes; `data` is JSON on one line."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), orjson.dumps(data))


async def until_reader_leaves(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Do work that nobody needs when its reader has left. Raises: `Unavailable` then."""
    task = asyncio.create_task(work)
    leaving = asyncio.create_task(_leave(request.receive))
    try:
        await asyncio.wait([task, leaving], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Unavailable("the reader of this answer left before it was made")
        return await task
    finally:
        leaving.cancel()
        if not task.done():
            await _end(task)


async def _leave(receive: Receive) -> None:
    """Return when the reader of the answer has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def stream(
    work: Work,
    *,
    headers: Mapping[str, str] | None = None,
    ping_seconds: float = PING_SECONDS,
    ends_with_reader: bool = False,
) -> Response:
    """Begin `work`, and return its events as an answer as soon as it has emitted the first.

    `ends_with_reader` cancels the work when nobody reads its events any more. An error after the
    first event becomes an event `error` with the problem document. Raises: the error of the work
    when nothing was emitted before it.
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
    answer = _EventStream(task, first, events, headers or {}, ping_seconds)
    answer.ends_with_reader = ends_with_reader
    return answer


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
        self.ends_with_reader = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Otherwise nothing listens for the reader's leaving: the events then go nowhere, and the
        # work ends as that of a plain request does.
        leaving = asyncio.create_task(self._follow(receive)) if self.ends_with_reader else None
        try:
            await self._answer(send)
        finally:
            if leaving is not None:
                leaving.cancel()

    async def _follow(self, receive: Receive) -> None:
        """Cancel the work when its reader leaves."""
        await _leave(receive)
        self._is_read = False
        self._task.cancel()

    async def _answer(self, send: Send) -> None:
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
        if self.ends_with_reader and not self._is_read:
            # Nobody is left to be told, and the work may have been cancelled.
            await asyncio.wait([self._task])
            return
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


async def _end(task: asyncio.Task[Any]) -> None:
    """Cancel a task and wait for its end, also when cancelled again meanwhile."""
    task.cancel()
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
    if not task.cancelled():
        task.exception()  # seen: nobody waits for it any more
