"""Spans of requests, in the semantic conventions for HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Scope

from domain_services.kernel import context, tracing


@contextmanager
def serving(tracer: tracing.Tracer, scope: Scope, header: str | None) -> Iterator[tracing.Span]:
    """Make a span of a request; `header` is the traceparent that its caller sent."""
    attributes = {"http.request.method": scope["method"], "url.scheme": scope.get("scheme", "http")}
    parent = header if context.is_trace(header) else None
    with tracing.spanning(tracer, scope["method"], "server", attributes, parent=parent) as span:
        yield span


def answered(span: tracing.Span, scope: Scope, status: int) -> None:
    """Complete the span of a request that has its answer."""
    route = getattr(scope.get("route"), "path_format", None)
    if route is not None:
        span.rename(f"{scope['method']} {route}")
        span.set("http.route", route)
        # The path as its template: ids of people stay out of traces.
        span.set("url.path", route)
    span.set("http.response.status_code", status)
    if status >= 500:
        span.fail(str(status))
