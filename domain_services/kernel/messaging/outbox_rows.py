"""Rows of the outbox that are due: claimed, sent together, and set aside when they cannot be sent.

A row that fails alone while Redis takes writes is at fault itself. It is tried again after pauses
that double, and set aside after the last try; the others flow (docs/adr/0135-unsendable-events.md).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.set_aside import (
    TRIES,
    ItemKind,
    error_text,
    pause_seconds,
)
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.redis import REDIS_FAILURES, check_writing

logger = structlog.get_logger()

Send = Callable[[Sequence[tuple[str, Envelope, str]]], Awaitable[None]]

MIGRATION = """
ALTER TABLE outbox
    ADD COLUMN tries integer NOT NULL DEFAULT 0,
    ADD COLUMN next_try timestamptz,
    ADD COLUMN error text,
    ADD COLUMN set_aside_at timestamptz;
CREATE INDEX outbox_set_aside ON outbox (set_aside_at) WHERE set_aside_at IS NOT NULL;
"""

KIND = ItemKind(
    name="unsent_event",
    plural="unsent events",
    table="outbox",
    key="id",
    subject="stream || ' ' || coalesce(payload->>'event_type', 'no event')",
    replay="set_aside_at = NULL, tries = 0, next_try = NULL, error = NULL, published_at = NULL",
    discard="set_aside_at = NULL, closed_at = now()",
)

_CLAIM = text(
    """
    SELECT id, event_id, stream, payload, tries FROM outbox
    WHERE closed_at IS NULL AND set_aside_at IS NULL
      AND (next_try IS NULL OR next_try <= now())
      AND ((published_at IS NULL AND created_at < now() - make_interval(secs => :producer))
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
    WHERE event_id = ANY(CAST(:event_ids AS uuid[])) AND closed_at IS NULL
    """
)
_FAILED = text(
    """
    UPDATE outbox SET tries = tries + 1, error = :error,
           next_try = now() + make_interval(secs => :pause),
           set_aside_at = CASE WHEN :is_last THEN now() END
    WHERE id = :id
    """
)


@dataclass(frozen=True)
class _Row:
    row_id: int
    event_id: UUID
    tries: int
    item: tuple[str, Envelope, str]
    """Stream, event, and the event as JSON."""


async def mark_sent(connection: AsyncConnection, event_ids: Sequence[UUID]) -> None:
    """Mark events as sent; those that nobody must confirm are closed."""
    await connection.execute(_SENT, {"event_ids": list(event_ids)})


class OutboxRows:
    """Rows of one service's outbox."""

    def __init__(self, redis: Redis, send: Send, most_tries: int = TRIES) -> None:
        self._redis = redis
        self._send = send
        self._most_tries = most_tries

    async def send_due(self, connection: AsyncConnection, due: dict[str, float]) -> int:
        """Send what is due, oldest first; return the number of rows, those that failed included.

        `due` has the ages in seconds at which a row is due, and the size of the batch.
        """
        rows = (await connection.execute(_CLAIM, due)).all()
        readable = [row for row in [await self._read(connection, row) for row in rows] if row]
        sent = await self._send_together(connection, [row for row in readable if not row.tries])
        # Alone from the start: they have failed before.
        sent += await self._send_alone(connection, [row for row in readable if row.tries])
        if sent:
            await mark_sent(connection, sent)
        return len(rows)

    async def _read(self, connection: AsyncConnection, row: Any) -> _Row | None:
        """Parse a row; set it aside when it is no event: it never will be."""
        try:
            event = Envelope.model_validate(row.payload)
        except ValidationError as error:
            await self._fail(connection, row.id, self._most_tries, error)
            return None
        item = (row.stream, event, event.model_dump_json())
        return _Row(row.id, row.event_id, row.tries, item)

    async def _send_together(self, connection: AsyncConnection, rows: Sequence[_Row]) -> list[UUID]:
        if not rows:
            return []
        try:
            await self._send([row.item for row in rows])
        except REDIS_FAILURES:
            # Raises when Redis is the reason.
            await check_writing(self._redis)
            return await self._send_alone(connection, rows)
        return [row.event_id for row in rows]

    async def _send_alone(self, connection: AsyncConnection, rows: Sequence[_Row]) -> list[UUID]:
        sent: list[UUID] = []
        for row in rows:
            try:
                await self._send([row.item])
            except REDIS_FAILURES as error:
                await check_writing(self._redis)
                await self._fail(connection, row.row_id, row.tries + 1, error)
            else:
                sent.append(row.event_id)
        return sent

    async def _fail(
        self, connection: AsyncConnection, row_id: int, tries: int, error: Exception
    ) -> None:
        """Count a failed try, and set the row aside after the last."""
        is_last = tries >= self._most_tries
        logger.error(
            "outbox.event_failed",
            row=row_id,
            tries=tries,
            set_aside=is_last,
            error=error_text(error),
        )
        values = {
            "id": row_id,
            "error": error_text(error),
            "pause": pause_seconds(tries),
            "is_last": is_last,
        }
        await connection.execute(_FAILED, values)
