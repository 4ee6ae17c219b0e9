"""What follows a request through calls, events and log lines: its ids, and the time it has left."""

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

DEADLINE_HEADER = "X-Request-Timeout-Ms"  # what the caller still waits
_TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def seconds_left() -> float | None:
    """How long the caller still waits, 0 when it does not; None when nobody waits."""
    until = deadline.get()
    return None if until is None else max(until - time.monotonic(), 0.0)


def trace_of(given: str | None) -> str:
    """A caller's traceparent when it is one; else the beginning of a new trace, not sampled."""
    if given is not None and _TRACEPARENT.fullmatch(given):
        return given
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"


def next_span() -> str | None:
    """The traceparent for a call or an event of this request; None outside of one."""
    present = traceparent.get()
    if present is None:
        return None
    return f"{present[:36]}{os.urandom(8).hex()}{present[52:]}"
