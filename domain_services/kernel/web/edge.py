"""Edge middleware: checks every request before a route sees it, and shapes every failure."""

import asyncio
import re
import time
from uuid import uuid4

import orjson
import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from domain_services.kernel import context
from domain_services.kernel.database.failures import unavailable
from domain_services.kernel.errors import (
    Invalid,
    Problem,
    RequestTimeout,
    TooLarge,
    Unauthorized,
    Unavailable,
    document,
)
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.tracing import Tracer
from domain_services.kernel.web import docs, traces
from domain_services.kernel.web.admission import Admission, Overloaded
from domain_services.kernel.web.auth import (
    OPEN_PATHS,
    READY_PATH,
    Identity,
    KeyRing,
    Permissions,
    authorise,
)
from domain_services.kernel.web.body import (
    ARRIVED,
    BodyMemory,
    HeldBody,
    HungUp,
    check_headers,
    declared_bytes,
)
from domain_services.kernel.web.draining import Draining
from domain_services.kernel.web.exchange import Exchange
from domain_services.kernel.web.methods import as_routed
from domain_services.kernel.web.metrics import watch_admission
from domain_services.kernel.web.refusals import Refusals
from domain_services.kernel.web.streamed_body import StreamedRoutes, bounded

logger = structlog.get_logger()

_DEADLINE = context.DEADLINE_HEADER.lower().encode()
_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")
_MILLISECONDS = re.compile(rb"[0-9]{1,7}")
_WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Reasons of refusals that a hostile peer causes; others are answers to mistakes.
_COUNTED: dict[type[Problem], str] = {
    Overloaded: "overloaded",
    RequestTimeout: "body_deadline",
    TooLarge: "body_bytes",
}
_SINGLE = frozenset(
    {b"authorization", b"content-length", b"content-type", b"idempotency-key", b"if-match"}
)

# Of every service alike; the bodies of services that are ready differ.
NOT_READY = b'{"status": "not_ready", "reason": "draining"}'

Headers = dict[bytes, bytes]


class Edge:
    """Pure ASGI middleware around one app: ids, key, admission, limits, deadline, failures."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: KernelSettings,
        keys: KeyRing,
        permissions: Permissions,
        streamed: StreamedRoutes,
        metrics: Metrics,
        refusals: Refusals,
        draining: Draining,
        validation_status: int,
        tracer: Tracer | None = None,
    ) -> None:
        self._app = app
        self._tracer = tracer
        self._settings = settings
        self._keys = keys
        self._permissions = permissions
        self._streamed = streamed
        self._metrics = metrics
        self._refusals = refusals
        self._draining = draining
        self._validation_status = validation_status
        self._admission = Admission(
            most_running=settings.max_running_requests,
            most_waiting=settings.max_waiting_requests,
            most_running_each=settings.max_running_requests_per_caller,
            most_waiting_each=settings.max_waiting_requests_per_caller,
            wait_seconds=settings.max_wait_seconds,
        )
        self._bodies = BodyMemory(
            most_bytes=settings.http.held_body_bytes,
            # More of them would find no place to run or wait.
            most_reading_each=settings.max_running_requests_per_caller
            + settings.max_waiting_requests_per_caller,
        )
        watch_admission(metrics.registry, self._admission)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers: Headers = dict(scope["headers"])
        request_id = _safe_id(headers.get(b"x-request-id"))
        exchange = Exchange(as_routed(scope), scope["method"], send, request_id, self._draining)
        # The caller's own context is restored: an app may be called within another's task.
        tokens = [
            (context.request_id, context.request_id.set(request_id)),
            (
                context.correlation_id,
                context.correlation_id.set(_safe_id(headers.get(b"x-correlation-id"), request_id)),
            ),
            (
                context.traceparent,
                context.traceparent.set(context.trace_of(_text(headers.get(b"traceparent")))),
            ),
        ]
        deadline = context.deadline.set(time.monotonic() + self._seconds(headers))
        try:
            with self._draining.request():
                if self._tracer is None or scope["path"] in OPEN_PATHS:
                    await self._serve(exchange, headers, receive)
                else:
                    header = _text(headers.get(b"traceparent"))
                    with traces.serving(self._tracer, scope, header) as span:
                        await self._serve(exchange, headers, receive)
                        traces.answered(span, exchange.scope, exchange.status)
        finally:
            context.deadline.reset(deadline)
            for variable, token in tokens:
                variable.reset(token)

    async def _serve(self, exchange: Exchange, headers: Headers, receive: Receive) -> None:
        scope = exchange.scope
        body: HeldBody | None = None
        try:
            if scope["path"] in OPEN_PATHS:
                await self._answer_open(exchange, receive)
                return
            has_body = self._check(scope, headers)
            if exchange.method == "OPTIONS" and await exchange.answer_options():
                return
            name = exchange.caller or ""
            most_bytes = self._streamed.most_bytes(scope["method"], scope["path"])
            if most_bytes is not None:
                receive = bounded(receive, most_bytes, self._settings.http.body_seconds)
            elif has_body:
                # Before admission: a body that never ends takes no place of others.
                body = self._bodies.hold(name)
                receive = await self._read(body, receive, is_there=ARRIVED in scope)
            identity: Identity | None = scope.get("dsm.identity")
            is_service = identity is not None and identity.role == "service"
            async with self._admission.admitted(name, may_fill=is_service):
                await self._app(scope, receive, exchange.answer)
        except HungUp:
            self._refusals.count("hung_up")
        except asyncio.CancelledError:
            # A leaving process cancels what takes too long. Elsewhere it is the caller's own.
            if not self._draining.begun or exchange.status:
                raise
            logger.warning("request.cut_short", **exchange.log_fields)
            await self._fail(exchange, Unavailable("this process ends; send the request again"))
        except Problem as problem:
            if (reason := _COUNTED.get(type(problem))) is not None:
                self._refusals.count(reason, exchange.caller)
            await self._fail(exchange, problem)
        except Exception as error:
            logger.error("request.failed", **exchange.log_fields, exc_info=error)
            if exchange.status:
                raise
            unknown = Problem("something went wrong; the log has the request id")
            await self._fail(exchange, unavailable(error) or unknown)
        finally:
            if body is not None:
                body.release()
            # Inside the request's span, which its log line names.
            self._record(exchange)

    async def _answer_open(self, exchange: Exchange, receive: Receive) -> None:
        """Answer a request that needs no key and no place."""
        if self._draining.begun and exchange.scope["path"] == READY_PATH:
            await exchange.respond(503, b"application/json", NOT_READY)
        elif exchange.method != "OPTIONS" or not await exchange.answer_options():
            await self._app(exchange.scope, receive, exchange.answer)

    async def _read(self, body: HeldBody, receive: Receive, *, is_there: bool) -> Receive:
        """Read the body. Raises: as `HeldBody.read`."""
        settings = self._settings
        seconds = None
        if not is_there:
            remaining = context.seconds_left()
            longest = settings.http.body_seconds
            seconds = longest if remaining is None else min(remaining, longest)
        return await body.read(
            receive,
            most_bytes=settings.max_body_bytes,
            deepest=settings.max_json_depth,
            seconds=seconds,
        )

    def _check(self, scope: Scope, headers: Headers) -> bool:
        """Check a request; True when a body follows.

        Raises: the `Problem` of a request that no route should see.
        """
        # Two parsers may disagree about which of two equal headers counts.
        if len(headers) < len(scope["headers"]):
            names = [name for name, _ in scope["headers"] if name in _SINGLE]
            if len(names) != len(set(names)):
                raise Invalid("a header that may be sent once was sent twice; send it once")
        if not docs.is_page(scope):
            identity = self._keys.identify(headers.get(b"authorization", b"").decode("latin-1"))
            is_for_viewers = self._permissions.is_for_viewers(scope["method"], scope["path"])
            authorise(identity, scope["method"], scope["path"], is_for_viewers=is_for_viewers)
            self._permissions.check(identity, scope["method"], scope["path"])
            scope["dsm.identity"] = identity
        elif not docs.is_local(scope, headers, self._settings.host):
            self._sign_in(scope, headers)
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            raise Invalid("the address contains NUL")
        has_body = self._has_body(scope, headers)
        if context.seconds_left() == 0:
            raise Unavailable("the caller's deadline is over; send the request with more time")
        return has_body

    def _has_body(self, scope: Scope, headers: Headers) -> bool:
        """Check the head of a body; True when one follows. Raises: as `check_headers`."""
        if scope["method"] not in _WITH_BODY:
            return False
        most_bytes = self._streamed.most_bytes(scope["method"], scope["path"])
        if most_bytes is None:
            return check_headers(headers, self._settings.max_body_bytes)
        declared_bytes(headers, most_bytes)
        return True

    def _sign_in(self, scope: Scope, headers: Headers) -> None:
        """Check the key of a reader of /docs. Raises: `Unauthorized`, by which a browser asks."""
        authorization = docs.bearer(headers.get(b"authorization", b"").decode("latin-1"))
        try:
            identity = self._keys.identify(authorization)
        except Unauthorized as refusal:
            raise docs.sign_in(refusal.detail) from refusal
        authorise(identity, scope["method"], scope["path"])
        scope["dsm.identity"] = identity

    def _seconds(self, headers: Headers) -> float:
        """Return the seconds that the caller waits, at most what the settings allow."""
        longest = self._settings.request_seconds
        header = headers.get(_DEADLINE)
        if header is None or _MILLISECONDS.fullmatch(header) is None:
            return longest
        return min(int(header) / 1000, longest)

    async def _fail(self, exchange: Exchange, problem: Problem) -> None:
        if exchange.status:
            raise problem
        status = self._validation_status if isinstance(problem, Invalid) else problem.status
        body = orjson.dumps(document(problem, status=status, request_id=exchange.request_id))
        more = [(n.lower().encode(), v.encode()) for n, v in problem.headers.items()]
        await exchange.respond(status, b"application/problem+json", body, more)

    def _record(self, exchange: Exchange) -> None:
        seconds = time.perf_counter() - exchange.started
        scope = exchange.scope
        route = getattr(scope.get("route"), "path_format", None) or "none"
        self._metrics.answered(exchange.method, route, exchange.status, seconds)
        if seconds > self._settings.slow_request_seconds:
            logger.warning("request.slow", **exchange.log_fields, seconds=round(seconds, 3))


def _text(header: bytes | None) -> str | None:
    return None if header is None else header.decode("latin-1")


def _safe_id(header: bytes | None, default: str | None = None) -> str:
    """Return the caller's id when it is a plain token, else `default` or a new one."""
    # A line break in an id would forge a log line.
    if header is not None and _ID.fullmatch(header):
        return header.decode()
    return default or str(uuid4())
