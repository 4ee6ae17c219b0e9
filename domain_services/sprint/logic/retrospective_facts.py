"""Facts of a sprint for its retrospective, read from the sprint's rows."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.sprint.logic.retrospective import Facts, Impediment
from domain_services.sprint.models import progress_history
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Sprint

_CARRIED_IN = text(
    """
    SELECT DISTINCT earlier.task_id FROM sprint_tasks AS earlier
    JOIN sprint_tasks AS present ON present.task_id = earlier.task_id
    WHERE present.sprint_id = :sprint_id AND earlier.sprint_id <> :sprint_id
    """
)
# A task that entered with progress had started before: the sprint's first day counts for it.
_STARTED = text(
    """
    SELECT task.task_id, CASE WHEN coalesce(entered.percentage, task.progress_percentage) > 0
                              THEN sprints.start_date ELSE moved.day END AS day
    FROM sprints JOIN sprint_tasks AS task ON task.sprint_id = sprints.id
    LEFT JOIN LATERAL (
        SELECT previous_percentage AS percentage FROM progress_history AS h
        WHERE h.sprint_id = task.sprint_id AND h.task_id = task.task_id
        ORDER BY id LIMIT 1) AS entered ON true
    LEFT JOIN LATERAL (
        SELECT min(h.day) AS day FROM progress_history AS h
        WHERE h.sprint_id = task.sprint_id AND h.task_id = task.task_id
          AND (h.progress_percentage > 0 OR h.status <> 'assigned_to_sprint')) AS moved ON true
    WHERE sprints.id = :sprint_id ORDER BY task.task_id
    """
)


async def read(connection: AsyncConnection, sprint: Sprint, team: Sequence[str] | None) -> Facts:
    """Read the facts of a sprint; `team` None: the team as the sprint last stored it.

    Without a known team, the people who hold tasks attend.
    """
    values = {"sprint_id": sprint.sprint_id}
    of_sprint = sprint_rows.c.id == sprint.sprint_id
    if team is None:
        team = await connection.scalar(select(sprint_rows.c.team).where(of_sprint)) or []
    holders = sorted({task.assigned_to for task in sprint.tasks if task.assigned_to is not None})
    impediments = await connection.execute(
        select(progress_history.c.task_id, progress_history.c.impediments)
        .where(
            progress_history.c.sprint_id == sprint.sprint_id,
            progress_history.c.impediments.is_not(None),
        )
        .order_by(progress_history.c.id)
    )
    started = await connection.execute(_STARTED, values)
    return Facts(
        carried_in=set(await connection.scalars(_CARRIED_IN, values)),
        started={row.task_id: row.day for row in started if row.day is not None},
        impediments=[Impediment(row.task_id, row.impediments) for row in impediments],
        attendees=team or holders,
    )
