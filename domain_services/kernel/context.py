"""Context of a request: its ids and deadline, passed on to calls, events and log lines."""

import os
import re
import time
from contextvars import ContextVar

request_id: ContextVar[str | None] = ContextVar("dsm_request_id", default=None)
correlation_id: ContextVar[str | None] = ContextVar("dsm_correlation_id", default=None)
# A W3C traceparent: "00-<trace id>-<span id>-<flags>".
traceparent: ContextVar[str | None] = ContextVar("dsm_traceparent", default=None)
# On the clock of `time.monotonic`, in seconds; None for work that nobody waits for.
deadline: ContextVar[float | None] = ContextVar("dsm_deadline", default=None)

# Carries the milliseconds that the caller still waits: docs/adr/0054-deadlines.md.
DEADLINE_HEADER = "X-Request-Timeout-Ms"
_TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def seconds_left() -> float | None:
    """Return the seconds that the caller still waits, 0 after that; None when nobody waits."""
    until = deadline.get()
    return None if until is None else max(until - time.monotonic(), 0.0)


def trace_of(header: str | None) -> str:
    """Return the caller's traceparent when it is valid, else a new trace that is not sampled."""
    if header is not None and _TRACEPARENT.fullmatch(header):
        return header
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"


def next_span() -> str | None:
    """Return the traceparent for a call or an event of this request; None outside of one."""
    present = traceparent.get()
    if present is None:
        return None
    return f"{present[:36]}{os.urandom(8).hex()}{present[52:]}"
