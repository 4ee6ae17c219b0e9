"""Notes of the table `chronicle_notes`: written once, found by project, sprint and day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.models import chronicle_notes
from domain_services.kernel.errors import Conflict

NoteType = Literal["sprint_planning", "daily_scrum_report"]


async def record(
    connection: AsyncConnection, note_type: NoteType, note_id: UUID | None, **values: Any
) -> UUID:
    """Store a note; its id, or that of the same note when it is stored already.

    Raises: `Conflict` when another note is in its place, or has its id.
    """
    columns = {"id": note_id or uuid4(), "note_type": note_type, **values}
    made = insert(chronicle_notes).values(columns).on_conflict_do_nothing()
    created = await connection.scalar(made.returning(chronicle_notes.c.id))
    return created or await _find_same(connection, note_type, columns)


async def find(
    connection: AsyncConnection,
    note_type: NoteType,
    *,
    project_id: str | None,
    sprint_id: str | None,
    note_date: date | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """The newest `limit` notes that match, oldest first."""
    wanted = {"project_id": project_id, "sprint_id": sprint_id, "note_date": note_date}
    statement = select(chronicle_notes).where(chronicle_notes.c.note_type == note_type)
    for name, value in wanted.items():
        if value is not None:
            statement = statement.where(chronicle_notes.c[name] == value)
    newest = statement.order_by(
        chronicle_notes.c.note_date.desc(), chronicle_notes.c.sprint_id.desc()
    ).limit(limit)
    return (await connection.execute(newest)).all()[::-1]


async def _find_same(
    connection: AsyncConnection, note_type: NoteType, wanted: dict[str, Any]
) -> UUID:
    place = select(chronicle_notes.c.id, chronicle_notes.c.content_sha256).where(
        chronicle_notes.c.note_type == note_type,
        chronicle_notes.c.sprint_id == wanted["sprint_id"],
    )
    if note_type == "daily_scrum_report":
        place = place.where(chronicle_notes.c.note_date == wanted["note_date"])
    found = (await connection.execute(place)).first()
    if found is None:
        raise Conflict(f"another note has the id {wanted['id']}", note_id=str(wanted["id"]))
    if found.content_sha256 != wanted["content_sha256"]:
        raise Conflict(
            f"another {note_type} of {wanted['sprint_id']} is recorded", note_id=str(found.id)
        )
    return found.id
