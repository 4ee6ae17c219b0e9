"""Imported sprints: a later export of a project replaces those of an earlier one."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import retrospectives
from domain_services.chronicle.schema import ImportedReplaced, ImportedSprints
from domain_services.kernel.errors import Invalid

# The same lock as that of the project's history, so that two imports follow each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:project_id, 7316002))")
_IMPORTED = text(
    """
    SELECT sprint_id, content_sha256 FROM sprint_retrospectives
    WHERE project_id = :project_id AND origin = 'import'
    """
)
_REMOVE = text("SELECT remove_imported_sprints(:project_id, CAST(:sprint_ids AS text[]))")


async def replace(
    connection: AsyncConnection, project_id: str, body: ImportedSprints
) -> ImportedReplaced:
    """Record imported sprints in place of earlier ones, and remove those that are not kept.

    Raises: `Invalid` for a note of another project, `Conflict` for a sprint that was closed here or
    has action items; then the caller must roll back.
    """
    if any(note.project_id != project_id for note in body.notes):
        raise Invalid(f"a note is not of {project_id}: send the notes of one project at a time")
    await connection.execute(_LOCK, {"project_id": project_id})
    rows = await connection.execute(_IMPORTED, {"project_id": project_id})
    stored = {row.sprint_id: row.content_sha256 for row in rows}
    digests = {note.sprint_id: retrospectives.content_digest(note) for note in body.notes}
    changed = [name for name in digests if name in stored and stored[name] != digests[name]]
    stale = [] if body.keep is None else sorted(stored.keys() - set(body.keep))
    removed = 0
    if changed or stale:
        values = {"project_id": project_id, "sprint_ids": [*changed, *stale]}
        removed = int(await connection.scalar(_REMOVE, values) or 0)
    _, created = await retrospectives.record(connection, body.notes)
    return ImportedReplaced(
        project_id=project_id,
        created=created - len(changed),
        replaced=len(changed),
        unchanged=len(digests) - created,
        removed=removed - len(changed),
    )
