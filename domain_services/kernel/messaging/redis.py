"""The connection to Redis or Valkey."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from domain_services.kernel.settings import KernelSettings

# What a command raises when Redis is away. RuntimeError is how uvloop refuses to write to a
# connection that was reset a moment ago, and redis-py passes it on.
REDIS_FAILURES = (RedisError, OSError, RuntimeError)


@asynccontextmanager
async def open_redis(settings: KernelSettings) -> AsyncIterator[Redis]:
    """A client of the Redis that the settings name. Raises: `ValueError` when they name none.

    The client never repeats a command by itself: a repeated XADD is a duplicate event.
    """
    if settings.redis_url is None:
        raise ValueError("no Redis is set (DSM_REDIS_URL)")
    client: Redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
        settings.redis_url.get_secret_value(),
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=2,
        socket_timeout=4,  # above every blocking read, so that a hanging server is noticed
        health_check_interval=15,
    )
    try:
        yield client
    finally:
        await client.aclose()
