"""Limits of a request's body: JSON, of one length, neither large nor deep."""

from collections.abc import Mapping

from starlette.types import Message, Receive

from domain_services.kernel.errors import Invalid, NotJson, TooLarge
from domain_services.kernel.web.json_depth import is_deeper

# int() of a header with millions of digits would take seconds.
_MOST_DIGITS = 12


def check_headers(headers: Mapping[bytes, bytes], most_bytes: int) -> None:
    """Check the headers. Raises: `Invalid`, `TooLarge`, `NotJson` before the body is read."""
    declared = headers.get(b"content-length")
    if declared is not None and not declared.isdigit():
        raise Invalid("Content-Length: not a number")
    if declared is not None and (len(declared) > _MOST_DIGITS or int(declared) > most_bytes):
        raise TooLarge(f"the body may have at most {most_bytes} bytes")
    if declared is None and b"transfer-encoding" not in headers:
        return
    if declared is None or int(declared) > 0:
        _require_json(headers.get(b"content-type", b""))


def _require_json(content_type: bytes) -> None:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (
        kind.startswith(b"application/") and kind.endswith(b"+json")
    ):
        raise NotJson("send the body as application/json")


def capped(receive: Receive, most_bytes: int, deepest: int) -> Receive:
    """Wrap `receive` so that it refuses bodies that are too large or nested too deeply."""
    chunks: list[bytes] = []
    received = 0

    async def guarded() -> Message:
        nonlocal received
        message = await receive()
        chunk: bytes = message.get("body", b"")
        # Counted as it arrives: a chunked body declares no length.
        received += len(chunk)
        if received > most_bytes:
            raise TooLarge(f"the body may have at most {most_bytes} bytes")
        is_partial = message.get("more_body", False)
        if is_partial or chunks:
            chunks.append(chunk)
        if not is_partial and is_deeper(b"".join(chunks) if chunks else chunk, deepest):
            raise Invalid(f"the body may be nested at most {deepest} deep")
        return message

    return guarded
