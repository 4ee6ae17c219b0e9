"""Wire types of the dead letters."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from domain_services.kernel.types import Answer


class DeadLetter(Answer):
    """An event that a consumer group could not take in.

    `event_id` and `event_type` are null for what could not be parsed; `tries` counts replays too;
    `resolution` is null while it waits for somebody.
    """

    id: int
    stream: str
    consumer_group: str
    entry_id: str
    event_id: UUID | None
    event_type: str | None
    error: str
    tries: int
    parked_at: datetime
    payload: str
    resolution: Literal["replayed", "discarded"] | None
    resolved_at: datetime | None
    resolved_by: str | None
