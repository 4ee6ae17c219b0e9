"""The working-day capacity of a window. Every decision asks for it, so it is one query."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import text

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import utc_now
from domain_services.project.logic import projects
from domain_services.project.logic.calendar import WorkCalendar, days
from domain_services.project.schema import (
    Availability,
    AvailabilityConflict,
    CalendarDay,
    PersonCapacity,
)

MAX_WINDOW_DAYS = 366
DEFAULT_WINDOW_DAYS = 14

# Without dates the window begins on the project's own day, which is at most one day from UTC's:
# a day more is read on either side.
_FIND = text(
    """
    WITH project AS (
        SELECT id, country, subdivision, timezone, as_of,
               coalesce(CAST(:start AS date), as_of, current_date - 1) AS first,
               coalesce(CAST(:end AS date), coalesce(as_of, current_date + 1) + :days) AS last
        FROM projects WHERE id = :project_id)
    SELECT country, subdivision, timezone, as_of,
           (SELECT coalesce(json_agg(employee_id ORDER BY position), '[]')
            FROM team_members WHERE project_id = project.id) AS team,
           (SELECT coalesce(json_agg(json_build_array(employee_id, start_date, end_date, reason)
                                     ORDER BY start_date, pto.id), '[]')
            FROM pto JOIN team_members USING (employee_id)
            WHERE project_id = project.id AND start_date <= last AND end_date >= first) AS leave,
           (SELECT coalesce(json_agg(own), '[]') FROM calendar_days AS own
            WHERE project_id = project.id AND date BETWEEN first AND last) AS own_days
    FROM project
    """
)


@dataclass(frozen=True)
class Leave:
    """Days on which a person is away, both included."""

    employee_id: str
    start: date
    end: date
    reason: str


async def check(
    database: Database,
    project_id: str,
    start: date | None = None,
    end: date | None = None,
    length: int | None = None,
) -> Availability:
    """Who can work when, from `start` to `end` inclusive, or for `length` days from today on.

    Raises: `NotFound`, `Invalid` for a window that is none.
    """
    _require_window(start, end, length)
    length = length or DEFAULT_WINDOW_DAYS
    wanted = {"project_id": project_id, "start": start, "end": end, "days": length}
    found = await database.rows(_FIND, wanted)
    if not found:
        raise projects.unknown(project_id)
    (row,) = found
    start = start or projects.today(row.as_of, row.timezone, utc_now())
    return _availability(project_id, row, start, end or start + timedelta(days=length - 1))


def _require_window(start: date | None, end: date | None, length: int | None) -> None:
    if (start is None) != (end is None):
        missing = "end_date" if end is None else "start_date"
        raise Invalid(f"{missing} is missing: name both dates or neither")
    if start is None or end is None:
        return
    if length is not None:
        raise Invalid("days is for a window without dates")
    if end < start:
        raise Invalid(f"end_date {end} is before start_date {start}")
    if (end - start).days >= MAX_WINDOW_DAYS:
        raise Invalid(f"the window has more than {MAX_WINDOW_DAYS} days")


def _availability(project_id: str, row: Any, start: date, end: date) -> Availability:
    own = [CalendarDay.model_validate(each) for each in row.own_days]
    calendar = WorkCalendar(row.country, row.subdivision, own)
    working = [day for day in days(start, end) if calendar.is_working_day(day)]
    away = [_leave(*each) for each in row.leave]
    absences = [(day, each) for each in away for day in working if each.start <= day <= each.end]
    absent = {(day, each.employee_id) for day, each in absences}
    capacity = [
        PersonCapacity(
            employee_id=person, working_days=sum((day, person) not in absent for day in working)
        )
        for person in row.team
    ]
    conflicts = _holidays(calendar, start, end) + [_absence(day, each) for day, each in absences]
    total = sum(person.working_days for person in capacity)
    status = "conflicts" if conflicts else "available"
    return Availability(
        project_id=project_id,
        timezone=row.timezone,
        start_date=start,
        end_date=end,
        status="unavailable" if capacity and total == 0 else status,
        conflicts=sorted(conflicts, key=lambda each: (each.date, each.employee_id or "")),
        working_days=len(working),
        team_working_days=total if capacity else None,
        capacity=capacity,
    )


def _leave(employee_id: str, start: str, end: str, reason: str) -> Leave:
    return Leave(employee_id, date.fromisoformat(start), date.fromisoformat(end), reason)


def _holidays(calendar: WorkCalendar, start: date, end: date) -> list[AvailabilityConflict]:
    """Holidays on days that would be worked otherwise."""
    return [
        AvailabilityConflict(date=each.date, type="holiday", reason=each.name)
        for each in calendar.days_off(start, end)
        if not calendar.is_weekend(each.date)
    ]


def _absence(day: date, leave: Leave) -> AvailabilityConflict:
    return AvailabilityConflict(
        date=day, type="pto", reason=leave.reason, employee_id=leave.employee_id
    )
