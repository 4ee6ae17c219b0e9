"""Outbox: events stored with the change that caused them, and sent until consumers confirm them.

A row is written in the producer's transaction. After the commit the same process sends it; the
relay (`relay.py`) sends what is left. A row is closed when every group that its event names has
confirmed the effect.
"""

# Sending is not enough, because Redis can lose what it has accepted:
# docs/adr/0007-outbox-confirmation.md.

from collections.abc import Iterable
from dataclasses import dataclass

import orjson
from sqlalchemy import BigInteger, Column, DateTime, Identity, Integer, MetaData, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.database.database import hand_over
from domain_services.kernel.messaging.envelope import Envelope, PublishedEvent, wrap
from domain_services.kernel.tracing import Value, spanning

# No NOTIFY: it makes commits wait for each other (docs/adr/0130-publishing-after-commit.md).
_APPEND = text(
    """
    INSERT INTO outbox (event_id, stream, payload, awaiting)
    SELECT (e->>'event_id')::uuid, :stream, e,
           ARRAY(SELECT jsonb_array_elements_text(
               CAST(:confirmed_by AS jsonb) -> (e->>'event_type')))
    FROM jsonb_array_elements(CAST(:events AS jsonb)) AS e
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
        Column("tries", Integer, nullable=False, server_default=text("0")),
        Column("next_try", DateTime(timezone=True)),
        Column("error", Text),
        Column("set_aside_at", DateTime(timezone=True)),
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


@dataclass(frozen=True)
class Appended:
    """Event as it goes to its stream."""

    stream: str
    event: Envelope
    payload: str
    """The envelope as JSON."""


async def append(
    connection: AsyncConnection, events: Iterable[PublishedEvent], *, source: str
) -> list[Envelope]:
    """Publish `events` of the service `source` and return their envelopes.

    They exist exactly when the caller's transaction commits.
    """
    by_stream: dict[str, list[PublishedEvent]] = {}
    for event in events:
        by_stream.setdefault(event.stream, []).append(event)
    appended: list[Appended] = []
    for stream, published in by_stream.items():
        of_stream = [
            Appended(stream, envelope, envelope.model_dump_json())
            for envelope in _wrapped(stream, published, source)
        ]
        confirmed_by = {event.event_type: event.confirmed_by for event in published}
        values = {
            "stream": stream,
            "events": f"[{','.join(event.payload for event in of_stream)}]",
            "confirmed_by": orjson.dumps(confirmed_by).decode(),
        }
        await connection.execute(_APPEND, values)
        appended += of_stream
    hand_over(connection, appended)
    return [event.event for event in appended]


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
