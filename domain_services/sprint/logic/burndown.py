"""How many tasks were left at the end of each day of a sprint, from the recorded changes."""

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

_CHANGES = text(
    """
    SELECT DISTINCT ON (day, task_id) day, id, task_id, status = 'completed' AS completed
    FROM progress_history WHERE sprint_id = :sprint_id ORDER BY day, task_id, id DESC
    """
)


@dataclass(frozen=True)
class Change:
    """The last that was said of a task on a day; the higher `id` was said later."""

    day: date
    id: int
    task_id: str
    completed: bool


async def of(connection: AsyncConnection, sprint_id: str) -> Burndown:
    """Raises: `NotFound`."""
    sprint = await sprints.get(connection, sprint_id)
    kept = select(
        sprint_rows.c.timezone,
        sprint_rows.c.as_of,
        select(func.max(daily_scrums.c.scrum_date))
        .where(daily_scrums.c.sprint_id == sprint_id)
        .scalar_subquery()
        .label("last_scrum"),
    ).where(sprint_rows.c.id == sprint_id)
    row = dict((await connection.execute(kept)).mappings().one())
    found = await connection.execute(_CHANGES, {"sprint_id": sprint_id})
    changes = [Change(*each) for each in found]
    calendar = Calendar.of(row)
    first, last = _known(sprint, calendar, [row["last_scrum"], *(each.day for each in changes)])
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
    """One entry a day of the sprint; counts only from `first` to `last`, both included."""
    length = (sprint.end_date - sprint.start_date).days + 1
    coming = sorted(changes, key=lambda change: (change.day, change.id), reverse=True)
    newest: dict[str, Change] = {}
    days: list[BurndownDay] = []
    for passed in range(1, length + 1):
        day = sprint.start_date + timedelta(days=passed - 1)
        while coming and coming[-1].day <= day:
            change = coming.pop()
            # A day that was made up for comes later than the days after it, and has the last word.
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


def _known(
    sprint: SprintSummary, calendar: Calendar, told: Sequence[date | None]
) -> tuple[date, date]:
    """The first and the last day of which something is known; none when the first is later.

    A project that lives at a day may have later days simulated: what is told counts too.
    """
    first = calendar.day_of(sprint.created_at)
    if sprint.status in ("planned", "cancelled"):
        return first, first - timedelta(days=1)
    last = calendar.today() if sprint.closed_at is None else calendar.day_of(sprint.closed_at)
    return first, max([last, *(day for day in told if day is not None)])


def _reason(sprint: SprintSummary, first: date) -> str | None:
    if sprint.status in ("planned", "cancelled"):
        return f"{sprint.sprint_id} has not started: it is {sprint.status}"
    if first > sprint.start_date:
        return f"{sprint.sprint_id} was created on {first}: nothing is recorded of earlier days"
    return None
