"""Connection to Redis or Valkey."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain_services.kernel.settings import KernelSettings

# Exceptions of a command when Redis is away. RuntimeError is how uvloop refuses to write to a
# connection that was reset a moment ago; redis-py passes it on.
REDIS_FAILURES = (RedisError, OSError, RuntimeError)

_PROBE_KEY = "dsm:probe"
# Signs in the server's errors.
_TROUBLES = {
    "OOM": "its memory is full",
    "OutOfMemory": "its memory is full",
    "MISCONF": "it cannot write its files; is the disk full?",
    "READONLY": "it is read-only",
    "ReadOnly": "it is read-only",
    "NOREPLICAS": "it has too few replicas",
    "NOPERM": "the user of the service lacks a permission",
    "NoPermission": "the user of the service lacks a permission",
}


@asynccontextmanager
async def open_redis(settings: KernelSettings) -> AsyncIterator[Redis]:
    """Open a client of the settings' Redis. Raises: `ValueError` when they name none."""
    if settings.redis_url is None:
        raise ValueError("no Redis is set; set DSM_REDIS_URL")
    client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        settings.redis_url.get_secret_value(),
        # No retries: a repeated XADD is a duplicate event.
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=2,
        # Above every blocking read, so that only a hanging server runs into it.
        socket_timeout=4,
        health_check_interval=15,
    )
    try:
        yield client
    finally:
        await client.aclose()


async def check_writing(redis: Redis) -> None:
    """Check that Redis answers and takes writes; raises when it does not."""
    # PING is answered by a server whose memory is full, and by a replica.
    await redis.set(_PROBE_KEY, "", px=1000)


def redis_trouble(error: BaseException) -> str:
    """Say why Redis takes no events, to callers without a key: its address is not named."""
    message = str(error)
    for sign, words in _TROUBLES.items():
        if sign in message or sign in type(error).__name__:
            return f"Redis cannot be written: {words}"
    return f"Redis does not answer ({type(error).__name__}); the log says why"
