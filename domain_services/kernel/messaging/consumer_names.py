"""Names of consumers, one for each process, and the removal of those whose process has left."""

import hashlib
import socket
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

import structlog
from redis.asyncio import Redis

logger = structlog.get_logger()

# A living consumer asks its group each second. What a dead one has not finished is claimed by the
# others after 15 s, so that an hour is no hurry.
LEFT_AFTER_SECONDS = 3600
# One step, because a consumer that reads between a look and its removal would lose the entry.
_REMOVE = """
    if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
    local removed = {}
    for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
        local fields = {}
        for i = 1, #consumer, 2 do fields[consumer[i]] = consumer[i + 1] end
        if fields.pending == 0 and fields.idle >= tonumber(ARGV[2]) then
            redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], fields.name)
            table.insert(removed, fields.name)
        end
    end
    return removed
"""


def consumer_name(port: int) -> str:
    """Return the name of this process's consumers, the same when it is started again.

    Two living processes never share it: a port is taken once in a network namespace, a namespace
    is one of its machine, and a machine has one boot at a time.
    """
    # A host name alone may be shared: by copies of a machine, or by containers that are given it.
    place = _read("/proc/sys/kernel/random/boot_id") or f"{uuid.getnode():x}"
    with suppress(OSError):
        place += str(Path("/proc/self/ns/net").readlink())
    return f"{socket.gethostname()}-{port}-{hashlib.sha256(place.encode()).hexdigest()[:8]}"


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


async def remove_left(
    redis: Redis, stream: str, group: str, *, idle_seconds: float = LEFT_AFTER_SECONDS
) -> list[str]:
    """Remove the group's consumers that have asked for nothing for `idle_seconds`.

    One with unfinished entries stays until the others have claimed them. Returns the names.
    """
    answer: Any = redis.eval(_REMOVE, 1, stream, group, str(int(idle_seconds * 1000)))
    removed = [name.decode() for name in await answer]
    if removed:
        logger.info("inbox.consumers_removed", stream=stream, group=group, consumers=removed)
    return removed
