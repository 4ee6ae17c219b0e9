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
