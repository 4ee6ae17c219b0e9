"""Inbox: consumers of a stream, whose events take effect once.

The id of an event is stored in the transaction of its effect, so that a repeated event has none.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.background import Loop, every, giving_back
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.consumer_names import remove_left
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key
from domain_services.kernel.tracing import Value, spanning

logger = structlog.get_logger()

Handler = Callable[[AsyncConnection, Envelope], Awaitable[None]]
Entry = tuple[bytes, Mapping[bytes, bytes] | None]

MAX_TRIES = 5
BLOCK_MILLISECONDS = 1000
RECLAIM_IDLE_MILLISECONDS = 15_000
RETRY_SECONDS = 1.0
SWEEP_SECONDS = 600
BATCH = 100

MIGRATION = (
    dead_letters.MIGRATION
    + """
CREATE TABLE inbox (
    consumer_group text NOT NULL,
    event_id uuid NOT NULL,
    processed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer_group, event_id)
);
CREATE INDEX inbox_by_age ON inbox USING brin (processed_at);
"""
)

_FIRST_TIME = text(
    """
    INSERT INTO inbox (consumer_group, event_id) VALUES (:group, :event_id)
    ON CONFLICT DO NOTHING RETURNING 1
    """
)

# SQLSTATE: connection failures, exhausted resources, a server going down or coming up, its system.
_OUTAGES = ("08", "53", "57P", "58")


class Outage(Exception):
    """Failure of a store; the event is retried without counting a try."""


class Consumer:
    """Member of a consumer group: reads own pending entries first, then abandoned, then new ones.

    Failed entries are tried again each RETRY_SECONDS. New ones flow meanwhile.
    """

    # Own code: published consumers start new groups at the stream's end, or have no dead letters.
    # Newer events pass a failing one (docs/adr/0062-failing-event-passed.md).

    def __init__(
        self,
        database: Database,
        redis: Redis,
        *,
        stream: str,
        group: str,
        name: str,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._database = database
        self._redis = redis
        self.stream = stream
        self.group = group
        self._name = name
        self._handlers = handlers
        self._tries: dict[bytes, int] = {}
        # Entries may be pending at the start: the process before may have died with some.
        self._may_have_pending = True
        self._retry_at = 0.0
        self._reclaim_at = 0.0
        self._sweep_at = 0.0
        self._reclaimed_to: bytes | str = "0-0"
        self.outcomes: Counter[str] = Counter()

    def loop(self) -> Loop:
        """Return the loop that consumes the stream."""
        name = f"consumer {self.stream}"
        return every(0, self._step_in_group, name=name, retry_seconds=RETRY_SECONDS)

    async def _step_in_group(self) -> None:
        try:
            async with giving_back(f"entries of {self.stream}", self._give_back):
                await self.step()
            await self._remove_left()
        # A Redis that lost its data has no group: it is made again, from the stream's start.
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self._create_group()

    async def _remove_left(self) -> None:
        """Remove, now and then, the consumers of processes that have left for good."""
        now = time.monotonic()
        if now >= self._sweep_at:
            self._sweep_at = now + SWEEP_SECONDS
            await remove_left(self._redis, self.stream, self.group)

    async def step(self) -> None:
        """Process one batch of due entries, then one of new ones."""
        try:
            due = await self._due()
            await self._process(due)
            # More may be due. New entries wait for them, unless the due ones are failing.
            if due and not self._tries:
                return
            await self._process(await self._read(">", block=BLOCK_MILLISECONDS))
        except Exception:
            self._may_have_pending = True
            raise

    async def _due(self) -> list[Entry]:
        """Return own pending entries, or abandoned ones of others."""
        now = time.monotonic()
        if (self._may_have_pending or self._tries) and now >= self._retry_at:
            if self._tries:
                self._retry_at = now + RETRY_SECONDS
            pending = await self._read("0", block=None)
            if pending:
                return pending
            self._may_have_pending = False
            # None is pending: another consumer has taken over those that failed.
            self._tries.clear()
        if now >= self._reclaim_at:
            self._reclaim_at = now + BLOCK_MILLISECONDS / 1000
            return await self._reclaim()
        return []

    async def _create_group(self) -> None:
        try:
            await self._redis.xgroup_create(self.stream, self.group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def _read(self, after: str, *, block: int | None) -> list[Entry]:
        answer: Any = await self._redis.xreadgroup(
            self.group, self._name, {self.stream: after}, count=BATCH, block=block
        )
        return _flatten(_only_stream(answer)) if answer else []

    async def _reclaim(self) -> list[Entry]:
        """Claim entries that other consumers have read and not finished for long."""
        # Redis 6.2 answers in two parts, 7 in three. For a trimmed entry 6.2 answers None; reading
        # the own pending entries then removes it.
        answer: Any = await self._redis.xautoclaim(
            self.stream,
            self.group,
            self._name,
            min_idle_time=RECLAIM_IDLE_MILLISECONDS,
            start_id=self._reclaimed_to,
            count=BATCH,
        )
        self._reclaimed_to = answer[0]
        self._may_have_pending |= bool(answer[1])
        return _flatten(answer[1])

    async def _give_back(self) -> None:
        """Let other consumers claim the entries that are pending here without waiting."""
        pending: Any = await self._redis.xpending_range(
            self.stream, self.group, min="-", max="+", count=BATCH, consumername=self._name
        )
        if pending:
            await self._redis.xclaim(
                self.stream,
                self.group,
                self._name,
                min_idle_time=0,
                message_ids=[entry["message_id"] for entry in pending],
                idle=RECLAIM_IDLE_MILLISECONDS,
                justid=True,
            )

    async def _process(self, entries: list[Entry]) -> None:
        for entry_id, fields in entries:
            payload = (fields or {}).get(b"event")
            # Trimmed, or not written by an outbox: no handler could use it.
            if payload is None:
                await self._redis.xack(self.stream, self.group, entry_id)
                continue
            await self._process_one(entry_id, payload)

    async def _process_one(self, entry_id: bytes, payload: bytes) -> None:
        event: Envelope | None = None
        try:
            event = Envelope.model_validate_json(payload)
            await self._apply(event)
        except Exception as error:
            if _is_outage(error):
                raise Outage(str(error)) from error
            if event is None:
                # A payload that cannot be parsed now never will be.
                self._tries[entry_id] = MAX_TRIES
            if not await self._park_if_exhausted(entry_id, payload, event, error):
                return
        await self._acknowledge(entry_id, event)

    async def _acknowledge(self, entry_id: bytes, event: Envelope | None) -> None:
        """Acknowledge an entry and confirm its event."""
        # A parked event is confirmed too: its producer would send it again and again.
        async with self._redis.pipeline(transaction=False) as pipe:
            if event is not None:
                confirmed = f"{event.event_id} {self.group}"
                pipe.rpush(confirmations_key(event.metadata.source_service), confirmed)
            pipe.xack(self.stream, self.group, entry_id)
            await pipe.execute()
        self._tries.pop(entry_id, None)

    async def _apply(self, event: Envelope) -> None:
        if event.event_type not in self._handlers:
            self.outcomes["ignored"] += 1
            return
        metadata = event.metadata
        tokens = [
            (context.correlation_id, context.correlation_id.set(metadata.correlation_id)),
            (context.request_id, context.request_id.set(metadata.request_id)),
            (context.traceparent, context.traceparent.set(metadata.traceparent)),
        ]
        try:
            with self._span(event):
                async with self._database.transaction() as connection:
                    first = await self.handle(connection, event)
        finally:
            for variable, token in tokens:
                variable.reset(token)
        self.outcomes["processed" if first else "repeated"] += 1

    def _span(self, event: Envelope) -> AbstractContextManager[object]:
        """Make a span of an event's effect, caused by and linked to the span that sent it."""
        tracer = context.tracer.get()
        if tracer is None:
            return nullcontext()
        attributes: dict[str, Value] = {
            "messaging.system": "redis",
            "messaging.destination.name": self.stream,
            "messaging.consumer.group.name": self.group,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.message.id": str(event.event_id),
            "dsm.event.type": event.event_type,
        }
        sent = event.metadata.traceparent
        parent = sent if context.is_trace(sent) else None
        name = f"process {self.stream}"
        return spanning(tracer, name, "consumer", attributes, parent=parent, linked=True)

    async def handle(self, connection: AsyncConnection, event: Envelope) -> bool:
        """Handle an event in the caller's transaction; False when it was handled before."""
        handler = self._handlers.get(event.event_type)
        if handler is None:
            return False
        first = await connection.scalar(
            _FIRST_TIME, {"group": self.group, "event_id": event.event_id}
        )
        if first is not None:
            await handler(connection, event)
        return first is not None

    async def _park_if_exhausted(
        self, entry_id: bytes, payload: bytes, event: Envelope | None, error: Exception
    ) -> bool:
        """Count a failure; after the last try, park the entry as a dead letter and return True."""
        tries = self._tries.get(entry_id, 0) + 1
        if not self._tries:
            self._retry_at = time.monotonic() + RETRY_SECONDS
        self._tries[entry_id] = tries
        self.outcomes["failed"] += 1
        logger.warning(
            "inbox.event_failed",
            stream=self.stream,
            entry=entry_id.decode(),
            tries=tries,
            error=dead_letters.error_text(error),
        )
        if tries < MAX_TRIES:
            return False
        source = (self.stream, self.group, entry_id.decode())
        async with self._database.transaction() as connection:
            tries = tries if event else 1
            await dead_letters.park(connection, source, payload, event, error, tries)
        self.outcomes["parked"] += 1
        return True


def _is_outage(error: Exception) -> bool:
    """Tell whether a store failed, rather than the event."""
    if isinstance(error, RedisError | OSError | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    # A lock timeout (55P03) is the event's failure: a busy row must not stop the other events.
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (isinstance(error, OperationalError) and state is None):
        return True
    return state is not None and state.startswith(_OUTAGES)


def _only_stream(answer: Any) -> Any:
    """Return the entries of the one stream in an answer."""
    # RESP3 answers a map by stream, RESP2 a list of pairs.
    if isinstance(answer, dict):
        return next(iter(cast(dict[Any, Any], answer).values()))
    return answer[0][1]


def _flatten(entries: Any) -> list[Entry]:
    """Return entries as (id, fields)."""
    # redis-py wraps them in one more list under RESP3.
    if entries and isinstance(entries[0], list) and entries[0] and len(entries) == 1:
        inner: Any = entries[0]
        entries = inner if isinstance(inner[0], tuple | list) else entries
    return [(entry[0], entry[1]) for entry in entries if entry and entry[0] is not None]
