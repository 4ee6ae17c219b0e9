"""Envelope of every event, and the base class of their payloads."""

from abc import abstractmethod
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from domain_services.kernel import context
from domain_services.kernel.types import Answer, utc_now

DAILY_SCRUM_EVENTS = "daily_scrum_events"
SPRINT_EVENTS = "sprint_events"

SPRINT_GROUP = "sprint_service_group"
BACKLOG_GROUP = "backlog_service_group"
ORCHESTRATOR_GROUP = "orchestrator_group"

# An outbox row stays open until each of these groups has confirmed the event's effect.
CONFIRMED_BY: dict[str, tuple[str, ...]] = {
    "TASK_UPDATED": (BACKLOG_GROUP,),
    "TASK_PROGRESSED": (SPRINT_GROUP,),
    "SPRINT_STARTED": (),
    "SPRINT_CLOSED": (ORCHESTRATOR_GROUP,),
}


# Who must have read an entry before its stream may forget it.
READ_BY: dict[str, tuple[str, ...]] = {
    DAILY_SCRUM_EVENTS: (SPRINT_GROUP, BACKLOG_GROUP),
    SPRINT_EVENTS: (ORCHESTRATOR_GROUP,),
}


class PublishedEvent(Answer):
    """Payload of an event of the published language, with where it is published."""

    event_type: ClassVar[str]
    """Name of the event in its envelope, as TASK_UPDATED."""
    stream: ClassVar[str]
    """Redis stream that carries the event."""
    aggregate_type: ClassVar[str]
    """Kind of thing that changed, as Task."""
    confirmed_by: ClassVar[tuple[str, ...]] = ()
    """Consumer groups that must confirm the event's effect; empty when sending is enough."""

    @property
    @abstractmethod
    def aggregate_id(self) -> str:
        """Id of the thing that changed."""


class Metadata(BaseModel):
    """Origin of an event."""

    model_config = ConfigDict(frozen=True)

    source_service: str
    correlation_id: str
    request_id: str | None = None
    """Null for an event that no request caused."""
    traceparent: str | None = None


class Envelope(BaseModel):
    """Event on the wire (section 3.5 of the specification).

    `event_data` is the payload named by `event_type`; its model lives in the producer's schema.
    """

    model_config = ConfigDict(frozen=True)

    event_id: UUID = Field(default_factory=uuid4)
    event_type: str
    timestamp: datetime = Field(default_factory=utc_now)
    aggregate_id: str
    aggregate_type: str
    event_data: dict[str, Any]
    metadata: Metadata


def wrap(event: PublishedEvent, *, source: str) -> Envelope:
    """Put `event` of the service `source` into a new envelope with the request's ids."""
    return envelope(
        event.event_type, event.aggregate_type, event.aggregate_id, event, source=source
    )


def envelope(
    event_type: str, aggregate_type: str, aggregate_id: str, data: BaseModel, *, source: str
) -> Envelope:
    """Make an event of the service `source` that carries the request's correlation id."""
    return Envelope(
        event_type=event_type,
        aggregate_id=aggregate_id,
        aggregate_type=aggregate_type,
        event_data=data.model_dump(mode="json"),
        metadata=Metadata(
            source_service=source,
            correlation_id=context.correlation_id.get() or str(uuid4()),
            request_id=context.request_id.get(),
            traceparent=context.next_span(),
        ),
    )


def confirmations_key(source_service: str) -> str:
    """Return the Redis list on which consumers confirm events of `source_service`."""
    return f"dsm:confirmed:{source_service}"
