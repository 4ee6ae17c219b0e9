"""Events take effect once: the inbox row is written in the transaction of the effect."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.envelope import Envelope, confirmations_key

logger = structlog.get_logger()

Handler = Callable[[AsyncConnection, Envelope], Awaitable[None]]
Entry = tuple[bytes, Mapping[bytes, bytes] | None]

MAX_TRIES = 5
BLOCK_MILLISECONDS = 1000
RECLAIM_IDLE_MILLISECONDS = 15_000
RETRY_SECONDS = 1.0
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
    """A store failed, not the event: it is tried again without counting against the event."""


class Consumer:
    """One member of a consumer group: own pending entries first, then abandoned, then new ones.

    Entries that failed are tried again each RETRY_SECONDS, and new ones flow meanwhile.
    """

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
        self._unsettled = True  # whether entries may be pending: always at the start
        self._retry_at = 0.0
        self._reclaim_at = 0.0
        self._reclaimed_to: bytes | str = "0-0"
        self.outcomes: Counter[str] = Counter()

    def loop(self) -> Loop:
        """Return the loop that consumes the stream."""
        name = f"consumer {self.stream}"
        return every(0, self._step_in_group, name=name, retry_seconds=RETRY_SECONDS)

    async def _step_in_group(self) -> None:
        try:
            await self.step()
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                raise
            await self._create_group()

    async def step(self) -> None:
        """Take and process one batch of what is due, then of what is new."""
        try:
            due = await self._due()
            await self._process(due)
            if due and not self._tries:  # there may be more of it
                return
            await self._process(await self._read(">", block=BLOCK_MILLISECONDS))
        except Exception:
            self._unsettled = True
            raise

    async def _due(self) -> list[Entry]:
        """Own pending entries, or what others left: asked for only when there may be some."""
        now = time.monotonic()
        if (self._unsettled or self._tries) and now >= self._retry_at:
            if self._tries:
                self._retry_at = now + RETRY_SECONDS
            pending = await self._read("0", block=None)
            if pending:
                return pending
            self._unsettled = False
            self._tries.clear()  # another consumer has taken them over
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
        """What others have read and not finished for long. Redis 6.2 answers in two parts, 7 in
        three; an entry that is gone 6.2 tells by None, and reading our own pending settles it."""
        answer: Any = await self._redis.xautoclaim(
            self.stream,
            self.group,
            self._name,
            min_idle_time=RECLAIM_IDLE_MILLISECONDS,
            start_id=self._reclaimed_to,
            count=BATCH,
        )
        self._reclaimed_to = answer[0]
        self._unsettled |= bool(answer[1])
        return _flatten(answer[1])

    async def _process(self, entries: list[Entry]) -> None:
        for entry_id, fields in entries:
            payload = (fields or {}).get(b"event")
            if payload is None:  # trimmed, or not an event of ours: nothing can be done with it
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
                self._tries[entry_id] = MAX_TRIES  # it will never parse
            if not await self._parked(entry_id, payload, event, error):
                return
        await self._settle(entry_id, event)

    async def _settle(self, entry_id: bytes, event: Envelope | None) -> None:
        """Acknowledge an entry and confirm its event: also a parked one, or it is sent for ever."""
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
            async with self._database.transaction() as connection:
                first = await self.handle(connection, event)
        finally:
            for variable, token in tokens:
                variable.reset(token)
        self.outcomes["processed" if first else "repeated"] += 1

    async def handle(self, connection: AsyncConnection, event: Envelope) -> bool:
        """Handle an event in the caller's transaction; False when it had been handled before."""
        handler = self._handlers.get(event.event_type)
        if handler is None:
            return False
        first = await connection.scalar(
            _FIRST_TIME, {"group": self.group, "event_id": event.event_id}
        )
        if first is not None:
            await handler(connection, event)
        return first is not None

    async def _parked(
        self, entry_id: bytes, payload: bytes, event: Envelope | None, error: Exception
    ) -> bool:
        """Count a failure; True when it was the last one and the entry is a dead letter now."""
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
        where = (self.stream, self.group, entry_id.decode())
        async with self._database.transaction() as connection:
            tries = tries if event else 1
            await dead_letters.park(connection, where, payload, event, error, tries)
        self.outcomes["parked"] += 1
        return True


def _is_outage(error: Exception) -> bool:
    """Whether a store failed. A lock not had in time is the event's: others must flow meanwhile."""
    if isinstance(error, RedisError | OSError | PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or (isinstance(error, OperationalError) and state is None):
        return True
    return state is not None and state.startswith(_OUTAGES)


def _only_stream(answer: Any) -> Any:
    """The entries of the one stream asked for: a map by stream in RESP3, a list of pairs before."""
    if isinstance(answer, dict):
        return next(iter(cast(dict[Any, Any], answer).values()))
    return answer[0][1]


def _flatten(entries: Any) -> list[Entry]:
    """Entries as (id, fields); redis-py wraps them in one more list under RESP3."""
    if entries and isinstance(entries[0], list) and entries[0] and len(entries) == 1:
        inner: Any = entries[0]
        entries = inner if isinstance(inner[0], tuple | list) else entries
    return [(entry[0], entry[1]) for entry in entries if entry and entry[0] is not None]
