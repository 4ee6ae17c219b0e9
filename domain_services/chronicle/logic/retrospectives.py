"""Retrospective notes: one a sprint, recorded one or many at a time."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import orjson
from pydantic.main import IncEx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic.content import digest
from domain_services.chronicle.logic.sentences import with_subject
from domain_services.chronicle.schema import SprintRetrospective, SprintRetrospectiveCreate
from domain_services.kernel.errors import Conflict, NotFound

# Sorted, so that two requests with the same sprints wait for each other instead of deadlocking.
_INSERT = text(
    """
    WITH given AS (
        SELECT * FROM jsonb_to_recordset(CAST(:notes AS jsonb)) AS n(
            retrospective_id uuid, sprint_id text, project_id text, sprint_name text,
            start_date date, end_date date, duration_weeks integer, what_went_well text,
            what_could_be_improved text, facilitator_id text, tasks_summary jsonb, origin text,
            planned_tasks_count integer, open_at_start integer, tasks_created_during integer,
            ended_on date, progress_source text, worked boolean, completed_outside integer,
            completed_arrived integer,
            action_items jsonb, attendees jsonb, content_sha256 text)),
    made AS (
        INSERT INTO sprint_retrospectives (
            id, sprint_id, project_id, sprint_name, start_date, end_date, duration_weeks,
            what_went_well, what_could_be_improved, facilitator_id, tasks_summary, origin,
            planned_tasks_count, open_at_start, tasks_created_during, ended_on, progress_source,
            worked, completed_outside, completed_arrived, content_sha256)
        SELECT retrospective_id, sprint_id, project_id, sprint_name, start_date, end_date,
            duration_weeks, what_went_well, what_could_be_improved, facilitator_id, tasks_summary,
            origin, planned_tasks_count, open_at_start, tasks_created_during, ended_on,
            progress_source, worked, completed_outside, completed_arrived, content_sha256
        FROM given ORDER BY sprint_id
        ON CONFLICT DO NOTHING RETURNING id, sprint_id),
    new AS (
        SELECT made.id, given.project_id, given.action_items, given.attendees
        FROM made JOIN given ON given.sprint_id = made.sprint_id),
    items AS (
        INSERT INTO retrospective_action_items (
            retrospective_id, position, project_id, description, status, impediment, task_id)
        SELECT new.id, entry.position, new.project_id, entry.item ->> 'description',
            entry.item ->> 'status', entry.item ->> 'impediment', entry.item ->> 'task_id'
        FROM new, jsonb_array_elements(new.action_items) WITH ORDINALITY AS entry(item, position)),
    people AS (
        INSERT INTO retrospective_attendees (retrospective_id, position, employee_id)
        SELECT new.id, entry.position, entry.employee_id
        FROM new,
             jsonb_array_elements_text(new.attendees) WITH ORDINALITY
                 AS entry(employee_id, position))
    SELECT id, sprint_id FROM made
    """
)
_KNOWN = text(
    """
    SELECT sprint_id, id, content_sha256 FROM sprint_retrospectives
    WHERE sprint_id = ANY(CAST(:sprint_ids AS text[]))
    """
)
_FIND = text(
    """
    SELECT r.id AS retrospective_id, r.sprint_id, r.project_id, r.sprint_name, r.start_date,
           r.end_date, r.duration_weeks, r.what_went_well, r.what_could_be_improved,
           r.facilitator_id, r.origin, r.planned_tasks_count, r.open_at_start,
           r.tasks_created_during, r.ended_on, r.progress_source, r.worked, r.completed_outside,
           r.completed_arrived, r.completed_tasks, r.total_tasks, r.created_at,
           CASE WHEN :with_tasks THEN r.tasks_summary ELSE '[]' END AS tasks_summary,
           ARRAY(SELECT a.employee_id FROM retrospective_attendees a
                 WHERE a.retrospective_id = r.id ORDER BY a.position) AS attendees,
           ARRAY(SELECT jsonb_build_object('description', i.description, 'status', i.status)
                 FROM retrospective_action_items i
                 WHERE i.retrospective_id = r.id ORDER BY i.position) AS action_items
    FROM (SELECT * FROM sprint_retrospectives
          WHERE (CAST(:project_id AS text) IS NULL OR project_id = :project_id)
            AND (CAST(:sprint_id AS text) IS NULL OR sprint_id = :sprint_id)
          ORDER BY start_date DESC, sprint_id DESC LIMIT :limit) AS r
    ORDER BY r.start_date, r.sprint_id
    """
)


# The descriptions of action items have the same content. Release 0.1.0 of the sprint service sends
# neither these nor the facts of the close: a note that it recorded may be sent again with them.
_NOT_CONTENT: IncEx = {
    "retrospective_id": True,
    "action_items": {"__all__": {"impediment", "task_id"}},
    "ended_on": True,
    "progress_source": True,
    "worked": True,
    "completed_outside": True,
}


def content_digest(note: SprintRetrospectiveCreate) -> str:
    """Compute the digest of what makes two retrospectives the same."""
    return digest(note, exclude=_NOT_CONTENT)


async def record(
    connection: AsyncConnection, notes: Sequence[SprintRetrospectiveCreate]
) -> tuple[dict[str, UUID], int]:
    """Store retrospectives of different sprints; return their ids by sprint, and how many are new.

    A sprint whose retrospective is stored with the same content keeps it. Raises: `Conflict`,
    naming the sprints, when one differs or an id is taken; then the caller must roll back.
    """
    digests = {note.sprint_id: content_digest(note) for note in notes}
    rows = [_row(note, digests[note.sprint_id]) for note in notes]
    inserted = await connection.execute(_INSERT, {"notes": orjson.dumps(rows).decode()})
    ids: dict[str, UUID] = {row.sprint_id: row.id for row in inserted}
    created = len(ids)
    # Not inserted: the sprint or the id is taken, by the same content or by another.
    if refused := digests.keys() - ids.keys():
        stored = await connection.execute(_KNOWN, {"sprint_ids": list(refused)})
        same = {
            row.sprint_id: row.id for row in stored if row.content_sha256 == digests[row.sprint_id]
        }
        if differing := sorted(refused - same.keys()):
            raise Conflict(
                f"another retrospective, or its id, is recorded for {', '.join(differing[:10])}: "
                "retrospectives do not change",
                sprint_ids=differing,
            )
        ids |= same
    return ids, created


async def find(
    connection: AsyncConnection,
    project_id: str | None,
    sprint_id: str | None,
    limit: int,
    *,
    with_tasks: bool = True,
) -> list[SprintRetrospective]:
    """Find the newest retrospectives that match, oldest first. Raises: `NotFound` for none.

    `with_tasks=False` leaves `tasks_summary` empty.
    """
    values = {"project_id": project_id, "sprint_id": sprint_id, "limit": limit}
    values["with_tasks"] = with_tasks
    rows = (await connection.execute(_FIND, values)).all()
    if not rows:
        raise NotFound("no such sprint retrospective is recorded: check the project and the sprint")
    return [SprintRetrospective.model_validate(row, from_attributes=True) for row in rows]


def _row(note: SprintRetrospectiveCreate, content_sha256: str) -> dict[str, object]:
    items = [with_subject(item).model_dump() for item in note.action_items]
    return {
        **note.model_dump(mode="json"),
        "action_items": items,
        "retrospective_id": note.retrospective_id or uuid4(),
        "content_sha256": content_sha256,
    }
