"""End of a sprint: the day on which it ended, and whether it was worked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.schema import Sprint

_WEEKEND = 5  # Saturday, as date.weekday() counts
# Days that were held ahead of the project's own are over as well.
_RECORDED = text(
    """
    SELECT timezone, as_of, working_days, greatest(
        (SELECT max(scrum_date) FROM daily_scrums WHERE sprint_id = sprints.id),
        (SELECT max(day) FROM progress_history WHERE sprint_id = sprints.id)) AS last_record
    FROM sprints WHERE id = :sprint_id
    """
)


@dataclass(frozen=True)
class SprintEnd:
    """End of a sprint that is being closed."""

    today: date
    """Day of the project at the close."""
    ended_on: date
    """Last day that the sprint ran, from its first day to its planned last."""
    working_days: Sequence[date]
    """Working days of the planned sprint."""
    worked: bool
    """Whether the sprint counts as history."""
    completed_outside: int | None = None
    """Tasks of the project finished in its days outside it; None: not known."""
    completed_arrived: int | None = None
    """Of these, the tasks created after the sprint began; None: not known."""

    @property
    def days_over(self) -> int:
        """Count the working days that are over."""
        return sum(day <= self.ended_on for day in self.working_days)


async def read(connection: AsyncConnection, sprint: Sprint, calendar: Calendar | None) -> SprintEnd:
    """Find the end of a sprint that closes now; `calendar` None: the sprint's stored copy."""
    row = (await connection.execute(_RECORDED, {"sprint_id": sprint.sprint_id})).one()
    today = (calendar or Calendar(row.timezone, row.as_of)).today()
    return judge(sprint, today, row.last_record, row.working_days)


def judge(
    sprint: Sprint, today: date, last_record: date | None, working_days: Sequence[date] | None
) -> SprintEnd:
    """Judge a sprint that closes on a day of its project; `last_record` is its last entry's day.

    A sprint was worked when somebody made progress, and either all tasks are completed or at least
    half of its working days are over.
    """
    last = max(today, last_record or today)
    ended_on = max(sprint.start_date, min(last, sprint.end_date))
    if working_days is None:
        working_days = list(weekdays(sprint.start_date, sprint.end_date))
    over = sum(day <= ended_on for day in working_days)
    long_enough = sprint.pending_tasks == 0 or 2 * over >= len(working_days)
    worked = sprint.progress_source != "none" and long_enough
    return SprintEnd(today, ended_on, working_days, worked)


def weekdays(first: date, last: date) -> Iterator[date]:
    """Yield Monday to Friday, for a sprint of a release that stored no working days."""
    for passed in range((last - first).days + 1):
        day = first + timedelta(days=passed)
        if day.weekday() < _WEEKEND:
            yield day
