"""Storage of planning and daily scrum notes: written once, found by project, sprint and day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal, NotRequired, TypedDict, Unpack
from uuid import UUID, uuid4

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.models import chronicle_notes
from domain_services.kernel.errors import Conflict

NoteType = Literal["sprint_planning", "daily_scrum_report"]


class NoteValues(TypedDict):
    """Columns of a note, less its id and type."""

    project_id: str
    sprint_id: str
    note_date: date
    summary: str
    additional_data: dict[str, object]
    """The rest of the note as JSON."""
    summary_metrics: NotRequired[dict[str, int] | None]
    """Counts of a daily scrum; None: not known."""
    content_sha256: str
    """Digest (hex) by which the same note is recognised."""


async def record(
    connection: AsyncConnection,
    note_type: NoteType,
    note_id: UUID | None,
    **values: Unpack[NoteValues],
) -> UUID:
    """Store a note once, and return its id or that of the same note stored before.

    Raises: `Conflict` when another note is in its place, or has its id.
    """
    stored_id = note_id or uuid4()
    statement = insert(chronicle_notes).values(id=stored_id, note_type=note_type, **values)
    # Nothing is updated on a conflict: the first note stands, and the next one is compared with it.
    created = await connection.scalar(
        statement.on_conflict_do_nothing().returning(chronicle_notes.c.id)
    )
    return created or await _find_same(connection, note_type, stored_id, values)


async def find(
    connection: AsyncConnection,
    note_type: NoteType,
    *,
    project_id: str | None,
    sprint_id: str | None,
    note_date: date | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Find the newest `limit` notes that match, oldest first."""
    filters = {"project_id": project_id, "sprint_id": sprint_id, "note_date": note_date}
    statement = select(chronicle_notes).where(chronicle_notes.c.note_type == note_type)
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(chronicle_notes.c[name] == value)
    newest = statement.order_by(
        chronicle_notes.c.note_date.desc(), chronicle_notes.c.sprint_id.desc()
    ).limit(limit)
    return (await connection.execute(newest)).all()[::-1]


async def _find_same(
    connection: AsyncConnection, note_type: NoteType, note_id: UUID, values: NoteValues
) -> UUID:
    place = select(chronicle_notes.c.id, chronicle_notes.c.content_sha256).where(
        chronicle_notes.c.note_type == note_type,
        chronicle_notes.c.sprint_id == values["sprint_id"],
    )
    # A sprint has one planning, whose date is part of what is compared.
    if note_type == "daily_scrum_report":
        place = place.where(chronicle_notes.c.note_date == values["note_date"])
    stored = (await connection.execute(place)).first()
    if stored is None:
        raise Conflict(
            f"another note has the id {note_id}: send this one with another id",
            note_id=str(note_id),
        )
    if stored.content_sha256 != values["content_sha256"]:
        raise Conflict(
            f"another {note_type} of {values['sprint_id']} is recorded: notes do not change",
            note_id=str(stored.id),
        )
    return stored.id
