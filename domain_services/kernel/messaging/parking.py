"""Parking of entries that cannot be handled: as dead letters, for a person to decide on."""

from dataclasses import dataclass

import structlog

from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.dead_letters import store as dead_letters
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.messaging.failures import is_outage

logger = structlog.get_logger()


class Outage(Exception):
    """Failure of a store; the events are tried again without counting a try."""


@dataclass(frozen=True)
class Received:
    """Entry of the stream that holds an event."""

    entry_id: bytes
    payload: bytes
    event: Envelope


class Parking:
    """Dead letters of one consumer group."""

    def __init__(self, database: Database, stream: str, group: str) -> None:
        self._database = database
        self._stream = stream
        self._group = group

    async def park(self, received: Received, error: Exception, tries: int) -> bool:
        """Park an event; False when that has to wait. Raises: `Outage`."""
        return await self._park(received.entry_id, received.payload, received.event, error, tries)

    async def park_unreadable(self, entry_id: bytes, payload: bytes, error: Exception) -> bool:
        """Park a payload that is no event; False when that has to wait. Raises: `Outage`."""
        return await self._park(entry_id, payload, None, error, 1)

    async def _park(
        self,
        entry_id: bytes,
        payload: bytes,
        event: Envelope | None,
        error: Exception,
        tries: int,
    ) -> bool:
        source = (self._stream, self._group, entry_id.decode())
        try:
            async with self._database.transaction() as connection:
                await dead_letters.park(connection, source, payload, event, error, tries)
        except Exception as failure:
            if is_outage(failure):
                raise Outage(str(failure)) from failure
            # It must not stop the others: it stays pending and is tried again.
            logger.error("inbox.not_parked", stream=self._stream, entry=source[2], exc_info=failure)
            return False
        return True
