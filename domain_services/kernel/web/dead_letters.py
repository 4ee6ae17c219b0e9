"""Routes for the dead letters of a service that consumes events.

The service's app includes `router` and sets `app.state.consumers`.
"""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from domain_services.kernel.database.database import Database, Reading, UnitOfWork
from domain_services.kernel.messaging.dead_letters import store
from domain_services.kernel.messaging.dead_letters.schema import DeadLetter
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.web.auth import ADMIN, Identity
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(
    prefix="/admin/dead-letters", tags=["administration"], route_class=IdempotentRoute
)

_BIGGEST = 2**63 - 1
LetterId = Annotated[int, Path(ge=1, le=_BIGGEST)]


def _actor(request: Request) -> str:
    identity: Identity = request.scope["dsm.identity"]
    return identity.name


@router.get("", **ADMIN)
async def list_dead_letters(
    db: Reading,
    after: Annotated[int, Query(ge=0, le=_BIGGEST)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    resolved: Annotated[bool, Query(description="true: also those replayed or discarded")] = False,
) -> list[DeadLetter]:
    """List the events that could not be handled, oldest first, from the id after `after`."""
    return await store.list_page(db, after=after, limit=limit, resolved=resolved)


@router.post("/{letter_id}/replay", responses=problems(404, 409), **ADMIN)
async def replay_dead_letter(letter_id: LetterId, request: Request) -> DeadLetter:
    """Handle the event again after its cause has been repaired; it takes effect once."""
    database: Database = request.app.state.database
    consumers: Iterable[Consumer] = request.app.state.consumers
    groups = {(consumer.stream, consumer.group): consumer.handle for consumer in consumers}
    return await store.replay(database, groups, letter_id, _actor(request))


@router.delete("/{letter_id}", responses=problems(404, 409), **ADMIN)
async def discard_dead_letter(letter_id: LetterId, db: UnitOfWork, request: Request) -> DeadLetter:
    """Give the event up; it stays listed as discarded, with the name of the admin."""
    return await store.discard(db, letter_id, _actor(request))
