"""Burndown of a sprint: tasks left at the end of each day, from the recorded changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.sprint.logic import sprint_end, sprints
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


@dataclass(frozen=True)
class KnownDays:
    """Days of which something may be recorded; none when the first is later than the last."""

    first: date
    """Day of the project on which the sprint was created."""
    last: date
    """Day of the project now, of the close, or of the last record."""


async def read(connection: AsyncConnection, sprint_id: str, calendar: Calendar | None) -> Burndown:
    """Read the burndown of a sprint; `calendar` None: its stored copy. Raises: `NotFound`."""
    sprint = await sprints.get(connection, sprint_id)
    query = select(
        sprint_rows.c.timezone,
        sprint_rows.c.as_of,
        sprint_rows.c.created_on,
        sprint_rows.c.working_days,
        select(func.max(daily_scrums.c.scrum_date))
        .where(daily_scrums.c.sprint_id == sprint_id)
        .scalar_subquery()
        .label("last_scrum"),
    ).where(sprint_rows.c.id == sprint_id)
    row = (await connection.execute(query)).one()
    rows = await connection.execute(_CHANGES, {"sprint_id": sprint_id})
    changes = [Change(*change) for change in rows]
    calendar = calendar or Calendar(row.timezone, row.as_of)
    today = calendar.today()
    recorded_days = [row.last_scrum, *(change.day for change in changes)]
    first = row.created_on or calendar.day_of(sprint.created_at)
    last = _last_known_day(sprint, today, recorded_days)
    working_days = row.working_days
    if working_days is None:
        working_days = list(sprint_end.weekdays(sprint.start_date, sprint.end_date))
    days = compute(sprint, changes, KnownDays(first, last), working_days)
    return Burndown(
        sprint_id=sprint_id,
        project_id=sprint.project_id,
        status=sprint.status,
        timezone=calendar.timezone,
        clock=calendar.clock,
        today=today,
        progress_source=sprint.progress_source,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        total_tasks=sprint.total_tasks,
        remaining_tasks=sprint.pending_tasks,
        days=days,
        reason=_reason(sprint, first),
    )


def compute(
    sprint: SprintSummary, changes: Sequence[Change], known: KnownDays, working_days: Sequence[date]
) -> list[BurndownDay]:
    """Count the open tasks of each day; None on a day that is not `known`."""
    pending = sorted(changes, key=lambda change: (change.day, change.id), reverse=True)
    newest: dict[str, Change] = {}
    days: list[BurndownDay] = []
    for day, ideal in _ideal_line(sprint, working_days):
        while pending and pending[-1].day <= day:
            change = pending.pop()
            # A missed day may be reported after the days that follow it: the later report counts.
            if change.task_id not in newest or newest[change.task_id].id < change.id:
                newest[change.task_id] = change
        done = sum(change.completed for change in newest.values())
        remaining = sprint.total_tasks - done if known.first <= day <= known.last else None
        days.append(BurndownDay(day=day, ideal_remaining=ideal, remaining_tasks=remaining))
    return days


def _ideal_line(
    sprint: SprintSummary, working_days: Sequence[date]
) -> Iterator[tuple[date, float]]:
    """Yield each day with the tasks that an even pace of working days leaves at its end."""
    length = (sprint.end_date - sprint.start_date).days + 1
    days = [sprint.start_date + timedelta(days=passed) for passed in range(length)]
    # A sprint of holidays alone has no pace: its line falls by calendar days.
    falling = set(working_days) & set(days) or set(days)
    days_to_come = len(falling)
    for day in days:
        days_to_come -= day in falling
        yield day, round(sprint.total_tasks * days_to_come / len(falling), 2)


def _last_known_day(sprint: SprintSummary, today: date, recorded: Sequence[date | None]) -> date:
    # Scrums may be held ahead: records count too.
    if sprint.status in ("planned", "cancelled"):
        return date.min
    last = today if sprint.closed_at is None else sprint.ended_on or sprint.end_date
    return max([last, *(day for day in recorded if day is not None)])


def _reason(sprint: SprintSummary, first: date) -> str | None:
    if sprint.status == "cancelled" and sprint.total_tasks:
        return f"{sprint.sprint_id} was cancelled before anybody reported"
    if sprint.status in ("planned", "cancelled"):
        return f"{sprint.sprint_id} has not started: it is {sprint.status}"
    if first > sprint.start_date:
        return f"{sprint.sprint_id} was created on {first}: nothing is recorded of earlier days"
    return None
