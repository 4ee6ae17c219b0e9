"""Action items of retrospectives: their status, and the record of every change of it."""

from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.models import (
    action_item_changes,
    retrospective_action_items,
    sprint_retrospectives,
)
from domain_services.chronicle.schema import (
    ActionItemChange,
    ActionItemStatus,
    RecordedChange,
    TrackedActionItem,
)
from domain_services.kernel.errors import NotFound, PreconditionFailed

_items = retrospective_action_items
_changes = action_item_changes
_TRACKED = select(
    _items, sprint_retrospectives.c.sprint_id, sprint_retrospectives.c.start_date
).join(sprint_retrospectives, sprint_retrospectives.c.id == _items.c.retrospective_id)


async def find(
    connection: AsyncConnection,
    project_id: str | None,
    status: ActionItemStatus | None,
    limit: int,
) -> list[TrackedActionItem]:
    """Find the action items that match, of the newest sprints first."""
    statement = _TRACKED
    if project_id is not None:
        statement = statement.where(_items.c.project_id == project_id)
    if status is not None:
        statement = statement.where(_items.c.status == status)
    newest = statement.order_by(
        sprint_retrospectives.c.start_date.desc(),
        sprint_retrospectives.c.sprint_id.desc(),
        _items.c.position,
    ).limit(limit)
    rows = await connection.execute(newest)
    return [TrackedActionItem.model_validate(row, from_attributes=True) for row in rows]


async def change(
    connection: AsyncConnection,
    retrospective_id: UUID,
    position: int,
    request: ActionItemChange,
    *,
    actor: str,
    version: int | None = None,
) -> TrackedActionItem:
    """Change the item's status, record the change under `actor`, and return the item.

    The status that it already has changes nothing. `version` is the one that it must still have.
    Raises: `NotFound`, `PreconditionFailed`.
    """
    place = (_items.c.retrospective_id == retrospective_id) & (_items.c.position == position)
    # Only the item: the service may not lock a retrospective, which it cannot change.
    row = (await connection.execute(_TRACKED.where(place).with_for_update(of=_items))).first()
    if row is None:
        raise _missing(retrospective_id, position)
    before = TrackedActionItem.model_validate(row, from_attributes=True)
    if version is not None and version != before.version:
        raise PreconditionFailed(
            f"the action item is at version {before.version}, not {version}: read it and try again",
            version=before.version,
        )
    if request.status == before.status:
        return before
    after = before.model_copy(update={"status": request.status, "version": before.version + 1})
    await connection.execute(
        update(_items).where(place).values(status=after.status, version=after.version)
    )
    await connection.execute(
        insert(_changes).values(
            retrospective_id=retrospective_id,
            position=position,
            version=after.version,
            from_status=before.status,
            to_status=after.status,
            comment=request.comment,
            actor=actor,
        )
    )
    return after


async def list_changes(
    connection: AsyncConnection, retrospective_id: UUID, position: int
) -> list[RecordedChange]:
    """List every change of the item, oldest first. Raises: `NotFound` for an unknown item."""
    place = (_items.c.retrospective_id == retrospective_id) & (_items.c.position == position)
    if await connection.scalar(select(_items.c.version).where(place)) is None:
        raise _missing(retrospective_id, position)
    of_item = (_changes.c.retrospective_id == retrospective_id) & (_changes.c.position == position)
    statement = select(_changes).where(of_item).order_by(_changes.c.version)
    rows = await connection.execute(statement)
    return [RecordedChange.model_validate(row, from_attributes=True) for row in rows]


def _missing(retrospective_id: UUID, position: int) -> NotFound:
    return NotFound(
        f"retrospective {retrospective_id} has no action item {position}: list the action items"
    )
