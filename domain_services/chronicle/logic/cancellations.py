"""Cancellations of sprints: one a sprint."""

from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import SprintCancellationCreate

_INSERT = text(
    """
    INSERT INTO cancelled_sprints (sprint_id, id, project_id, reason, cancelled_at)
    VALUES (:sprint_id, :id, :project_id, :reason, :cancelled_at)
    ON CONFLICT DO NOTHING
    """
)
_ID = text("SELECT id FROM cancelled_sprints WHERE sprint_id = :sprint_id")


async def record(connection: AsyncConnection, cancellation: SprintCancellationCreate) -> UUID:
    """Store a cancellation; a sprint that is cancelled already keeps the first one."""
    await connection.execute(_INSERT, {"id": uuid4(), **cancellation.model_dump()})
    stored = await connection.execute(_ID, {"sprint_id": cancellation.sprint_id})
    return stored.scalar_one()
