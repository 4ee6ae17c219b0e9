"""Daily scrums that people deleted or rejected: the sprint gets none again by itself."""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from memory.pool import Connection, Pool


@dataclass(frozen=True, slots=True)
class DeletedSchedule:
    """Deletion of a sprint's schedule by a person, or rejection of the step that creates it."""

    sprint_id: str
    """The sprint."""
    deleted_by: str
    """Name of the API key."""
    deleted_at: datetime
    """Moment of the deletion or rejection."""
    rejected: bool
    """True when a person rejected the schedule before there was one."""

    @property
    def in_words(self) -> str:
        """Say who did not want the schedule, and since which day."""
        verb = "rejected" if self.rejected else "deleted"
        return f"{self.deleted_by} {verb} it on {self.deleted_at.date().isoformat()}"


def insert_rejection_of(answered: LiteralString) -> LiteralString:
    """Return the part of a statement that remembers the sprint `%(unscheduled)s` of a run.

    `answered` names a part with the answered run; None as the sprint remembers nothing. Neither
    does a sprint that has ended meanwhile, or whose schedule somebody has added.
    """
    return f"""
        INSERT INTO deleted_schedules (sprint_id, project_id, deleted_by, deleted_at, rejected)
        SELECT %(unscheduled)s::text, project_id, reviewed_by, reviewed_at, true FROM {answered}
        WHERE %(unscheduled)s::text IS NOT NULL
            AND NOT EXISTS (SELECT FROM sprint_outcomes WHERE sprint_id = %(unscheduled)s)
            AND NOT EXISTS (SELECT FROM cancelled_sprints WHERE sprint_id = %(unscheduled)s)
            AND NOT EXISTS (SELECT FROM cronjobs WHERE sprint_id = %(unscheduled)s)
        ON CONFLICT (sprint_id) DO NOTHING
    """


class DeletedSchedules:
    """Deletions and rejections in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_project(self, project_id: str) -> dict[str, DeletedSchedule]:
        """Return the deletions and rejections of a project, by sprint."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(DeletedSchedule)) as cursor,
        ):
            await cursor.execute(
                "SELECT sprint_id, deleted_by, deleted_at, rejected FROM deleted_schedules"
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
                " SET deleted_by = excluded.deleted_by, deleted_at = now(), rejected = false",
                (sprint_id, project_id, by),
            )

    async def forget(self, sprint_id: str) -> None:
        """Forget a deletion or rejection, because somebody schedules the sprint again."""
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
