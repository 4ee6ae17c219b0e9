"""Delivery worker: posts stored requests to another service until that service has accepted them.

A request is stored in the transaction of the change that it reports. Its id is the Idempotency-Key,
so that a repeated post has no second effect. One that is refused again and again is set aside.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import structlog
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.background import Loop, every, giving_back
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import TRIES, ItemKind, error_text, pause_seconds
from domain_services.kernel.errors import Problem, Unavailable

logger = structlog.get_logger()

IDLE_SECONDS = 1.0
# Longer than a post may take. A slower one may be repeated, which its id makes harmless.
LEASE_SECONDS = 10
# A peer that is back has everything within half a minute, however long it was away.
LONGEST_PAUSE_SECONDS = 30
BATCH = 20
# Name of the span in the stored body; taken out before the body is posted.
TRACE = "$traceparent"

MIGRATION = """
CREATE TABLE deliveries (
    id uuid PRIMARY KEY,
    route text NOT NULL,
    body jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_try timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deliveries_owed ON deliveries (next_try) WHERE delivered_at IS NULL;
"""

# Set aside, a delivery's next try is never: releases before this column leave it alone too.
SET_ASIDE_MIGRATION = """
ALTER TABLE deliveries
    ADD COLUMN refusals integer NOT NULL DEFAULT 0,
    ADD COLUMN error text,
    ADD COLUMN set_aside_at timestamptz;
CREATE INDEX deliveries_set_aside ON deliveries (set_aside_at) WHERE set_aside_at IS NOT NULL;
"""
KIND = ItemKind(
    name="delivery",
    plural="deliveries",
    table="deliveries",
    key="id",
    subject="route",
    tries="refusals",
    replay="set_aside_at = NULL, refusals = 0, next_try = now()",
)

_ENQUEUE = text(
    "INSERT INTO deliveries (id, route, body) VALUES (:id, :route, CAST(:body AS jsonb))"
)
# The claim moves the next try. A delivery whose process dies while posting becomes due again.
_CLAIM = text(
    """
    UPDATE deliveries SET attempts = attempts + 1,
           next_try = now() + make_interval(secs => :lease)
    WHERE id IN (SELECT id FROM deliveries
                 WHERE delivered_at IS NULL AND set_aside_at IS NULL AND next_try <= now()
                 ORDER BY next_try, created_at, id LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, route, body, attempts, created_at, refusals
    """
)
_OWED = text(
    """
    SELECT count(*) AS rows,
           coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest_seconds
    FROM deliveries WHERE delivered_at IS NULL AND set_aside_at IS NULL
    """
)
_DELIVERED = text("UPDATE deliveries SET delivered_at = now(), error = NULL WHERE id = :id")
_POSTPONE = text(
    """
    UPDATE deliveries SET next_try = now() + make_interval(secs => :pause), error = :error
    WHERE id = ANY(:ids)
    """
)
_REFUSED = text(
    """
    UPDATE deliveries SET refusals = refusals + 1, error = :error,
           next_try = now() + make_interval(secs => :pause)
    WHERE id = :id AND delivered_at IS NULL
    """
)
_SET_ASIDE = text(
    """
    UPDATE deliveries SET refusals = refusals + 1, error = :error, next_try = 'infinity',
           set_aside_at = now()
    WHERE id = :id AND delivered_at IS NULL
    """
)

# One whose answer was not waited for is posted again, which its id makes harmless.
_GIVE_BACK = text(
    """
    UPDATE deliveries SET next_try = now()
    WHERE id = ANY(:ids) AND delivered_at IS NULL AND set_aside_at IS NULL
    """
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Request that another service must accept."""

    id: UUID
    """Idempotency-Key of the request."""
    route: str
    """Path of the peer's route, which takes `body` by POST."""
    body: dict[str, object]
    """JSON document of the request."""
    attempts: int
    """Times that a worker has claimed it, the present one included."""
    created_at: datetime
    """Time of the transaction that stored it."""
    refusals: int = 0
    """Times that the peer refused it before."""
    traceparent: str | None = None
    """Span that stored it; None without traces."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Deliveries that the peer has not accepted."""

    rows: int
    oldest_seconds: float
    """Age of the oldest in seconds; 0 without any."""


Post = Callable[[Delivery], Awaitable[object]]


async def enqueue(
    connection: AsyncConnection, delivery_id: UUID, route: str, body: BaseModel
) -> None:
    """Store a delivery; it exists exactly when the caller's transaction commits."""
    document = orjson.dumps(body_of(body)).decode()
    await connection.execute(_ENQUEUE, {"id": delivery_id, "route": route, "body": document})


def body_of(request: BaseModel) -> dict[str, Any]:
    """Return the JSON document of a request, with the present span when it is traced."""
    document = request.model_dump(mode="json")
    if context.tracer.get() is not None and (span := context.traceparent.get()):
        document[TRACE] = span
    return document


def _delivery(
    delivery_id: UUID,
    route: str,
    body: dict[str, Any],
    attempts: int,
    created_at: datetime,
    refusals: int,
) -> Delivery:
    traceparent = body.pop(TRACE, None)
    return Delivery(delivery_id, route, body, attempts, created_at, refusals, traceparent)


async def claim(connection: AsyncConnection, limit: int) -> list[Delivery]:
    """Lease up to `limit` due deliveries for `LEASE_SECONDS`, oldest first."""
    rows = await connection.execute(_CLAIM, {"lease": LEASE_SECONDS, "batch": limit})
    deliveries = [_delivery(*row) for row in rows]
    return sorted(deliveries, key=lambda delivery: (delivery.created_at, delivery.id))


async def owed(connection: AsyncConnection) -> Owed:
    """Count the deliveries that are not known to be delivered, without those set aside."""
    row = (await connection.execute(_OWED)).one()
    return Owed(row.rows, row.oldest_seconds)


async def postpone(
    connection: AsyncConnection, ids: Sequence[UUID], attempts: int, error: str | None = None
) -> None:
    """Make deliveries due after a pause that doubles with each of `attempts`."""
    pause = min(2 ** min(attempts, 10), LONGEST_PAUSE_SECONDS)
    await connection.execute(_POSTPONE, {"ids": list(ids), "pause": pause, "error": error})


async def mark_delivered(connection: AsyncConnection, delivery_id: UUID) -> None:
    """Record that the peer has accepted a delivery."""
    await connection.execute(_DELIVERED, {"id": delivery_id})


class DeliveryWorker:
    """Posts the due deliveries of one database, all to one peer, through `post`.

    `post` raises `Unavailable` when the peer does not answer, or asks to try later. A delivery that
    fails in another way is tried up to `tries` times, then set aside.
    """

    def __init__(self, database: Database, post: Post, tries: int = TRIES) -> None:
        self._database = database
        self._post = post
        self._tries = tries

    def loop(self) -> Loop:
        """Return the loop that delivers what is due."""
        return every(IDLE_SECONDS, self.deliver_due, name="deliveries")

    async def deliver_due(self) -> bool:
        """Post one batch, oldest first; True when it was full and more may be due."""
        async with self._database.transaction() as connection:
            batch = await claim(connection, BATCH)
        remaining = {delivery.id: delivery for delivery in batch}
        async with giving_back("deliveries", lambda: self._give_back(list(remaining))):
            lost: list[tuple[Delivery, Unavailable]] = []
            is_away = False
            for delivery in batch:
                failure = await self._deliver(delivery)
                if failure is None:
                    del remaining[delivery.id]
                    # The peer works: what it did not answer before is at fault itself.
                    await self._refuse_lost(lost, remaining)
                    continue
                lost.append((delivery, failure))
                # One alone may be what the peer cannot answer: the next one tells.
                if len(lost) == 2:
                    is_away = True
                    break
            if lost:
                # The rest would wait for the peer too: it keeps its place in line.
                oldest, failure = lost[0]
                await self._postpone(list(remaining), oldest.attempts, failure.detail)
        return len(batch) == BATCH and not is_away

    async def _deliver(self, delivery: Delivery) -> Unavailable | None:
        """Post one delivery; return the failure of a peer that does not answer."""
        try:
            await self._send(delivery)
        except Unavailable as error:
            _log(logger.warning, delivery, error.detail)
            return error
        except Exception as error:
            if outage(error) is not None:
                raise  # this service's own store is away
            await self._refuse(delivery, error)
            return None
        async with self._database.transaction() as connection:
            await mark_delivered(connection, delivery.id)
        return None

    async def _refuse_lost(
        self, lost: list[tuple[Delivery, Unavailable]], remaining: dict[UUID, Delivery]
    ) -> None:
        while lost:
            delivery, failure = lost.pop()
            await self._refuse(delivery, failure)
            del remaining[delivery.id]

    async def _refuse(self, delivery: Delivery, error: Exception) -> None:
        """Store a refusal, which a release of either side may mend; the last one sets it aside."""
        tries = delivery.refusals + 1
        is_last = tries >= self._tries
        known = isinstance(error, Problem)
        _log(
            logger.error,
            delivery,
            str(error),
            refusals=tries,
            set_aside=is_last,
            exc_info=None if known else error,
        )
        reason = error.detail if isinstance(error, Problem) else error_text(error)
        values = {"id": delivery.id, "error": reason}
        async with self._database.transaction() as connection:
            if is_last:
                await connection.execute(_SET_ASIDE, values)
            else:
                await connection.execute(_REFUSED, values | {"pause": pause_seconds(tries)})

    async def _send(self, delivery: Delivery) -> None:
        token = context.traceparent.set(delivery.traceparent)
        try:
            await self._post(delivery)
        finally:
            context.traceparent.reset(token)

    async def _give_back(self, ids: Sequence[UUID]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(_GIVE_BACK, {"ids": list(ids)})

    async def _postpone(self, ids: Sequence[UUID], attempts: int, error: str) -> None:
        async with self._database.transaction() as connection:
            await postpone(connection, ids, attempts, error)


def _log(log: Callable[..., Any], delivery: Delivery, error: str, **fields: object) -> None:
    log(
        "deliveries.not_delivered",
        delivery_id=str(delivery.id),
        route=delivery.route,
        attempts=delivery.attempts,
        error=error,
        **fields,
    )
