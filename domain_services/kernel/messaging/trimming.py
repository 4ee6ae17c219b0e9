"""Trimming of streams: deletes week-old entries that every group has acknowledged."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from domain_services.kernel.background import Loop, every, for_each

PERIOD_SECONDS = 600
# A consumer that was away for a weekend still finds its events: docs/adr/0058-stream-trimming.md.
KEEP_DAYS = 7
# Entries of one command, for which the server answers nobody else: 20,000 take about 5 ms.
TRIMMED_AT_ONCE = 20_000

EntryId = tuple[int, int]
Readers = Mapping[str, Sequence[str]]  # groups that must have read an entry, by stream


def trimming(redis: Redis, readers: Readers, *, keep_days: float = KEEP_DAYS) -> Loop:
    """Return the loop that trims the streams of `readers`."""

    async def trim_stream(stream: str) -> None:
        await trim(redis, stream, readers[stream], keep_days=keep_days)

    async def trim_all() -> None:
        await for_each(readers, trim_stream, name=str)

    return every(PERIOD_SECONDS, trim_all, name="trimming", first_after=PERIOD_SECONDS)


async def trim(redis: Redis, stream: str, groups: Iterable[str], *, keep_days: float) -> int:
    """Delete entries older than `keep_days` that all groups have acknowledged; return their number.

    Nothing is deleted while one of `groups` does not exist yet: it still must read everything.
    """
    try:
        known: Sequence[Mapping[str, Any]] = await redis.xinfo_groups(stream)
    except ResponseError as error:
        if "no such key" in str(error):
            return 0
        raise
    groups = set(groups)
    if not groups <= {_text(group["name"]) for group in known}:
        return 0
    old = (int((time.time() - keep_days * 86_400) * 1000), 0)
    # A group that an earlier release has left must not fill the store.
    reading = [
        group
        for group in known
        if _text(group["name"]) in groups or await _is_alive(redis, stream, group, keep_days)
    ]
    read = [await _first_needed(redis, stream, group) for group in reading]
    bound = min([old, *read])
    return await _delete_before(redis, stream, f"{bound[0]}-{bound[1]}")


async def _is_alive(redis: Redis, stream: str, group: Mapping[str, Any], keep_days: float) -> bool:
    """Tell whether a consumer of the group has asked for an entry within `keep_days`."""
    consumers: Sequence[Mapping[str, Any]] = await redis.xinfo_consumers(
        stream, _text(group["name"])
    )
    return any(consumer["idle"] < keep_days * 86_400_000 for consumer in consumers)


async def _delete_before(redis: Redis, stream: str, bound: str) -> int:
    """Delete the entries before an id, some at a time, and return their number."""
    total, deleted = 0, 1
    while deleted:
        deleted = await redis.xtrim(stream, minid=bound, approximate=True, limit=TRIMMED_AT_ONCE)
        total += deleted
    # Whole nodes are gone. What remains is the begun one, of a hundred entries.
    exact: int = await redis.xtrim(stream, minid=bound, approximate=False, limit=None)
    return total + exact


async def _first_needed(redis: Redis, stream: str, group: Mapping[str, Any]) -> EntryId:
    """Return the oldest entry that the group may still read."""
    if group["pending"]:
        pending: Mapping[str, Any] = await redis.xpending(stream, _text(group["name"]))
        if pending["min"] is not None:
            return _entry_id(pending["min"])
    return _entry_id(group["last-delivered-id"])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _entry_id(value: bytes | str) -> EntryId:
    milliseconds, _, number = _text(value).partition("-")
    return int(milliseconds), int(number or 0)
