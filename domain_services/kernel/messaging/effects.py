"""Effects of events: each once, all events of a batch in one transaction.

The id of an event is stored in the transaction of its effect, so that a repeated event has none.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import groupby
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel import context
from domain_services.kernel.database.database import Database
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.tracing import Value, spanning

Handler = Callable[[AsyncConnection, Envelope], Awaitable[None]]
BatchHandler = Callable[[AsyncConnection, Sequence[Envelope]], Awaitable[None]]

# A locked row must not stop the events of others for as long as a request waits for it.
LOCK_MILLISECONDS = 250

# In one order: two replicas that take the same events in different ones would deadlock.
_FIRST_TIME = text(
    """
    WITH patience AS MATERIALIZED (SELECT set_config('lock_timeout', :patience, true))
    INSERT INTO inbox (consumer_group, event_id)
    SELECT :group, event_id FROM patience, unnest(CAST(:event_ids AS uuid[])) AS event_id
    ORDER BY event_id
    ON CONFLICT DO NOTHING RETURNING event_id
    """
)


class Effects:
    """Handlers of one consumer group: of single events, and of all events of a type in a batch."""

    def __init__(
        self,
        database: Database,
        stream: str,
        group: str,
        handlers: Mapping[str, Handler],
        batch_handlers: Mapping[str, BatchHandler],
    ) -> None:
        self._database = database
        self._stream = stream
        self._group = group
        self._handlers = handlers
        self._batch_handlers = batch_handlers

    def handles(self, event: Envelope) -> bool:
        """Tell whether the event's type has a handler."""
        return event.event_type in self._handlers or event.event_type in self._batch_handlers

    async def apply(self, events: Sequence[Envelope]) -> int:
        """Let events take effect in one transaction; return the number of first arrivals."""
        async with self._database.transaction() as connection:
            return await self.handle(connection, events)

    async def handle(self, connection: AsyncConnection, events: Sequence[Envelope]) -> int:
        """Handle events in the caller's transaction; return the number of first arrivals."""
        first_arrivals = await self._first_arrivals(connection, events)
        for event_type, of_type in groupby(first_arrivals, lambda event: event.event_type):
            batch_handler = self._batch_handlers.get(event_type)
            if batch_handler is not None:
                batch = list(of_type)
                with self._spans(batch):
                    await batch_handler(connection, batch)
                continue
            for event in of_type:
                with _request_of(event), self._spans([event]):
                    await self._handlers[event_type](connection, event)
        return len(first_arrivals)

    async def _first_arrivals(
        self, connection: AsyncConnection, events: Sequence[Envelope]
    ) -> list[Envelope]:
        """Store the ids of events and return those that had not been stored, in order."""
        by_id: dict[UUID, Envelope] = {}
        for event in events:
            by_id.setdefault(event.event_id, event)
        values = {
            "group": self._group,
            "event_ids": [str(event_id) for event_id in by_id],
            "patience": f"{LOCK_MILLISECONDS}ms",
        }
        new_ids = set(await connection.scalars(_FIRST_TIME, values))
        return [event for event_id, event in by_id.items() if event_id in new_ids]

    @contextmanager
    def _spans(self, events: Sequence[Envelope]) -> Iterator[None]:
        """Make a span of each event's effect, caused by and linked to the span that sent it."""
        tracer = context.tracer.get()
        if tracer is None:
            yield
            return
        with ExitStack() as spans:
            for event in events:
                attributes: dict[str, Value] = {
                    "messaging.system": "redis",
                    "messaging.destination.name": self._stream,
                    "messaging.consumer.group.name": self._group,
                    "messaging.operation.name": "process",
                    "messaging.operation.type": "process",
                    "messaging.message.id": str(event.event_id),
                    "dsm.event.type": event.event_type,
                }
                sent = event.metadata.traceparent
                parent = sent if context.is_trace(sent) else None
                name = f"process {self._stream}"
                spans.enter_context(
                    spanning(tracer, name, "consumer", attributes, parent=parent, linked=True)
                )
            yield


@contextmanager
def _request_of(event: Envelope) -> Iterator[None]:
    """Work under the ids of the request that caused the event."""
    metadata = event.metadata
    tokens = [
        (context.correlation_id, context.correlation_id.set(metadata.correlation_id)),
        (context.request_id, context.request_id.set(metadata.request_id)),
        (context.traceparent, context.traceparent.set(metadata.traceparent)),
    ]
    try:
        yield
    finally:
        for variable, token in tokens:
            variable.reset(token)
