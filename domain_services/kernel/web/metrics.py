"""Metrics collector: reads the state of an app's parts when Prometheus asks."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.datastructures import State

from domain_services.kernel.background import Background
from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.database.pool import CheckedPool, PoolUse
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.web.admission import Admission

_BREAKER = {"closed": 0, "half_open": 1, "open": 2}


class StateCollector(Collector):
    """Reads the parts that an app's state has, and what was measured when Prometheus asked."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _get(self, name: str) -> Any:
        return getattr(self._state, name, None)

    def collect(self) -> Iterator[Metric]:
        if (database := self._get("database")) is not None:
            # `pools` are those that an app has beside its database's.
            others: Mapping[str, CheckedPool] = self._get("pools") or {}
            yield from _connections(
                database.uses | {name: pool.use for name, pool in others.items()}
            )
        if peers := self._get("peers"):
            yield _breakers(peers)
        if consumers := self._get("consumers"):
            yield _inbox(consumers)
        if (relay := self._get("relay")) is not None:
            yield _sent(relay)
        if (retention := self._get("retention")) is not None:
            yield _deleted(retention)
        if (background := self._get("background")) is not None:
            yield from _background(background)
        yield from self._get("measured") or ()


def _connections(uses: Mapping[str, PoolUse]) -> Iterator[Metric]:
    used = GaugeMetricFamily(
        "dsm_db_connections_used", "Database connections in use", labels=["pool"]
    )
    limit = GaugeMetricFamily(
        "dsm_db_connections_limit", "Database connections there may be", labels=["pool"]
    )
    for name, use in uses.items():
        used.add_metric([name], use.used)
        limit.add_metric([name], use.limit)
    yield from (used, limit)


def _breakers(peers: Iterable[ServiceClient]) -> Metric:
    states = GaugeMetricFamily(
        "dsm_breaker_state", "0 closed, 1 half open, 2 open", labels=["peer"]
    )
    for peer in peers:
        states.add_metric([peer.peer], _BREAKER[peer.breaker.state])
    return states


def _inbox(consumers: Iterable[Consumer]) -> Metric:
    events = CounterMetricFamily(
        "dsm_inbox_events", "What became of events", labels=["stream", "group", "outcome"]
    )
    for consumer in consumers:
        for outcome, count in consumer.outcomes.items():
            events.add_metric([consumer.stream, consumer.group, outcome], count)
    return events


def _sent(relay: Relay) -> Metric:
    return CounterMetricFamily("dsm_outbox_sent", "Events sent, repeated ones too", relay.sent)


def _deleted(retention: Retention) -> Metric:
    rows = CounterMetricFamily(
        "dsm_retention_deleted", "Ended rows that retention has deleted", labels=["table"]
    )
    for table, count in retention.deleted.items():
        rows.add_metric([table], count)
    return rows


def _background(background: Background) -> Iterator[Metric]:
    up = GaugeMetricFamily(
        "dsm_background_up", "1 while a loop runs and its last round was good", labels=["loop"]
    )
    restarts = CounterMetricFamily(
        "dsm_background_restarts", "Failed rounds after which a loop went on", labels=["loop"]
    )
    success = GaugeMetricFamily(
        "dsm_background_last_success_seconds",
        "Unix time of a loop's last good round",
        labels=["loop"],
    )
    for loop in background.loops:
        up.add_metric([loop.name], loop.state == "ok")
        restarts.add_metric([loop.name], loop.restarts)
        if loop.last_success is not None:
            success.add_metric([loop.name], loop.last_success)
    yield from (up, restarts, success)


def watch_admission(registry: CollectorRegistry, admission: Admission) -> None:
    """Show how many requests run and wait."""
    for name, read in (
        ("running", lambda: admission.running),
        ("waiting", lambda: admission.waiting),
    ):
        gauge = Gauge(f"dsm_http_requests_{name}", f"Requests {name}", registry=registry)
        gauge.set_function(read)
