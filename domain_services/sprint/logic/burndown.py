"""Burndown of a sprint: tasks left at the end of each day, from the recorded changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.sprint.logic import sprints
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.models import daily_scrums
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Burndown, BurndownDay, SprintSummary

# The last report of each day and task: earlier ones of the day do not show in a daily line.
_CHANGES = text(
    """
    SELECT DISTINCT ON (day, task_id) day, id, task_id, status = 'completed' AS completed
    FROM progress_history WHERE sprint_id = :sprint_id ORDER BY day, task_id, id DESC
    """
)


@dataclass(frozen=True)
class Change:
    """Last report of a day on a task."""

    day: date
    """Day of the project."""
    id: int
    """Order of the reports: the higher one came later."""
    task_id: str
    """Id of the task."""
    completed: bool
    """Whether the report completed the task."""


async def read(connection: AsyncConnection, sprint_id: str) -> Burndown:
    """Read the burndown of a sprint. Raises: `NotFound`."""
    sprint = await sprints.get(connection, sprint_id)
    query = select(
        sprint_rows.c.timezone,
        sprint_rows.c.as_of,
        select(func.max(daily_scrums.c.scrum_date))
        .where(daily_scrums.c.sprint_id == sprint_id)
        .scalar_subquery()
        .label("last_scrum"),
    ).where(sprint_rows.c.id == sprint_id)
    row = (await connection.execute(query)).one()
    rows = await connection.execute(_CHANGES, {"sprint_id": sprint_id})
    changes = [Change(*change) for change in rows]
    calendar = Calendar(row.timezone, row.as_of)
    recorded_days = [row.last_scrum, *(change.day for change in changes)]
    first, last = _known_days(sprint, calendar, recorded_days)
    days = compute(sprint, changes, first, last)
    return Burndown(
        sprint_id=sprint_id,
        project_id=sprint.project_id,
        status=sprint.status,
        timezone=calendar.timezone,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        total_tasks=sprint.total_tasks,
        remaining_tasks=sprint.pending_tasks,
        days=days,
        reason=_reason(sprint, first),
    )


def compute(
    sprint: SprintSummary, changes: Sequence[Change], first: date, last: date
) -> list[BurndownDay]:
    """Count the open tasks of each day; None outside `first` to `last`, both included."""
    length = (sprint.end_date - sprint.start_date).days + 1
    pending = sorted(changes, key=lambda change: (change.day, change.id), reverse=True)
    newest: dict[str, Change] = {}
    days: list[BurndownDay] = []
    for passed in range(1, length + 1):
        day = sprint.start_date + timedelta(days=passed - 1)
        while pending and pending[-1].day <= day:
            change = pending.pop()
            # A missed day may be reported after the days that follow it: the later report counts.
            if change.task_id not in newest or newest[change.task_id].id < change.id:
                newest[change.task_id] = change
        done = sum(change.completed for change in newest.values())
        days.append(
            BurndownDay(
                day=day,
                ideal_remaining=round(sprint.total_tasks * (length - passed) / length, 2),
                remaining_tasks=sprint.total_tasks - done if first <= day <= last else None,
            )
        )
    return days


def _known_days(
    sprint: SprintSummary, calendar: Calendar, recorded: Sequence[date | None]
) -> tuple[date, date]:
    """Return the first and the last known day; the first is later when no day is known."""
    # A project that lives at a day (`as_of`) may have later days simulated: records count too.
    first = calendar.day_of(sprint.created_at)
    if sprint.status in ("planned", "cancelled"):
        return first, first - timedelta(days=1)
    last = calendar.today() if sprint.closed_at is None else calendar.day_of(sprint.closed_at)
    return first, max([last, *(day for day in recorded if day is not None)])


def _reason(sprint: SprintSummary, first: date) -> str | None:
    if sprint.status in ("planned", "cancelled"):
        return f"{sprint.sprint_id} has not started: it is {sprint.status}"
    if first > sprint.start_date:
        return f"{sprint.sprint_id} was created on {first}: nothing is recorded of earlier days"
    return None
