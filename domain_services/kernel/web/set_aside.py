"""Routes for the items that a service's loops have set aside.

The service's app includes `router` and sets `app.state.item_kinds`.
"""

from typing import Annotated

import structlog
from fastapi import APIRouter, Path, Query, Request

from domain_services.kernel.database import set_aside
from domain_services.kernel.database.database import Reading, UnitOfWork
from domain_services.kernel.database.set_aside import ItemKind, Resolution, SetAsideItem
from domain_services.kernel.errors import NotFound
from domain_services.kernel.web.auth import ADMIN, Identity
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

logger = structlog.get_logger()

router = APIRouter(prefix="/admin/set-aside", tags=["administration"], route_class=IdempotentRoute)

KindName = Annotated[str, Path(pattern="^[a-z_]{1,32}$", examples=["delivery"])]
ItemId = Annotated[
    str,
    Path(pattern="^[A-Za-z0-9_.-]{1,64}$", examples=["0199e0c4-7a3b-7c1d-8f2e-5a6b7c8d9e0f"]),
]


@router.get("", responses=problems(503), **ADMIN)
async def list_set_aside(
    db: Reading, request: Request, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[SetAsideItem]:
    """List what background loops have set aside, at most `limit` of each kind, oldest first."""
    return await set_aside.list_items(db, request.app.state.item_kinds, limit)


@router.post("/{kind}/{item_id}/replay", responses=problems(404, 503), **ADMIN)
async def replay_item(
    kind: KindName, item_id: ItemId, db: UnitOfWork, request: Request
) -> Resolution:
    """Give an item to its loop again, once its fault is repaired."""
    await set_aside.replay(db, _kind(request, kind), item_id)
    return _resolved(request, kind, item_id, "replayed")


@router.delete("/{kind}/{item_id}", responses=problems(404, 503), **ADMIN)
async def discard_item(
    kind: KindName, item_id: ItemId, db: UnitOfWork, request: Request
) -> Resolution:
    """Give an item up for good; the log holds what it was and who decided."""
    await set_aside.discard(db, _kind(request, kind), item_id)
    return _resolved(request, kind, item_id, "discarded")


def _kind(request: Request, name: str) -> ItemKind:
    kinds: tuple[ItemKind, ...] = request.app.state.item_kinds
    for kind in kinds:
        if kind.name == name:
            return kind
    names = ", ".join(kind.name for kind in kinds)
    raise NotFound(f"there are no items of the kind {name}; name one of: {names}")


def _resolved(request: Request, kind: str, item_id: str, resolution: str) -> Resolution:
    identity: Identity = request.scope["dsm.identity"]
    logger.warning("item.resolved", kind=kind, item=item_id, resolution=resolution)
    return Resolution(kind=kind, id=item_id, resolution=resolution, resolved_by=identity.name)
