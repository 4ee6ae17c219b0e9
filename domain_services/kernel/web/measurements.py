"""Measurements that cost a query or a call: made when Prometheus asks, by every reading at once."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import text
from starlette.datastructures import State

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging import deliveries
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.web.health import CHECK_SECONDS, Checks, probe

logger = structlog.get_logger()

Reading = Callable[[], Awaitable[Iterable[Metric]]]
"""Asks a store or a peer, and returns what it shows. `app.state.readings` holds an app's own."""

_SERVER = text(
    """
    SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int,
           current_setting('max_connections')::int
    """
)


async def measure(state: State) -> None:
    """Make every reading of an app, into `state.measured`; one that fails is left out."""
    readings = [*_of_kernel(state), *getattr(state, "readings", ())]
    results = await asyncio.gather(*(_attempt(reading) for reading in readings))
    state.measured = [metric for metrics in results for metric in metrics]


async def _attempt(reading: Reading) -> list[Metric]:
    try:
        async with asyncio.timeout(2 * CHECK_SECONDS):
            return list(await reading())
    except Exception as error:
        logger.warning("metrics.not_measured", error=f"{type(error).__name__}: {error}")
        return []


def _of_kernel(state: State) -> Iterator[Reading]:
    yield lambda: _dependencies(state.checks)
    database: Database | None = getattr(state, "database", None)
    if database is None:
        return
    yield lambda: _server_connections(database)
    relay: Relay | None = getattr(state, "relay", None)
    if relay is not None:
        yield lambda: _outbox(relay)
    consumers: Sequence[Consumer] = getattr(state, "consumers", ())
    if consumers:
        yield lambda: _dead_letters(database)
        yield lambda: _behind(consumers)
    if getattr(state, "delivers", False):
        yield lambda: _deliveries(database)


async def _dependencies(checks: Checks) -> Iterable[Metric]:
    own = {"database": checks.database, "redis": checks.redis, **checks.external_apis}
    named = {name: check for name, check in own.items() if check is not None}
    answers = await asyncio.gather(*(probe(check) for check in named.values()))
    up = GaugeMetricFamily(
        "dsm_dependency_up", "1 when a dependency responds, 0 when not", labels=["dependency"]
    )
    for name, answer in zip(named, answers, strict=True):
        up.add_metric([name], answer == "ok")
    return [up]


async def _server_connections(database: Database) -> Iterable[Metric]:
    async with database.reading() as connection:
        used, limit = (await connection.execute(_SERVER)).one()
    return [
        GaugeMetricFamily(
            "dsm_db_server_connections_used", "Connections that PostgreSQL has given out", used
        ),
        GaugeMetricFamily(
            "dsm_db_server_connections_limit", "Connections that it gives out at most", limit
        ),
    ]


async def _outbox(relay: Relay) -> Iterable[Metric]:
    events = await relay.open_events()
    return [
        GaugeMetricFamily("dsm_outbox_open_rows", "Events that are not confirmed", events.rows),
        GaugeMetricFamily(
            "dsm_outbox_oldest_seconds",
            "Age of the oldest of them, 0 without",
            events.oldest_seconds,
        ),
    ]


async def _behind(consumers: Iterable[Consumer]) -> Iterable[Metric]:
    labels = ["stream", "group"]
    unread = GaugeMetricFamily("dsm_inbox_unread_entries", "Entries not yet read", labels=labels)
    pending = GaugeMetricFamily(
        "dsm_inbox_pending_entries", "Entries read and not yet finished", labels=labels
    )
    for consumer in consumers:
        behind = await consumer.behind()
        # Redis 6.2 does not count them.
        if behind.unread is not None:
            unread.add_metric([consumer.stream, consumer.group], behind.unread)
        pending.add_metric([consumer.stream, consumer.group], behind.pending)
    return [unread, pending]


async def _dead_letters(database: Database) -> Iterable[Metric]:
    async with database.reading() as connection:
        count = await dead_letters.count_open(connection)
    return [
        GaugeMetricFamily("dsm_dead_letters", "Events that failed and wait for an admin", count)
    ]


async def _deliveries(database: Database) -> Iterable[Metric]:
    async with database.reading() as connection:
        owed = await deliveries.owed(connection)
    return [
        GaugeMetricFamily(
            "dsm_deliveries_open_rows", "Records that a peer has not accepted yet", owed.rows
        ),
        GaugeMetricFamily(
            "dsm_deliveries_oldest_seconds", "Age of the oldest, 0 without", owed.oldest_seconds
        ),
    ]
