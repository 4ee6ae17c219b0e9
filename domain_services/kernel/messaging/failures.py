"""Kinds of failures of an event: a store that is away, a store that is busy, and its own."""

from redis.exceptions import RedisError

from domain_services.kernel.database.failures import outage
from domain_services.kernel.errors import Unavailable


def is_outage(error: BaseException) -> bool:
    """Tell whether a store failed as a whole, so that no event can take effect now."""
    cause = getattr(error, "orig", None)
    if isinstance(error, RedisError | OSError | Unavailable) or isinstance(cause, OSError):
        return True
    trouble = outage(error)
    return trouble is not None and trouble.effect != "is busy"


def is_busy(error: BaseException) -> bool:
    """Tell whether others hold what the event needs, so that it may succeed a little later."""
    trouble = outage(error)
    return trouble is not None and trouble.effect == "is busy"
