"""Tracer that sends spans to a collector by OTLP over HTTP; imported only when one is set."""

import asyncio
import logging
import socket
import threading
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from domain_services.kernel.tracing import Kind, Value

logger = structlog.get_logger()

CLOSE_SECONDS = 2.0
_KINDS = {
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
    "internal": trace.SpanKind.INTERNAL,
}


class QuietExporter(SpanExporter):
    """Exporter that logs the first failure of an outage and its end, and nothing in between."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans; those that cannot be sent are dropped."""
        try:
            result = self._exporter.export(spans)
        except Exception:
            result = SpanExportResult.FAILURE
        failed = result is not SpanExportResult.SUCCESS
        if failed != self._is_failing:
            self._is_failing = failed
            if failed:
                logger.warning("traces.not_exported", spans=len(spans))
            else:
                logger.info("traces.exported_again")
        return result

    def shutdown(self) -> None:
        """Close the connection to the collector."""
        self._exporter.shutdown()


class ExportedSpan:
    """A span of OpenTelemetry behind the kernel's words."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        ids = span.get_span_context()
        self.traceparent = f"00-{ids.trace_id:032x}-{ids.span_id:016x}-{ids.trace_flags:02x}"

    def rename(self, name: str) -> None:
        """Change the name."""
        self._span.update_name(name)

    def set(self, name: str, value: Value) -> None:
        """Set an attribute."""
        self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """Mark it as failed."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(trace.StatusCode.ERROR)

    def end(self) -> None:
        """End it; a full queue drops it."""
        self._span.end()


class ExportingTracer:
    """Tracer of one service, with a queue and a thread of its own."""

    def __init__(self, service: str, exporter: SpanExporter) -> None:
        facts = {
            "service.name": service,
            "service.namespace": "dsm",
            "service.version": version("digital-scrum-master"),
            "service.instance.id": socket.gethostname(),
        }
        # The sampler is the one that OTEL_TRACES_SAMPLER names.
        self._provider = TracerProvider(resource=Resource.create(facts), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(QuietExporter(exporter)))
        self._tracer = self._provider.get_tracer("dsm")

    def start(
        self,
        name: str,
        kind: Kind,
        attributes: Mapping[str, Value],
        *,
        parent: str | None,
        linked: bool,
    ) -> ExportedSpan:
        """Begin a span."""
        surrounding, links = Context(), list[trace.Link]()
        if parent is not None:
            cause = _span_context(parent)
            surrounding = trace.set_span_in_context(trace.NonRecordingSpan(cause), surrounding)
            links = [trace.Link(cause)] if linked else []
        return ExportedSpan(
            self._tracer.start_span(
                name,
                surrounding,
                kind=_KINDS[kind],
                attributes=attributes,
                links=links,
                record_exception=False,
                set_status_on_exception=False,
            )
        )

    async def close(self) -> None:
        """Send what is left; a collector that does not respond delays a leave by two seconds."""
        thread = threading.Thread(target=self._provider.shutdown, daemon=True)
        thread.start()
        await asyncio.to_thread(thread.join, CLOSE_SECONDS)


def _span_context(traceparent: str) -> trace.SpanContext:
    _, trace_id, span_id, flags = traceparent.split("-")
    return trace.SpanContext(
        int(trace_id, 16), int(span_id, 16), True, trace.TraceFlags(int(flags, 16))
    )


def open_exporting_tracer(service: str) -> ExportingTracer:
    """Open a tracer whose collector is the one that the environment names."""
    # It logs each try of a dead collector. QuietExporter logs an outage once.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL + 1)
    return ExportingTracer(service, OTLPSpanExporter())
