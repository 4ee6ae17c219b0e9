"""Structured logs without secrets, and the Prometheus metrics of one app."""

import io
import logging
import os
import re
import sys
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from structlog.typing import Processor

from domain_services.kernel import context

_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SECRET_KEY = re.compile("key|token|secret|password|authorization", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(dsm_[A-Za-z0-9_-]{16,}"  # our own keys
    r"|(?<=://)[^/@\s:]*:[^/@\s]+(?=@)"  # user and password of a URL
    r"|(?i:(?<=bearer )[^\s'\"]+)"
    r"|(?i:(?<=password=)[^\s'\"]+)"
    # PostgreSQL names the row, with what people wrote, up to what SQLAlchemy or the traceback adds.
    r"|(?s:(?<=Failing row contains ).*?(?=\n\[SQL: |\n\nThe above exception|\Z)))"
)
_PLAIN_FIELDS = frozenset({"idempotency_key"})


def _redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for field, value in event.items():
        event[field] = _without_secrets(field, value)
    return event


def _without_secrets(field: str, value: Any) -> Any:
    if _SECRET_KEY.search(field) and field not in _PLAIN_FIELDS:
        return "[redacted]"
    if isinstance(value, dict):
        inner = cast(dict[Any, Any], value)
        return {key: _without_secrets(str(key), item) for key, item in inner.items()}
    if isinstance(value, list | tuple):
        return [_without_secrets("", item) for item in cast(Sequence[Any], value)]
    return _SECRET_TEXT.sub("[redacted]", value) if isinstance(value, str) else value


def _identify(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if (request := context.request_id.get()) is not None:
        event.setdefault("request_id", request)
    if (correlation := context.correlation_id.get()) is not None:
        event.setdefault("correlation_id", correlation)
    # Without a collector the ids of a traceparent lead nowhere.
    if context.tracer.get() is not None and (trace := context.traceparent.get()) is not None:
        event.setdefault("trace_id", trace.split("-")[1])
    return event


class _Log(io.TextIOBase):
    """Standard error of the process. A line that cannot be written is lost, and nothing else."""

    # Without the buffer of `sys.stderr`: what stays there fails again at the end of the process.
    def write(self, text: str) -> int:
        line = text.encode(errors="backslashreplace")
        # None without a standard error.
        with suppress(AttributeError, OSError, ValueError):
            while line:
                line = line[os.write(sys.stderr.fileno(), line) :]
        return len(text)


def configure_logging(level: str) -> None:
    """Send log events to stderr as JSON lines; called once, by a process's entry point."""
    # Warnings of libraries take the same way, so that they too carry ids and no secrets.
    shared: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _identify,
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
        _redact,
        structlog.processors.JSONRenderer(),
    ]
    handler = logging.StreamHandler(_Log())
    formatter = structlog.stdlib.ProcessorFormatter
    handler.setFormatter(
        formatter(foreign_pre_chain=shared, processors=[formatter.remove_processors_meta, *last])
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        # One write a line: processes that share a log do not mix theirs.
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Log())),
    )


class Metrics:
    """Counters of one app."""

    # A registry of its own: all services can run in one process.
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "dsm_http_requests_total",
            "Answered requests",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "dsm_http_request_seconds",
            "Time to the answer",
            ["method", "route"],
            registry=self.registry,
            buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 1, 3),
        )
        self.refused = Counter(
            "dsm_http_refused_total",
            "Requests that no route has seen",
            ["reason"],
            registry=self.registry,
        )
        self.replays = Counter(
            "dsm_idempotent_replays_total",
            "Requests answered as their first was",
            ["route"],
            registry=self.registry,
        )
        # Looking a labelled child up costs more than counting does.
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer; `route` is a template. Unknown methods share one label."""
        known = self._children.get((method, route, status))
        if known is None:
            label = method if method in _METHODS else "other"
            counter = self._requests.labels(label, route, status)
            known = (counter, self._latency.labels(label, route))
            if label == method:
                self._children[method, route, status] = known
        known[0].inc()
        known[1].observe(seconds)
