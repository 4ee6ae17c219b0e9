"""Patience of a starting service: its database may recover for minutes on a busy machine."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from domain_services.kernel.database.failures import outage

logger = structlog.get_logger()

Result = TypeVar("Result")

# As long as `dsm up` waits for its services.
START_SECONDS = 120.0
PAUSE_SECONDS = 0.2


async def patiently(
    work: Callable[[], Awaitable[Result]],
    *,
    seconds: float = START_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
) -> Result:
    """Do `work`, which may be repeated; again while its database is in trouble.

    Raises: its error, when the trouble lasts longer than `seconds` or is none of a store.
    """
    until, is_logged = time.monotonic() + seconds, False
    while True:
        try:
            return await work()
        except Exception as error:
            trouble = outage(error)
            if trouble is None or time.monotonic() > until:
                raise
            if not is_logged:
                logger.warning("start.waits", reason=trouble.sentence(), seconds=seconds)
                is_logged = True
        await asyncio.sleep(pause_seconds)
