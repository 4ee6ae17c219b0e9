"""Relay of one service's outbox: sends events, reads confirmations, trims streams.

What this process has committed it sends at once, from memory. Rows that are left (a process died
between commit and sending, Redis was away, no consumer has confirmed) it reads from the table.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from domain_services.kernel import context
from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.set_aside import TRIES
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key
from domain_services.kernel.messaging.outbox import Appended
from domain_services.kernel.messaging.outbox_rows import OutboxRows, mark_sent
from domain_services.kernel.messaging.redis import REDIS_FAILURES
from domain_services.kernel.messaging.trimming import KEEP_DAYS, Readers, trimming
from domain_services.kernel.tracing import Value, spanning

logger = structlog.get_logger()

REPUBLISH_AFTER_SECONDS = 5
# Times REPUBLISH_AFTER_SECONDS. A consumer that is away for days must not fill its stream.
MAX_REPUBLISH_FACTOR = 12
IDLE_SECONDS = 1.0
# A younger row belongs to the process that has committed it, which may be about to send it.
PRODUCER_SECONDS = 2.0
# Confirmations that arrive in this time are taken together.
CONFIRM_PAUSE_SECONDS = 0.02
BATCH = 200
CONFIRM_BATCH = 1000
# Further ones are left to the table: memory stays bounded when sending is slower than writing.
MOST_WAITING = 2000
DRAIN_SECONDS = 2.0

# Locked in one order: two replicas that confirm the same events in different ones would deadlock.
_CONFIRM = text(
    """
    WITH confirmed AS (
        SELECT event_id, array_agg(confirmed_by) AS groups
        FROM unnest(CAST(:event_ids AS uuid[]), CAST(:groups AS text[]))
            AS confirmation (event_id, confirmed_by)
        GROUP BY event_id),
    open AS MATERIALIZED (
        SELECT outbox.id, awaiting, groups FROM outbox JOIN confirmed USING (event_id)
        WHERE closed_at IS NULL ORDER BY outbox.id FOR UPDATE OF outbox),
    remaining AS (
        SELECT id, ARRAY(SELECT unnest(awaiting) EXCEPT SELECT unnest(groups)) AS awaiting
        FROM open)
    UPDATE outbox SET awaiting = remaining.awaiting,
           published_at = coalesce(published_at, now()),
           closed_at = CASE WHEN remaining.awaiting = '{}' THEN now() END
    FROM remaining WHERE outbox.id = remaining.id
    """
)
_OPEN = text(
    """
    SELECT count(*) AS rows,
           coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS oldest_seconds
    FROM outbox WHERE closed_at IS NULL AND set_aside_at IS NULL
    """
)


@dataclass(frozen=True)
class OpenEvents:
    """Events that are not confirmed, without those set aside."""

    rows: int
    oldest_seconds: float
    """Age of the oldest in seconds; 0 without any."""


class Relay:
    """Relay of one service's outbox.

    `readers` are the groups that must have read an entry before it may be trimmed, which is
    `keep_days` after it was sent. An event that cannot be sent is set aside after `most_tries`.
    """

    # Duplicates, order and memory: docs/adr/0130-publishing-after-commit.md.

    def __init__(
        self,
        database: Database,
        redis: Redis,
        service: str,
        readers: Readers,
        *,
        keep_days: float = KEEP_DAYS,
        most_tries: int = TRIES,
    ) -> None:
        self._keep_days = keep_days
        self._database = database
        self._redis = redis
        self._readers = readers
        self._rows = OutboxRows(redis, self._add, most_tries)
        self._confirmations = confirmations_key(service)
        self._wake = asyncio.Event()
        self._committed: deque[Appended] = deque()
        self._unmarked: list[UUID] = []
        self._is_away = False
        """True while Redis does not answer: the table alone keeps what is committed."""
        self._poll_at = 0.0
        self._troubles: dict[str, str] = {}
        self.sent = 0
        """Events sent since the start, repeated ones included."""
        database.after_commit = self.take

    @property
    def trouble(self) -> str | None:
        """Reason why events are delayed; None while they flow."""
        return next(iter(self._troubles.values()), None)

    def loops(self) -> tuple[Loop, ...]:
        """Return the loops that send, take confirmations and trim."""
        return (
            # Each second also without a commit here: other processes leave rows, and a
            # confirmation may be overdue. Requests of a leaving process still write events.
            every(
                IDLE_SECONDS, self._send, name="outbox send", wake=self._wake, serves_requests=True
            ),
            every(0, self._take_confirmations, name="outbox confirmations"),
            trimming(self._redis, self._readers, keep_days=self._keep_days),
        )

    @asynccontextmanager
    async def draining(self) -> AsyncIterator[None]:
        """Send after the block what is committed by then, for at most DRAIN_SECONDS."""
        yield
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while self._committed:
                    await self.publish()
                await self._mark()
        except (SQLAlchemyError, *REDIS_FAILURES) as error:
            # The rows are left: another process sends them, or this one after its next start.
            logger.warning("outbox.not_drained", error=f"{type(error).__name__}: {error}")

    def take(self, appended: Sequence[Appended]) -> None:
        """Send events of a transaction that has committed, soon."""
        # Below 0 after a batch that was cancelled has come back.
        free_places = 0 if self._is_away else max(MOST_WAITING - len(self._committed), 0)
        self._committed.extend(appended[:free_places])
        self._wake.set()

    async def _send(self) -> bool:
        """Send what is committed here, then now and then what is due in the table.

        Returns True when there is more.
        """
        with self._reporting("send"):
            if self._is_away:
                await self._redis.ping()  # pyright: ignore[reportUnknownMemberType, reportGeneralTypeIssues]
                self._is_away = False
            await self.publish()
            now = time.monotonic()
            if now < self._poll_at:
                return bool(self._committed)
            # Not earlier: most of them are confirmed by now, and need no mark.
            await self._mark()
            if await self.send_batch() == BATCH:
                return True
            self._poll_at = now + IDLE_SECONDS
            return bool(self._committed)

    async def publish(self) -> int:
        """Send a batch of what this process has committed; return the number of events."""
        if not self._committed:
            return 0
        batch = [self._committed.popleft() for _ in range(min(BATCH, len(self._committed)))]
        try:
            await self._add([(item.stream, item.event, item.payload) for item in batch])
        except asyncio.CancelledError:
            # The process leaves: `draining` sends them, perhaps a second time.
            self._committed.extendleft(reversed(batch))
            raise
        except Exception:
            # Sent or not: the table knows them, and sends them in their order when Redis is back.
            self._is_away = True
            self._committed.clear()
            raise
        self._unmarked += [item.event.event_id for item in batch]
        return len(batch)

    async def _mark(self) -> None:
        """Mark as sent what is sent and not yet confirmed."""
        if self._unmarked:
            event_ids, self._unmarked = self._unmarked, []
            async with self._database.transaction() as connection:
                await mark_sent(connection, event_ids)

    async def send_batch(self) -> int:
        """Send what is due in the table, oldest first; return the number of rows.

        An unconfirmed row is due again after 5 s, then whenever its age has doubled, at least each
        minute.
        """
        due = {
            "producer": PRODUCER_SECONDS,
            "republish_after": REPUBLISH_AFTER_SECONDS,
            "at_latest": MAX_REPUBLISH_FACTOR * REPUBLISH_AFTER_SECONDS,
            "batch": BATCH,
        }
        async with self._database.transaction() as connection:
            return await self._rows.send_due(connection, due)

    async def _add(self, events: Sequence[tuple[str, Envelope, str]]) -> None:
        """Add events to their streams, in one round trip."""
        with _publishing([(stream, event) for stream, event, _ in events]):
            async with self._redis.pipeline(transaction=False) as pipe:
                for stream, _, payload in events:
                    pipe.xadd(stream, {"event": payload})
                await pipe.execute()
        self.sent += len(events)

    async def open_events(self) -> OpenEvents:
        """Count the events that are not confirmed."""
        async with self._database.reading() as connection:
            row = (await connection.execute(_OPEN)).one()
        return OpenEvents(row.rows, row.oldest_seconds)

    async def _take_confirmations(self) -> None:
        with self._reporting("confirmations"):
            first: Any = await self._redis.blpop([self._confirmations], timeout=IDLE_SECONDS)
            if first is None:
                return
            more: Any = await self._redis.lpop(self._confirmations, CONFIRM_BATCH) or []
            await self.confirm([first[1], *more])
        await asyncio.sleep(CONFIRM_PAUSE_SECONDS)

    @contextmanager
    def _reporting(self, work: str) -> Iterator[None]:
        """Keep the reason of a failure in `trouble`, for the warnings of requests."""
        try:
            yield
        except (SQLAlchemyError, *REDIS_FAILURES) as error:
            self._troubles[work] = "events are delayed: " + (
                "the database failed"
                if isinstance(error, SQLAlchemyError)
                else "Redis does not answer"
            )
            raise
        self._troubles.pop(work, None)

    async def confirm(self, entries: Iterable[bytes]) -> None:
        """Close the rows that `entries` (`b"<event id> <group>"`) confirm."""
        # A lost entry does no harm: the event is sent again and confirmed again.
        confirmations = [entry.decode().partition(" ") for entry in entries]
        values = {
            "event_ids": [event_id for event_id, _, _ in confirmations],
            "groups": [group for _, _, group in confirmations],
        }
        async with self._database.transaction() as connection:
            await connection.execute(_CONFIRM, values)


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
