"""Outbox: events stored with the change that caused them, and sent until consumers confirm them.

A row is written in the producer's transaction. The relay, woken by NOTIFY, sends it to its stream.
A row is closed when every group that its event names has confirmed the effect.
"""

# Sending is not enough, because Redis can lose what it has accepted:
# docs/adr/0007-outbox-confirmation.md.

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from redis.asyncio import Redis
from sqlalchemy import BigInteger, Column, DateTime, Identity, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.urls import plain_url
from domain_services.kernel.messaging.envelope import (
    Envelope,
    PublishedEvent,
    confirmations_key,
    wrap,
)
from domain_services.kernel.messaging.redis import REDIS_FAILURES
from domain_services.kernel.messaging.trimming import KEEP_DAYS, Readers, trimming
from domain_services.kernel.tracing import Value, spanning

CHANNEL = "dsm_outbox"
REPUBLISH_AFTER_SECONDS = 5
# Times REPUBLISH_AFTER_SECONDS. A consumer that is away for days must not fill its stream.
MAX_REPUBLISH_FACTOR = 12
IDLE_SECONDS = 1.0
LISTEN_SECONDS = 60.0
BATCH = 200

_CLAIM = text(
    """
    SELECT id, event_id, stream, payload FROM outbox
    WHERE closed_at IS NULL
      AND (published_at IS NULL
           OR published_at < now() - least(
               greatest(published_at - created_at, make_interval(secs => :republish_after)),
               make_interval(secs => :at_latest)))
    ORDER BY id LIMIT :batch FOR UPDATE SKIP LOCKED
    """
)
_SENT = text(
    """
    UPDATE outbox SET published_at = now(),
           closed_at = CASE WHEN awaiting = '{}' THEN now() END
    WHERE id = ANY(:ids)
    """
)
# In one order: two replicas that confirm the same events in different ones would deadlock.
_LOCK = text(
    """
    SELECT id FROM outbox
    WHERE event_id = ANY(CAST(:event_ids AS uuid[])) AND closed_at IS NULL
    ORDER BY id FOR UPDATE
    """
)
_CONFIRM = text(
    """
    UPDATE outbox SET awaiting = array_remove(awaiting, :group),
           closed_at = CASE WHEN array_remove(awaiting, :group) = '{}' THEN now() END
    WHERE event_id = ANY(CAST(:event_ids AS uuid[])) AND closed_at IS NULL
    """
)
_OPEN = text(
    """
    SELECT count(*) AS rows,
           coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest_seconds
    FROM outbox WHERE closed_at IS NULL
    """
)
_APPEND = text(
    """
    WITH row AS (
        INSERT INTO outbox (event_id, stream, payload, awaiting)
        SELECT (e->>'event_id')::uuid, :stream, e,
               ARRAY(SELECT jsonb_array_elements_text(
                   CAST(:confirmed_by AS jsonb) -> (e->>'event_type')))
        FROM jsonb_array_elements(CAST(:events AS jsonb)) AS e
        RETURNING 1)
    SELECT pg_notify('dsm_outbox', '') FROM row LIMIT 1
    """
)


def table(metadata: MetaData) -> Table:
    """Make the outbox table of one service."""
    return Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(), primary_key=True),
        Column("event_id", UUID(as_uuid=True), nullable=False, unique=True),
        Column("stream", Text, nullable=False),
        Column("payload", JSONB, nullable=False),
        Column("awaiting", ARRAY(Text), nullable=False),
        Column("created_at", DateTime(timezone=True), server_default=text("now()")),
        Column("published_at", DateTime(timezone=True)),
        Column("closed_at", DateTime(timezone=True)),
    )


MIGRATION = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    stream text NOT NULL,
    payload jsonb NOT NULL,
    awaiting text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    closed_at timestamptz
);
CREATE INDEX outbox_open ON outbox (id) WHERE closed_at IS NULL;
"""


async def append(
    connection: AsyncConnection, events: Iterable[PublishedEvent], *, source: str
) -> list[Envelope]:
    """Publish `events` of the service `source` and return their envelopes.

    They exist exactly when the caller's transaction commits.
    """
    by_stream: dict[str, list[PublishedEvent]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event)
    appended: list[Envelope] = []
    for stream, published in by_stream.items():
        envelopes = _wrapped(stream, published, source)
        documents = [envelope.model_dump(mode="json") for envelope in envelopes]
        confirmed_by = {event.event_type: event.confirmed_by for event in published}
        values = {
            "stream": stream,
            "events": orjson.dumps(documents).decode(),
            "confirmed_by": orjson.dumps(confirmed_by).decode(),
        }
        await connection.execute(_APPEND, values)
        appended += envelopes
    return appended


def _wrapped(stream: str, events: list[PublishedEvent], source: str) -> list[Envelope]:
    tracer = context.tracer.get()
    if tracer is None:
        return [wrap(event, source=source) for event in events]
    # One span for the events of one change: each envelope carries it to its consumers.
    attributes: dict[str, Value] = {
        "messaging.system": "redis",
        "messaging.destination.name": stream,
        "messaging.operation.name": "send",
        "messaging.operation.type": "create",
        "messaging.batch.message_count": len(events),
    }
    parent = context.traceparent.get()
    with spanning(tracer, f"send {stream}", "producer", attributes, parent=parent):
        return [wrap(event, source=source) for event in events]


@contextmanager
def _publishing(events: Sequence[tuple[str, Envelope]]) -> Iterator[None]:
    """Make a span of each event's way into its stream, caused by the span that stored it."""
    tracer = context.tracer.get()
    if tracer is None:
        yield
        return
    with ExitStack() as spans:
        for stream, event in events:
            cause = event.metadata.traceparent
            # An event that was stored while no collector was set belongs to no trace.
            if not context.is_trace(cause):
                continue
            attributes: dict[str, Value] = {
                "messaging.system": "redis",
                "messaging.destination.name": stream,
                "messaging.operation.name": "publish",
                "messaging.operation.type": "send",
                "messaging.message.id": str(event.event_id),
            }
            name = f"publish {stream}"
            spans.enter_context(spanning(tracer, name, "producer", attributes, parent=cause))
        yield


@dataclass(frozen=True)
class OpenEvents:
    """Events that are not confirmed."""

    rows: int
    oldest_seconds: float
    """Age of the oldest in seconds; 0 without any."""


class Relay:
    """Relay of one service's outbox: sends events, reads confirmations, trims streams.

    `readers` are the groups that must have read an entry before it may be trimmed, which is
    `keep_days` after it was sent.
    """

    def __init__(
        self,
        database: Database,
        redis: Redis,
        service: str,
        readers: Readers,
        *,
        keep_days: float = KEEP_DAYS,
    ) -> None:
        self._keep_days = keep_days
        self._database = database
        self._redis = redis
        self._readers = readers
        self._confirmations = confirmations_key(service)
        self._wake = asyncio.Event()
        self.trouble: str | None = None
        """Reason why events are delayed; None while they flow."""
        self.sent = 0
        """Events sent since the start, repeated ones included."""

    def loops(self) -> tuple[Loop, ...]:
        """Return the loops that listen, send, take confirmations and trim."""
        return (
            every(0, self._listen, name="outbox listen"),
            # Each second also without a NOTIFY: a confirmation may be overdue.
            every(IDLE_SECONDS, self._send, name="outbox send", wake=self._wake),
            every(0, self._take_confirmations, name="outbox confirmations"),
            trimming(self._redis, self._readers, keep_days=self._keep_days),
        )

    async def _listen(self) -> None:
        """Wake the sender at each NOTIFY, for a while.

        A round ends after LISTEN_SECONDS, so that a server that fell silent is connected to again.
        """
        url = plain_url(self._database.direct_url)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self._wake.set()
            async for _ in connection.notifies(timeout=LISTEN_SECONDS):
                self._wake.set()

    async def _send(self) -> bool:
        """Send one batch; True when it was full."""
        with self._reporting():
            return await self.send_batch() == BATCH

    async def send_batch(self) -> int:
        """Send what is due, oldest first; return the number of rows.

        An unconfirmed row is due again after 5 s, then whenever its age has doubled, at least each
        minute.
        """
        async with self._database.transaction() as connection:
            after = REPUBLISH_AFTER_SECONDS
            due = {"republish_after": after, "at_latest": MAX_REPUBLISH_FACTOR * after}
            rows = (await connection.execute(_CLAIM, due | {"batch": BATCH})).all()
            if not rows:
                return 0
            events = [(row.stream, Envelope(**row.payload)) for row in rows]
            with _publishing(events):
                async with self._redis.pipeline(transaction=False) as pipe:
                    for stream, event in events:
                        pipe.xadd(stream, {"event": event.model_dump_json()})
                    await pipe.execute()
            await connection.execute(_SENT, {"ids": [row.id for row in rows]})
        self.sent += len(rows)
        return len(rows)

    async def open_events(self) -> OpenEvents:
        """Count the events that are not confirmed."""
        async with self._database.reading() as connection:
            row = (await connection.execute(_OPEN)).one()
        return OpenEvents(row.rows, row.oldest_seconds)

    async def _take_confirmations(self) -> None:
        with self._reporting():
            first: Any = await self._redis.blpop([self._confirmations], timeout=IDLE_SECONDS)
            self.trouble = None
            if first is None:
                return
            more: Any = await self._redis.lpop(self._confirmations, BATCH) or []
            await self.confirm([first[1], *more])

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        """Keep the reason of a failure in `trouble`, for the warnings of requests."""
        try:
            yield
        except (SQLAlchemyError, *REDIS_FAILURES) as error:
            self.trouble = "events are delayed: " + (
                "the database failed"
                if isinstance(error, SQLAlchemyError)
                else "Redis does not answer"
            )
            raise

    async def confirm(self, entries: Iterable[bytes]) -> None:
        """Close the rows that `entries` (`b"<event id> <group>"`) confirm."""
        # A lost entry does no harm: the event is sent again and confirmed again.
        by_group: dict[str, list[str]] = {}
        for entry in entries:
            event_id, _, group = entry.decode().partition(" ")
            by_group.setdefault(group, []).append(event_id)
        every_id = [event_id for event_ids in by_group.values() for event_id in event_ids]
        async with self._database.transaction() as connection:
            await connection.execute(_LOCK, {"event_ids": every_id})
            for group, event_ids in by_group.items():
                await connection.execute(_CONFIRM, {"group": group, "event_ids": event_ids})
