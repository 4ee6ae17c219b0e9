"""One request and its answer, between the edge and the server."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.types import Message, Scope, Send

from domain_services.kernel.web.draining import CLOSE, Draining
from domain_services.kernel.web.methods import allowed


@dataclass
class Exchange:
    """One request and its answer."""

    scope: Scope
    """Scope that routes see: its method is GET for HEAD."""
    method: str
    """Method that the caller sent."""
    send: Send
    request_id: str
    draining: Draining
    started: float = field(default_factory=time.perf_counter)
    """Reading of the performance counter in seconds."""
    status: int = 0
    """HTTP status of the answer; 0 until it begins."""

    async def answer(self, message: Message) -> None:
        """Send a part of the answer, with the request's id in its headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", self.request_id.encode())]
            if self.status == 405:
                headers = _with_allow(headers, allowed(self.scope))
            message["headers"] = [*headers, CLOSE] if self.draining.begun else headers
        elif self.method == "HEAD":
            message["body"] = b""
        await self.send(message)

    async def respond(
        self,
        status: int,
        media_type: bytes,
        body: bytes,
        more_headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        """Send a whole answer that no route has made."""
        headers = [(b"content-type", media_type), *more_headers]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.answer({"type": "http.response.start", "status": status, "headers": headers})
        await self.answer({"type": "http.response.body", "body": body})

    async def answer_options(self) -> bool:
        """Answer OPTIONS with the methods of the address; False for an unknown address."""
        allow = allowed(self.scope)
        if allow is None:
            return False
        headers = [(b"allow", allow)]
        await self.answer({"type": "http.response.start", "status": 204, "headers": headers})
        await self.answer({"type": "http.response.body", "body": b""})
        return True

    @property
    def caller(self) -> str | None:
        """Name of the caller's key; None before it is known, and for the pages of /docs."""
        identity = self.scope.get("dsm.identity")
        return identity.name if identity else None

    @property
    def log_fields(self) -> dict[str, object]:
        """Fields of a log line about the request."""
        return {
            "method": self.method,
            "route": getattr(self.scope.get("route"), "path_format", None),
            "status": self.status or None,
            "caller": self.caller,
        }


def _with_allow(
    headers: Iterable[tuple[bytes, bytes]], allow: bytes | None
) -> list[tuple[bytes, bytes]]:
    """Replace the Allow header: a router names the methods of the first route alone."""
    if allow is None:
        return list(headers)
    return [*((name, value) for name, value in headers if name != b"allow"), (b"allow", allow)]
