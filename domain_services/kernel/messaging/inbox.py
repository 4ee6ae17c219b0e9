"""Inbox: consumers of a stream, whose events take effect once.

A batch takes effect in one transaction and is confirmed at once. After a failure its events are
tried again task by task, then one by one, so that a failure counts for its own event only.
"""

import time
from collections import Counter
from collections.abc import Mapping, Sequence

import structlog
from pydantic import ValidationError
from redis.asyncio import Redis
from redis.exceptions import ResponseError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.background import Loop, every, giving_back
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.consumer_names import remove_left
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.effects import BatchHandler, Effects, Handler
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.failures import is_busy, is_outage
from domain_services.kernel.messaging.group_member import Behind, Entry, GroupMember
from domain_services.kernel.messaging.parking import Outage, Parking, Received

logger = structlog.get_logger()

MAX_TRIES = 5
BLOCK_MILLISECONDS = 1000
RECLAIM_IDLE_MILLISECONDS = 15_000
RETRY_SECONDS = 1.0
SWEEP_SECONDS = 600
# Of one transaction: handled one after the other, its events hold locks for some 0.3 s.
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


class Consumer:
    """Member of a consumer group: reads own pending entries first, then abandoned, then new ones.

    Entries that failed, or met a lock, are tried again each RETRY_SECONDS. New ones flow meanwhile.
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
        handlers: Mapping[str, Handler] | None = None,
        batch_handlers: Mapping[str, BatchHandler] | None = None,
    ) -> None:
        """`handlers` take an event, `batch_handlers` all events of their type in a batch."""
        self._redis = redis
        self._member = GroupMember(redis, stream, group, name)
        self.stream = stream
        self.group = group
        self._effects = Effects(database, stream, group, handlers or {}, batch_handlers or {})
        self._parking = Parking(database, stream, group)
        self._tries: dict[bytes, int] = {}
        self._busy: set[str] = set()
        """Ids of things that others hold; their events wait for the next round of tries."""
        # Entries may be pending at the start: the process before may have died with some.
        self._may_have_pending = True
        self._pending_after: bytes | None = None
        """Last pending entry that this round of tries has read; None between rounds."""
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
            await self._member.create_group()

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
            if due and not self._is_failing:
                return
            await self._process(await self._read(">", block=BLOCK_MILLISECONDS))
        except Exception:
            self._may_have_pending = True
            self._pending_after = None
            raise

    @property
    def _is_failing(self) -> bool:
        return bool(self._tries or self._busy)

    async def _due(self) -> list[Entry]:
        """Return own pending entries, or abandoned ones of others."""
        now = time.monotonic()
        is_due = self._may_have_pending or self._is_failing
        if self._pending_after is None and is_due and now >= self._retry_at:
            self._pending_after = b"0"
            if self._is_failing:
                self._retry_at = now + RETRY_SECONDS
            self._busy.clear()
        if self._pending_after is not None and (pending := await self._read_pending()):
            return pending
        if now >= self._reclaim_at:
            self._reclaim_at = now + BLOCK_MILLISECONDS / 1000
            return await self._reclaim()
        return []

    async def _read_pending(self) -> list[Entry]:
        """Read on in the own pending entries; the last page of them ends the round of tries."""
        after = self._pending_after or b"0"
        pending = await self._read(after, block=None)
        if len(pending) < BATCH:
            self._pending_after = None
            self._may_have_pending = False
        else:
            self._pending_after = pending[-1][0]
        if not pending and after == b"0":
            # None is pending: another consumer has taken over those that failed.
            self._tries.clear()
        return pending

    async def _read(self, after: str | bytes, *, block: int | None) -> list[Entry]:
        return await self._member.read(after, count=BATCH, block=block)

    async def _reclaim(self) -> list[Entry]:
        """Claim entries that other consumers have read and not finished for long."""
        self._reclaimed_to, abandoned = await self._member.claim(
            self._reclaimed_to, count=BATCH, idle_milliseconds=RECLAIM_IDLE_MILLISECONDS
        )
        self._may_have_pending |= bool(abandoned)
        return abandoned

    async def _give_back(self) -> None:
        await self._member.give_back(count=BATCH, idle_milliseconds=RECLAIM_IDLE_MILLISECONDS)

    async def _process(self, entries: list[Entry]) -> None:
        # Trimmed, or not written by an outbox: no handler could use it.
        without_event = [entry_id for entry_id, fields in entries if b"event" not in (fields or {})]
        if without_event:
            await self._redis.xack(self.stream, self.group, *without_event)
        batch: list[Received] = []
        for entry_id, fields in entries:
            payload = (fields or {}).get(b"event")
            if payload is None:
                continue
            try:
                event = Envelope.model_validate_json(payload)
            except ValidationError as error:
                await self._park_unreadable(entry_id, payload, error)
                continue
            batch.append(Received(entry_id, payload, event))
        # Looked up once: what fails in this batch is not tried a second time in the same round.
        failed_before = [e for e in batch if e.entry_id in self._tries]
        await self._process_batch([e for e in batch if e.entry_id not in self._tries])
        for received in failed_before:
            await self._process_one(received)

    async def _process_batch(self, batch: Sequence[Received]) -> None:
        """Let a batch take effect at once; after a failure, what belongs to one thing at once."""
        batch = [e for e in batch if e.event.aggregate_id not in self._busy]
        if not batch:
            return
        by_aggregate: dict[str, list[Received]] = {}
        for received in batch:
            by_aggregate.setdefault(received.event.aggregate_id, []).append(received)
        try:
            await self._apply([received.event for received in batch])
        except Exception as error:
            if is_outage(error):
                raise Outage(str(error)) from error
            if len(by_aggregate) > 1:
                for part in by_aggregate.values():
                    await self._process_batch(part)
            elif is_busy(error):
                self._wait_for(batch[0], error)
            else:
                for received in batch:
                    await self._process_one(received)
            return
        await self._acknowledge([e.entry_id for e in batch], [e.event for e in batch])

    async def _process_one(self, received: Received) -> None:
        if received.event.aggregate_id in self._busy:
            return
        try:
            await self._apply([received.event])
        except Exception as error:
            if is_outage(error):
                raise Outage(str(error)) from error
            if is_busy(error):
                self._wait_for(received, error)
                return
            if not await self._park_if_exhausted(received, error):
                return
        await self._acknowledge([received.entry_id], [received.event])

    async def _acknowledge(self, entry_ids: Sequence[bytes], events: Sequence[Envelope]) -> None:
        """Acknowledge entries and confirm their events."""
        # A parked event is confirmed too: its producer would send it again and again.
        await self._member.acknowledge(entry_ids, events)
        for entry_id in entry_ids:
            self._tries.pop(entry_id, None)

    async def _apply(self, events: Sequence[Envelope]) -> None:
        handled = [event for event in events if self._effects.handles(event)]
        self.outcomes["ignored"] += len(events) - len(handled)
        if handled:
            first_arrivals = await self._effects.apply(handled)
            self.outcomes["processed"] += first_arrivals
            self.outcomes["repeated"] += len(handled) - first_arrivals

    async def behind(self) -> Behind:
        """Count what the group has not finished."""
        return await self._member.behind()

    async def handle(self, connection: AsyncConnection, event: Envelope) -> bool:
        """Handle an event in the caller's transaction; False when it was handled before."""
        if not self._effects.handles(event):
            return False
        return await self._effects.handle(connection, [event]) == 1

    def _wait_for(self, received: Received, error: Exception) -> None:
        """Leave the events of a thing that others hold to the next round of tries."""
        # Never a dead letter, however long it takes: docs/adr/0131-batches-of-events.md.
        self._fail_for_now()
        self._busy.add(received.event.aggregate_id)
        self.outcomes["busy"] += 1
        logger.warning(
            "inbox.event_waits",
            stream=self.stream,
            entry=received.entry_id.decode(),
            aggregate=received.event.aggregate_id,
            error=dead_letters.error_text(error),
        )

    def _fail_for_now(self) -> None:
        if not self._is_failing:
            self._retry_at = time.monotonic() + RETRY_SECONDS

    async def _park_if_exhausted(self, received: Received, error: Exception) -> bool:
        """Count a failure; after the last try, park the entry as a dead letter and return True."""
        tries = self._tries.get(received.entry_id, 0) + 1
        self._fail_for_now()
        self._tries[received.entry_id] = tries
        self.outcomes["failed"] += 1
        logger.warning(
            "inbox.event_failed",
            stream=self.stream,
            entry=received.entry_id.decode(),
            tries=tries,
            error=dead_letters.error_text(error),
        )
        if tries < MAX_TRIES or not await self._parking.park(received, error, tries):
            return False
        self.outcomes["parked"] += 1
        return True

    async def _park_unreadable(self, entry_id: bytes, payload: bytes, error: Exception) -> None:
        """Park a payload that cannot be parsed: it never will be."""
        self.outcomes["failed"] += 1
        if await self._parking.park_unreadable(entry_id, payload, error):
            self.outcomes["parked"] += 1
            await self._acknowledge([entry_id], [])
        else:
            self._fail_for_now()
            self._tries[entry_id] = self._tries.get(entry_id, 0) + 1
