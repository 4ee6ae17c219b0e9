"""Wire types of the daily-scrum service: its health, and a simulated day."""

from datetime import date
from typing import Literal

from domain_services.events import TaskProgressed
from domain_services.kernel.types import Answer


class Health(Answer):
    """Health of the process and of its connection to Redis."""

    status: Literal["ok", "error"]
    """Overall state."""
    redis: Literal["connected", "disconnected"]
    """State of the connection to Redis."""


class ScrumRun(Answer):
    """Simulated day of a sprint."""

    message: str
    """Summary for people."""
    sprint_id: str
    """Id of the sprint."""
    scrum_date: date
    """Simulated day of the project."""
    events_count: int
    """Number of events."""
    events: list[TaskProgressed]
    """Events, which are published as soon as Redis answers."""
    warnings: list[str] = []
    """Reasons why events are delayed; empty while they flow."""
