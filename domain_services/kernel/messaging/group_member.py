"""Member of a consumer group in Redis: its commands, on one stream."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from domain_services.kernel.messaging.envelope import Envelope, confirmations_key

Entry = tuple[bytes, Mapping[bytes, bytes] | None]


class Behind(NamedTuple):
    """Entries that a group has not finished."""

    unread: int | None
    """Entries that no member has read; None when Redis cannot tell."""
    pending: int
    """Entries that were read and not acknowledged."""


class GroupMember:
    """Consumer of a stream as Redis knows it."""

    def __init__(self, redis: Redis, stream: str, group: str, name: str) -> None:
        self._redis = redis
        self._stream = stream
        self._group = group
        self.name = name

    async def create_group(self) -> None:
        """Create the group at the stream's beginning, unless somebody has."""
        try:
            await self._redis.xgroup_create(self._stream, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def read(self, after: str | bytes, *, count: int, block: int | None) -> list[Entry]:
        """Read new entries with `after` ">", else the own pending ones after that id.

        `block`: milliseconds to wait for a new entry.
        """
        answer: Any = await self._redis.xreadgroup(
            self._group, self.name, {self._stream: after}, count=count, block=block
        )
        return _flatten(_only_stream(answer)) if answer else []

    async def claim(
        self, start: bytes | str, *, count: int, idle_milliseconds: int
    ) -> tuple[bytes, list[Entry]]:
        """Claim entries that others have read and not finished for long, from the id `start` on.

        Returns the id from which to go on, and the entries.
        """
        # Redis 6.2 answers in two parts, 7 in three. For a trimmed entry 6.2 answers None; reading
        # the own pending entries then removes it.
        answer: Any = await self._redis.xautoclaim(
            self._stream,
            self._group,
            self.name,
            min_idle_time=idle_milliseconds,
            start_id=start,
            count=count,
        )
        return answer[0], _flatten(answer[1])

    async def give_back(self, *, count: int, idle_milliseconds: int) -> None:
        """Let others claim the own pending entries without waiting, as if idle for so long."""
        pending: Any = await self._redis.xpending_range(
            self._stream, self._group, min="-", max="+", count=count, consumername=self.name
        )
        if pending:
            await self._redis.xclaim(
                self._stream,
                self._group,
                self.name,
                min_idle_time=0,
                message_ids=[entry["message_id"] for entry in pending],
                idle=idle_milliseconds,
                justid=True,
            )

    async def acknowledge(self, entry_ids: Sequence[bytes], events: Sequence[Envelope]) -> None:
        """Acknowledge entries and confirm their events, in one round trip."""
        confirmed: dict[str, list[str]] = {}
        for event in events:
            key = confirmations_key(event.metadata.source_service)
            confirmed.setdefault(key, []).append(f"{event.event_id} {self._group}")
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, confirmations in confirmed.items():
                pipe.rpush(key, *confirmations)
            pipe.xack(self._stream, self._group, *entry_ids)
            await pipe.execute()

    async def behind(self) -> Behind:
        """Count what the group has not finished; zeros before the group exists."""
        try:
            groups: Any = await self._redis.xinfo_groups(self._stream)
        except ResponseError:
            return Behind(0, 0)
        for group in groups:
            if group["name"] == self._group.encode():
                # Redis 6.2 knows no lag.
                return Behind(group.get("lag"), group["pending"])
        return Behind(0, 0)


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
