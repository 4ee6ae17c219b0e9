"""HTTP client of a process, and the base of the typed service clients."""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from domain_services.kernel import context
from domain_services.kernel.client.breaker import Breaker
from domain_services.kernel.errors import Problem, Unavailable
from domain_services.kernel.tracing import Value, spanning

if TYPE_CHECKING:
    # A command of a person has no settings of a service.
    from domain_services.kernel.settings import KernelSettings

T = TypeVar("T")

# Longest pause before each further try. The pause is drawn from 0 to this, to spread callers.
PAUSES_SECONDS = (0.05, 0.1)
FALLBACK_SECONDS = 30.0
# A peer that was silent for less of the usual patience has not failed: its caller was in a hurry.
FAIR_SHARE = 0.5
# Answers that mean "later": the request may be sent again as it is, and was not refused.
LATER_STATUSES = frozenset({408, 425, 429})
LATER_CODES = frozenset({"request_in_progress"})
LEAST_PAUSE_SECONDS = 0.05
# Below DSM_DRAIN_SECONDS: an idle connection has been used or dropped before its server closes it
# (docs/adr/0093-drain-before-leaving.md).
KEEP_ALIVE_SECONDS = 4.0


@dataclass(frozen=True)
class Upload:
    """Body of a request that is no JSON."""

    content: bytes | AsyncIterable[bytes]
    """The body, at once or as it is read."""
    content_type: str = "application/octet-stream"
    """Value of the header Content-Type."""


class Lost(Unavailable):
    """Failure of a call that got no usable answer."""

    def __init__(self, peer: str, reason: str, repeat: bool, explanation: str = "") -> None:
        super().__init__(f"{peer} {reason}", peer=peer)
        self.repeat = repeat
        """True when a second try at once may succeed."""
        # Not in `detail`, or each service would hand on the words of all behind it.
        self.explanation = explanation
        """Words of the peer about its failure, for the person who called it; empty without any."""


class Later(Unavailable):
    """Answer of a peer that asks for the same request again, after `pause_seconds`."""

    def __init__(self, peer: str, reason: str, pause_seconds: float) -> None:
        super().__init__(f"{peer} {reason}", retry_after_seconds=ceil(pause_seconds), peer=peer)
        self.pause_seconds = pause_seconds


class PeerRefused(Problem):
    """Refusal of a request by a peer (4xx), with the peer's problem document."""

    code = "peer_refused"
    title = "A peer refused the request"

    def __init__(self, peer: str, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or f"{peer} answered {status}"), peer=peer)
        self.peer = peer
        self.peer_status = status
        self.problem = dict(problem)


def open_http(settings: "KernelSettings") -> httpx.AsyncClient:
    """Open the process's client."""
    # httpx's own pool slows down under concurrent calls: docs/adr/0006-aiohttp-transport.md. The
    # import is here because command lines use the clients without it.
    from httpx_aiohttp import AiohttpTransport

    key = settings.auth.service_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    limits = httpx.Limits(max_connections=200, keepalive_expiry=KEEP_ALIVE_SECONDS)
    return httpx.AsyncClient(
        transport=AiohttpTransport(verify=tls(), limits=limits),
        timeout=settings.peer_timeout_seconds,
        headers=headers,
    )


@cache
def tls() -> ssl.SSLContext:
    """Return the trusted authorities; reading them takes tens of milliseconds, so once."""
    return httpx.create_ssl_context()


class ServiceClient:
    """Base of the typed clients: breaker, request ids, errors and checked answers."""

    peer: str

    def __init__(self, http: httpx.AsyncClient, base_url: str) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self.breaker = Breaker(self.peer)
        self._adapters: dict[Any, TypeAdapter[Any]] = {}

    async def _call(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        params: Mapping[str, Any] | None = None,
        body: BaseModel | None = None,
        key: str | None = None,
        if_match: int | None = None,
        timeout: float | None = None,
        upload: Upload | None = None,
    ) -> T:
        """Call one route and return the parsed answer.

        `key` becomes the Idempotency-Key, `if_match` (a version) the If-Match header. `timeout`
        in seconds covers all tries; the deadline of the present request can shorten it.
        `upload` is a body that is no JSON; it is sent once.
        Raises: `PeerRefused` on 4xx, `Unavailable` on anything worse, and when the peer asked to
        try later until the end of the time.
        """
        sent = body if upload is None else upload
        tracer, parent = context.tracer.get(), context.traceparent.get()
        if tracer is None or parent is None:
            return await self._tries(method, path, answer, params, sent, key, if_match, timeout)
        address = httpx.URL(self._base_url)
        attributes: dict[str, Value] = {
            "http.request.method": method,
            "server.address": address.host,
            "server.port": address.port or (443 if address.scheme == "https" else 80),
            "peer.service": self.peer,
        }
        with spanning(tracer, method, "client", attributes, parent=parent):
            return await self._tries(method, path, answer, params, sent, key, if_match, timeout)

    async def _tries(
        self,
        method: str,
        path: str,
        answer: type[T],
        params: Mapping[str, Any] | None,
        body: BaseModel | Upload | None,
        key: str | None,
        if_match: int | None,
        timeout: float | None,
    ) -> T:
        seconds = self._budget(timeout)
        request = self._http.build_request(
            method,
            self._base_url + path,
            params={k: v for k, v in (params or {}).items() if v is not None},
            content=body.content if isinstance(body, Upload) else _json(body),
            headers=self._headers(_content_type(body), key, if_match),
            # `_send` ends the wait. The transport reports a refused connection as a timeout, so
            # that its own would not be told apart.
            timeout=None,
        )
        # Another POST could take effect twice.
        repeatable = method == "GET" or (key is not None and not isinstance(body, Upload))
        until = time.monotonic() + seconds
        pauses = iter(PAUSES_SECONDS if repeatable else ())
        while True:
            try:
                return await self._once(request, answer, until)
            except Lost as error:
                longest = next(pauses, None) if error.repeat else None
                if longest is None:
                    raise
                pause, reason = random.uniform(0, longest), error  # noqa: S311 (no secret depends on it)
            except Later as error:
                if not repeatable:
                    raise
                pause, reason = error.pause_seconds, error
            if time.monotonic() + pause >= until:
                raise reason
            await asyncio.sleep(pause)

    def _budget(self, timeout: float | None) -> float:
        """Return the seconds for all tries. Raises: `Unavailable` when the caller waits no more."""
        own = timeout if timeout is not None else self._patience
        remaining = context.seconds_left()
        if remaining == 0:
            raise Unavailable(
                f"no time remained to call {self.peer}; send the request with more time",
                peer=self.peer,
            )
        return own if remaining is None else min(own, remaining)

    async def _once(self, request: httpx.Request, answer: type[T], until: float) -> T:
        remaining = max(until - time.monotonic(), 0.001)
        request.headers[context.DEADLINE_HEADER] = str(max(int(remaining * 1000), 1))
        try:
            async with self.breaker.guard(FAIR_SHARE * self._patience):
                response = await self._send(request, remaining)
                # An answer that cannot be read is a failure of the peer.
                if response.is_success:
                    return self._parse(answer, response.content)
        except TimeoutError as error:
            raise Lost(self.peer, f"did not answer within {remaining:.1f} s", False) from error
        raise self._refusal(response)

    def _refusal(self, response: httpx.Response) -> Problem:
        """Return the problem of an answer of 400 to 499."""
        problem = _problem(response)
        if response.status_code in LATER_STATUSES or problem.get("code") in LATER_CODES:
            reason = f"asked to try again later ({response.status_code})"
            return Later(self.peer, reason, _pause(response))
        return PeerRefused(self.peer, response.status_code, problem)

    @property
    def _patience(self) -> float:
        """Seconds that a caller without a deadline waits."""
        return self._http.timeout.read or FALLBACK_SECONDS

    async def _send(self, request: httpx.Request, seconds: float) -> httpx.Response:
        """Send a request once. Raises: `TimeoutError`, `Lost`."""
        try:
            async with asyncio.timeout(seconds):
                response = await self._http.send(request)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise Lost(self.peer, f"cannot be reached: {reason}", True) from error
        if (span := context.span.get()) is not None:
            span.set("http.response.status_code", response.status_code)
        if response.status_code >= 500:
            path = f"{request.method} {request.url.path}"
            # A peer that sends Retry-After is overloaded: a second try would add to that.
            repeat = "retry-after" not in response.headers
            words = explanation_of(response)
            raise Lost(self.peer, f"answered {response.status_code} to {path}", repeat, words)
        return response

    def _headers(
        self, content_type: str | None, key: str | None, if_match: int | None
    ) -> dict[str, str]:
        headers = {"Content-Type": content_type} if content_type else {}
        if (request := context.request_id.get()) is not None:
            headers["X-Request-ID"] = request
        if (correlation := context.correlation_id.get()) is not None:
            headers["X-Correlation-ID"] = correlation
        if (trace := context.next_span()) is not None:
            headers["traceparent"] = trace
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = f'"{if_match}"'
        return headers

    def _parse(self, answer: type[T], content: bytes) -> T:
        adapter = self._adapters.get(answer)
        if adapter is None:
            adapter = self._adapters[answer] = TypeAdapter(answer)
        try:
            return adapter.validate_json(content)
        except ValidationError as error:
            raise Unavailable(
                f"{self.peer} sent an answer that cannot be read; use one release of both",
                peer=self.peer,
            ) from error


def _json(body: BaseModel | None) -> str | None:
    return None if body is None else body.model_dump_json()


def _content_type(body: BaseModel | Upload | None) -> str | None:
    if body is None:
        return None
    return body.content_type if isinstance(body, Upload) else "application/json"


def explanation_of(response: httpx.Response) -> str:
    """Return the words of an answer of 500 or more; empty without any."""
    return str(_problem(response).get("detail") or "")


def _problem(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return cast(Mapping[str, Any], document) if isinstance(document, dict) else {}


def _pause(response: httpx.Response) -> float:
    """Return the seconds of Retry-After; the least pause when it names none."""
    header = response.headers.get("retry-after", "")
    return float(header) if header.isdecimal() and len(header) < 6 else LEAST_PAUSE_SECONDS
