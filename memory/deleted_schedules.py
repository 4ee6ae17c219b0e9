"""Daily scrums that people deleted: the sprint gets none again by itself."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from memory.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class DeletedSchedule:
    """Deletion of a sprint's schedule by a person."""

    sprint_id: str
    """The sprint."""
    deleted_by: str
    """Name of the API key."""
    deleted_at: datetime
    """Moment of the deletion."""


class DeletedSchedules:
    """Deletions in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_project(self, project_id: str) -> dict[str, DeletedSchedule]:
        """Return the deletions of a project, by sprint."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(DeletedSchedule)) as cursor,
        ):
            await cursor.execute(
                "SELECT sprint_id, deleted_by, deleted_at FROM deleted_schedules"
                " WHERE project_id = %s",
                (project_id,),
            )
            return {deletion.sprint_id: deletion for deletion in await cursor.fetchall()}

    async def remember(self, project_id: str, sprint_id: str, by: str) -> None:
        """Remember who deleted the schedule of a sprint."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "INSERT INTO deleted_schedules (sprint_id, project_id, deleted_by)"
                " VALUES (%s, %s, %s) ON CONFLICT (sprint_id) DO UPDATE"
                " SET deleted_by = excluded.deleted_by, deleted_at = now()",
                (sprint_id, project_id, by),
            )

    async def forget(self, sprint_id: str) -> None:
        """Forget a deletion, because somebody schedules the sprint again."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM deleted_schedules WHERE sprint_id = %s", (sprint_id,)
            )


async def delete_of_sprint(connection: Connection, sprint_id: str) -> None:
    """Delete everything that is scheduled for a sprint that has ended, in its transaction."""
    await connection.execute(
        "DELETE FROM job_results USING cronjobs"
        " WHERE job_results.name = cronjobs.name AND cronjobs.sprint_id = %s",
        (sprint_id,),
    )
    await connection.execute("DELETE FROM cronjobs WHERE sprint_id = %s", (sprint_id,))
    await connection.execute("DELETE FROM deleted_schedules WHERE sprint_id = %s", (sprint_id,))
