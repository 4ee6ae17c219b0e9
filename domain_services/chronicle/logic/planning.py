"""Planning notes: one a sprint."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import notes
from domain_services.chronicle.logic.content import digest
from domain_services.chronicle.schema import SprintPlanning, SprintPlanningCreate
from domain_services.kernel.errors import NotFound


async def record(connection: AsyncConnection, planning: SprintPlanningCreate) -> UUID:
    """Store the planning of a sprint, once. Raises: `Conflict` for other content."""
    return await notes.record(
        connection,
        "sprint_planning",
        None,
        project_id=planning.project_id,
        sprint_id=planning.sprint_id,
        note_date=planning.start_date,
        summary=planning.sprint_goal or "",
        # The ids have columns of their own.
        additional_data=planning.model_dump(mode="json", exclude={"sprint_id", "project_id"}),
        content_sha256=digest(planning, exclude=set()),
    )


async def find(
    connection: AsyncConnection, project_id: str | None, sprint_id: str | None, limit: int
) -> list[SprintPlanning]:
    """Find the newest plannings that match, oldest first. Raises: `NotFound` for none."""
    rows = await notes.find(
        connection, "sprint_planning", project_id=project_id, sprint_id=sprint_id, limit=limit
    )
    if not rows:
        raise NotFound("no such sprint planning is recorded: check the project and the sprint")
    return [
        SprintPlanning(
            note_id=row.id,
            project_id=row.project_id,
            sprint_id=row.sprint_id,
            created_at=row.created_at,
            **row.additional_data,
        )
        for row in rows
    ]
