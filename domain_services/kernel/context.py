"""Context of a request: its ids and deadline, passed on to calls, events and log lines."""

import os
import re
import time
from contextvars import ContextVar
from typing import Any, TypeGuard

request_id: ContextVar[str | None] = ContextVar("dsm_request_id", default=None)
correlation_id: ContextVar[str | None] = ContextVar("dsm_correlation_id", default=None)
# A W3C traceparent: "00-<trace id>-<span id>-<flags>".
traceparent: ContextVar[str | None] = ContextVar("dsm_traceparent", default=None)
# Makes the spans of the present service (`tracing.Tracer`); None without a collector.
tracer: ContextVar[Any] = ContextVar("dsm_tracer", default=None)
# The innermost span (`tracing.Span`); None without a collector.
span: ContextVar[Any] = ContextVar("dsm_span", default=None)
# On the clock of `time.monotonic`, in seconds; None for work that nobody waits for.
deadline: ContextVar[float | None] = ContextVar("dsm_deadline", default=None)

# Carries the milliseconds that the caller still waits: docs/adr/0054-deadlines.md.
DEADLINE_HEADER = "X-Request-Timeout-Ms"
_TRACEPARENT = re.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def seconds_left() -> float | None:
    """Return the seconds that the caller still waits, 0 after that; None when nobody waits."""
    until = deadline.get()
    return None if until is None else max(until - time.monotonic(), 0.0)


def is_trace(header: str | None) -> TypeGuard[str]:
    """Tell whether a header is a valid traceparent."""
    return header is not None and _TRACEPARENT.fullmatch(header) is not None


def trace_of(header: str | None) -> str:
    """Return the caller's traceparent when it is valid, else a new trace that is not sampled."""
    if is_trace(header):
        return header
    return f"00-{os.urandom(16).hex()}-{os.urandom(8).hex()}-00"


def next_span() -> str | None:
    """Return the traceparent for a call or an event of this request; None outside of one."""
    present = traceparent.get()
    # A span of a collector is what its calls and events belong to.
    if present is None or tracer.get() is not None:
        return present
    return f"{present[:36]}{os.urandom(8).hex()}{present[52:]}"
