"""Spans of requests, calls, events and nodes, for an OpenTelemetry collector.

Without OTEL_EXPORTER_OTLP_ENDPOINT there is no tracer: nothing is imported, and who could make a
span asks one context variable and goes on. See docs/adr/0112-traces.md.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal, Protocol

from domain_services.kernel import context

Kind = Literal["server", "client", "producer", "consumer", "internal"]
Value = str | int | float | bool
ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class TracesNotInstalled(RuntimeError):
    """Refusal to start with a collector and without the packages that send to it."""


class Span(Protocol):
    """A span that has begun."""

    traceparent: str
    """The span as a W3C traceparent, for what it causes."""

    def rename(self, name: str) -> None:
        """Change the name."""
        ...

    def set(self, name: str, value: Value) -> None:
        """Set an attribute; never a text that a person wrote, never a secret."""
        ...

    def fail(self, kind: str) -> None:
        """Mark it as failed; `kind` is a status or the name of an error's class."""
        ...

    def end(self) -> None:
        """End it."""
        ...


class Tracer(Protocol):
    """Maker of one service's spans."""

    def start(
        self,
        name: str,
        kind: Kind,
        attributes: Mapping[str, Value],
        *,
        parent: str | None,
        linked: bool,
    ) -> Span:
        """Begin a span; None as its parent begins a trace. `linked` links it to its parent too."""
        ...

    async def close(self) -> None:
        """Send what is left, for at most two seconds."""
        ...


def open_tracer(service: str) -> Tracer | None:
    """Open the tracer of a service; None when no collector is set. Raises: `TracesNotInstalled`."""
    if not any(map(os.environ.get, ENDPOINTS)):
        return None
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    try:
        from domain_services.kernel.tracing_export import open_exporting_tracer
    except ImportError as error:
        raise TracesNotInstalled(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and the packages for traces are not installed;"
            " install the extra `otel`, or unset it"
        ) from error
    return open_exporting_tracer(service)


@contextmanager
def spanning(
    by: Tracer,
    name: str,
    kind: Kind,
    attributes: Mapping[str, Value],
    *,
    parent: str | None,
    linked: bool = False,
) -> Iterator[Span]:
    """Make a span of the block: what happens inside belongs to it."""
    span = by.start(name, kind, attributes, parent=parent, linked=linked)
    trace, own = context.traceparent.set(span.traceparent), context.tracer.set(by)
    innermost = context.span.set(span)
    try:
        yield span
    except BaseException as error:
        # The message may hold what people wrote; the class tells enough.
        span.fail(type(error).__name__)
        raise
    finally:
        context.traceparent.reset(trace)
        context.tracer.reset(own)
        context.span.reset(innermost)
        span.end()


def rooted(name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[object]:
    """Begin a trace of the block, for work that no request asked for; nothing without a tracer."""
    tracer: Tracer | None = context.tracer.get()
    if tracer is None:
        return nullcontext()
    return spanning(tracer, name, "internal", attributes, parent=None)


def inside(name: str, attributes: Mapping[str, Value]) -> AbstractContextManager[object]:
    """Make a span of the block below the current one; nothing without a tracer."""
    tracer: Tracer | None = context.tracer.get()
    if tracer is None:
        return nullcontext()
    return spanning(tracer, name, "internal", attributes, parent=context.traceparent.get())
