"""Routes of action items: list them, change their status, list the changes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from domain_services.chronicle import schema
from domain_services.chronicle.logic import action_items
from domain_services.kernel.database.database import Reading, UnitOfWork
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import Identity
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/v1/action_items", tags=["action items"])


async def _caller(request: Request) -> str:
    identity: Identity = request.scope["dsm.identity"]
    return identity.name


Caller = Annotated[str, Depends(_caller)]
Position = Annotated[int, Path(ge=1, le=1000, description="place in the retrospective, from 1")]
Limit = Annotated[int, Query(ge=1, le=1000)]
IfMatch = Annotated[
    str | None,
    Header(pattern=r'^"[0-9]{1,9}"$', description="version that the item must still have"),
]


@router.get("")
async def list_action_items(
    db: Reading,
    project_id: ProjectId | None = None,
    status: schema.ActionItemStatus | None = None,
    limit: Limit = 1000,
) -> list[schema.TrackedActionItem]:
    """List action items with their present status, of the newest sprints first."""
    return await action_items.find(db, project_id, status, limit)


@router.put("/{retrospective_id}/{position}", responses=problems(404, 412))
async def change_action_item(
    retrospective_id: UUID,
    position: Position,
    body: schema.ActionItemChange,
    db: UnitOfWork,
    caller: Caller,
    response: Response,
    if_match: IfMatch = None,
) -> schema.TrackedActionItem:
    """Change an item's status and record the change; If-Match names the version to change."""
    version = None if if_match is None else int(if_match.strip('"'))
    item = await action_items.change(
        db, retrospective_id, position, body, actor=caller, version=version
    )
    response.headers["ETag"] = f'"{item.version}"'
    return item


@router.get("/{retrospective_id}/{position}/changes", responses=problems(404))
async def list_action_item_changes(
    retrospective_id: UUID, position: Position, db: Reading
) -> list[schema.RecordedChange]:
    """List the changes of an item's status, oldest first."""
    return await action_items.list_changes(db, retrospective_id, position)
