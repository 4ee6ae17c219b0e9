"""Limits of a request's body: JSON, of one length, neither large nor deep, and soon there."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import Message, Receive

from domain_services.kernel.errors import Invalid, NotJson, RequestTimeout, TooLarge
from domain_services.kernel.web.admission import Overloaded
from domain_services.kernel.web.json_depth import is_deeper

# Key of a scope, true when the server has the whole body: no clock is needed for what is there.
ARRIVED = "dsm.arrived"
# int() of a header with millions of digits would take seconds.
_MOST_DIGITS = 12


class HungUp(Exception):
    """End of a connection before the body was there; nobody waits for an answer."""


def check_headers(headers: Mapping[bytes, bytes], most_bytes: int) -> bool:
    """Check the headers; True when a body follows.

    Raises: `Invalid`, `TooLarge`, `NotJson` before the body is read.
    """
    length = declared_bytes(headers, most_bytes)
    if length == 0 or (length is None and b"transfer-encoding" not in headers):
        return False
    _require_json(headers.get(b"content-type", b""))
    return True


def declared_bytes(headers: Mapping[bytes, bytes], most_bytes: int) -> int | None:
    """Return the declared length of the body; None without one. Raises: `Invalid`, `TooLarge`."""
    declared = headers.get(b"content-length")
    if declared is None:
        return None
    declared = declared.strip()
    if not declared.isdigit():
        raise Invalid("Content-Length: not a number")
    if len(declared) > _MOST_DIGITS or int(declared) > most_bytes:
        raise TooLarge(f"the body may have at most {most_bytes} bytes")
    return int(declared)


def _require_json(content_type: bytes) -> None:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (
        kind.startswith(b"application/") and kind.endswith(b"+json")
    ):
        raise NotJson("send the body as application/json")


@dataclass
class _Use:
    """Bodies of one caller."""

    reading: int = 0
    bytes: int = 0


class BodyMemory:
    """Memory of the bodies that are read or wait for their turn, shared by callers.

    All hold at most `most_bytes`, and one caller at most half of them and `most_reading_each`
    bodies that have not arrived yet.
    """

    def __init__(self, *, most_bytes: int, most_reading_each: int) -> None:
        self._most_bytes = most_bytes
        self._most_reading_each = most_reading_each
        self._uses: dict[str, _Use] = {}  # as many as there are keys
        self.bytes = 0

    def hold(self, caller: str) -> "HeldBody":
        """Begin to hold a body of `caller`; release it in any case."""
        use = self._uses.get(caller)
        if use is None:
            use = self._uses[caller] = _Use()
        return HeldBody(self, use)

    def add(self, use: _Use, count: int) -> None:
        """Hold more bytes. Raises: `Overloaded` when the caller or all callers hold too many."""
        if use.bytes + count > self._most_bytes // 2 or self.bytes + count > self._most_bytes:
            raise Overloaded("too many bytes of other requests are waiting; try again later")
        use.bytes += count
        self.bytes += count

    def begin(self, use: _Use) -> None:
        """Begin to wait for a body. Raises: `Overloaded` when the caller has too many."""
        if use.reading >= self._most_reading_each:
            raise Overloaded("too many of your requests wait for their bodies; send these first")
        use.reading += 1

    def release(self, use: _Use, count: int) -> None:
        """Let go of a body."""
        use.bytes -= count
        self.bytes -= count


class HeldBody:
    """Body of one request in memory."""

    def __init__(self, memory: BodyMemory, use: _Use) -> None:
        self._memory = memory
        self._use = use
        self._bytes = 0

    def release(self) -> None:
        """Let go of the body."""
        self._memory.release(self._use, self._bytes)
        self._bytes = 0

    async def read(
        self, receive: Receive, *, most_bytes: int, deepest: int, seconds: float | None
    ) -> Receive:
        """Read the whole body, and return a `receive` that gives it to the app.

        `seconds` is None for a body that is there. Raises: `TooLarge`, `Invalid` for deep JSON,
        `RequestTimeout` after `seconds`, `Overloaded` when too many bodies are held, `HungUp`.
        """
        self._memory.begin(self._use)
        try:
            if seconds is None:
                body = await self._collect(receive, most_bytes)
            else:
                async with asyncio.timeout(seconds):
                    body = await self._collect(receive, most_bytes)
        except TimeoutError:
            raise RequestTimeout(f"the body was not there within {seconds:.1f} s") from None
        finally:
            self._use.reading -= 1
        if is_deeper(body, deepest):
            raise Invalid(f"the body may be nested at most {deepest} deep")
        message: Message | None = {"type": "http.request", "body": body, "more_body": False}

        async def replay() -> Message:
            nonlocal message
            if message is None:
                return await receive()
            first, message = message, None
            return first

        return replay

    async def _collect(self, receive: Receive, most_bytes: int) -> bytes:
        collected: bytearray | None = None
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            chunk: bytes = message.get("body", b"")
            # Counted as it arrives: a chunked body declares no length.
            self._bytes += len(chunk)
            if self._bytes > most_bytes:
                self._bytes -= len(chunk)
                raise TooLarge(f"the body may have at most {most_bytes} bytes")
            self._add(len(chunk))
            is_partial = message.get("more_body", False)
            if collected is None and not is_partial:
                return chunk
            collected = bytearray() if collected is None else collected
            collected += chunk
            if not is_partial:
                return bytes(collected)

    def _add(self, count: int) -> None:
        try:
            self._memory.add(self._use, count)
        except Overloaded:
            self._bytes -= count
            raise
