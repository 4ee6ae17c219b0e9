"""Envelope of every event, and the base class of their payloads."""

from abc import abstractmethod
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

from pydantic import BaseModel, ConfigDict, Field

from domain_services.kernel import context
from domain_services.kernel.types import Answer, utc_now


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
    return Envelope(
        event_type=event.event_type,
        aggregate_id=event.aggregate_id,
        aggregate_type=event.aggregate_type,
        event_data=event.model_dump(mode="json"),
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
