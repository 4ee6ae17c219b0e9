"""What an app's parts know of themselves, read when Prometheus asks and not before."""

from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool
from starlette.datastructures import State

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.outbox import Relay

logger = structlog.get_logger()

_BREAKER = {"closed": 0, "half_open": 1, "open": 2}


class StateCollector(Collector):
    """Reads `database`, `peers`, `consumers` and `relay` of an app's state, those that are set."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _get(self, name: str) -> Any:
        return getattr(self._state, name, None)

    def collect(self) -> Iterator[Metric]:
        if (database := self._get("database")) is not None:
            yield from _connections(database)
        if peers := self._get("peers"):
            yield _breakers(peers)
        if consumers := self._get("consumers"):
            yield _inbox(consumers)
        if (relay := self._get("relay")) is not None:
            yield from _outbox(relay)


async def refresh(state: State) -> None:
    """Ask the database what is owed; a scrape does not fail for it."""
    relay: Relay | None = getattr(state, "relay", None)
    if relay is None:
        return
    try:
        await relay.measure()
    except (SQLAlchemyError, OSError) as error:
        relay.owed = None
        logger.warning("metrics.not_measured", error=str(error))


def _connections(database: Database) -> Iterator[Metric]:
    pool = database.engine.pool
    if not isinstance(pool, QueuePool):
        return
    used = GaugeMetricFamily("dsm_db_connections_used", "Database connections in use")
    used.add_metric([], pool.checkedout())
    yield used
    size = GaugeMetricFamily("dsm_db_connections_limit", "Database connections there may be")
    size.add_metric([], pool.size())
    yield size


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


def _outbox(relay: Relay) -> Iterator[Metric]:
    sent = CounterMetricFamily("dsm_outbox_sent", "Events sent, repeated ones too")
    sent.add_metric([], relay.sent)
    yield sent
    if relay.owed is None:
        return
    rows = GaugeMetricFamily("dsm_outbox_open_rows", "Events that are not confirmed")
    rows.add_metric([], relay.owed.rows)
    yield rows
    age = GaugeMetricFamily("dsm_outbox_oldest_seconds", "Age of the oldest of them, 0 without")
    age.add_metric([], relay.owed.oldest_seconds)
    yield age
