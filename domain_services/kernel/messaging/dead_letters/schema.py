"""Wire types of the dead letters."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from domain_services.kernel.types import Answer


class DeadLetter(Answer):
    """Event that a consumer group could not handle."""

    id: int
    stream: str
    consumer_group: str
    entry_id: str
    event_id: UUID | None
    """Null when the payload could not be parsed."""
    event_type: str | None
    """Null when the payload could not be parsed."""
    error: str
    tries: int
    """Tries of the handler, replays included."""
    parked_at: datetime
    payload: str
    resolution: Literal["replayed", "discarded"] | None
    """Null while the letter waits for an admin."""
    resolved_at: datetime | None
    resolved_by: str | None
