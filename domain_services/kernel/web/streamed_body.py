"""Bodies that a route reads as they arrive: files, which are larger than any JSON may be."""

import asyncio
from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import Message, Receive

from domain_services.kernel.errors import RequestTimeout, TooLarge
from domain_services.kernel.web.body import HungUp

# Of an operation in OpenAPI.
MOST_BYTES_FIELD = "x-most-body-bytes"


def streamed(most_bytes: int, **extra: Any) -> dict[str, Any]:
    """Mark a route whose body is no JSON: `@router.post("/...", **streamed(100_000_000))`.

    `extra` are further fields of the operation in OpenAPI.
    """
    return {"openapi_extra": {MOST_BYTES_FIELD: most_bytes, **extra}}


class StreamedRoutes:
    """Routes of one service that read their bodies as they arrive."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._routes = [
            (route, int(extra[MOST_BYTES_FIELD]))
            for route in routes
            if isinstance(route, APIRoute)
            and MOST_BYTES_FIELD in (extra := route.openapi_extra or {})
        ]

    def most_bytes(self, method: str, path: str) -> int | None:
        """Return the most bytes of a request's body; None for a route that takes JSON."""
        for route, most in self._routes:
            if method in (route.methods or ()) and route.path_regex.match(path) is not None:
                return most
        return None


def bounded(receive: Receive, most_bytes: int, seconds: float) -> Receive:
    """Return a `receive` that ends a body of more than `most_bytes`, or a silence of `seconds`.

    It raises `TooLarge`, `RequestTimeout`, or `HungUp` when the connection ends in the body.
    """
    count, is_partial = 0, True

    async def receive_bounded() -> Message:
        nonlocal count, is_partial
        if not is_partial:
            return await receive()
        try:
            async with asyncio.timeout(seconds):
                message = await receive()
        except TimeoutError:
            raise RequestTimeout(f"no byte of the body arrived within {seconds:.0f} s") from None
        if message["type"] == "http.disconnect":
            raise HungUp
        count += len(message.get("body", b""))
        if count > most_bytes:
            raise TooLarge(f"the body may have at most {most_bytes} bytes")
        is_partial = message.get("more_body", False)
        return message

    return receive_bounded
