"""Capacity of a team in the working days of a window."""

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

# A year; every day is computed.
MAX_WINDOW_DAYS = 366
# The usual sprint.
DEFAULT_WINDOW_DAYS = 14

# docs/adr/0041-availability-query.md
# One query, because every decision reads the capacity. Without dates the window begins on the
# project's own day, which is at most one day from UTC's: a day more is read on either side.
_FIND = text(
    """
    WITH project AS (
        SELECT id, country, subdivision, timezone, as_of, status, progress_mode,
               coalesce(CAST(:start AS date), as_of, current_date - 1) AS first,
               coalesce(CAST(:end AS date), coalesce(as_of, current_date + 1) + :days) AS last
        FROM projects WHERE id = :project_id)
    SELECT country, subdivision, timezone, as_of, status, progress_mode,
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
    """Leave of one person."""

    employee_id: str
    """The person."""
    start: date
    """First day of leave."""
    end: date
    """Last day of leave."""
    reason: str
    """Reason for people."""


async def check(
    database: Database,
    project_id: str,
    start: date | None = None,
    end: date | None = None,
    length: int | None = None,
) -> Availability:
    """Compute the capacity from `start` to `end` inclusive, or of `length` days from today on.

    Raises: `NotFound`; `Invalid` for a window with one date, in the wrong order or too long.
    """
    _require_window(start, end, length)
    length = length or DEFAULT_WINDOW_DAYS
    values = {"project_id": project_id, "start": start, "end": end, "days": length}
    rows = await database.rows(_FIND, values)
    if not rows:
        raise projects.unknown(project_id)
    (row,) = rows
    start = start or _today(row)
    return _availability(project_id, row, start, end or start + timedelta(days=length - 1))


def _require_window(start: date | None, end: date | None, length: int | None) -> None:
    if (start is None) != (end is None):
        missing = "end_date" if end is None else "start_date"
        raise Invalid(f"{missing} is missing: name both dates or neither")
    if start is None or end is None:
        return
    if length is not None:
        raise Invalid("days is for a window without dates: leave out days, or both dates")
    if end < start:
        raise Invalid(f"end_date {end} is before start_date {start}: name them the other way round")
    if (end - start).days >= MAX_WINDOW_DAYS:
        raise Invalid(f"the window has more than {MAX_WINDOW_DAYS} days: name a shorter one")


def _today(row: Any) -> date:
    return projects.today(row.as_of, row.timezone, utc_now())


def _availability(project_id: str, row: Any, start: date, end: date) -> Availability:
    project_days = [CalendarDay.model_validate(day) for day in row.own_days]
    calendar = WorkCalendar(row.country, row.subdivision, project_days)
    working = [day for day in days(start, end) if calendar.is_working_day(day)]
    leaves = [_leave(*columns) for columns in row.leave]
    absences = [
        (day, leave) for leave in leaves for day in working if leave.start <= day <= leave.end
    ]
    absent = {(day, leave.employee_id) for day, leave in absences}
    capacity = [
        PersonCapacity(
            employee_id=person, working_days=sum((day, person) not in absent for day in working)
        )
        for person in row.team
    ]
    conflicts = _holidays(calendar, start, end)
    conflicts += [_absence(day, leave) for day, leave in absences]
    total = sum(person.working_days for person in capacity)
    status = "conflicts" if conflicts else "available"
    return Availability(
        project_id=project_id,
        project_status=row.status,
        progress_mode=row.progress_mode,
        timezone=row.timezone,
        clock=projects.clock(row.as_of),
        today=_today(row),
        start_date=start,
        end_date=end,
        # Most imported projects have no team: they must not count as absent.
        status="unavailable" if capacity and total == 0 else status,
        conflicts=sorted(
            conflicts, key=lambda conflict: (conflict.date, conflict.employee_id or "")
        ),
        working_days=len(working),
        work_days=working,
        team_working_days=total if capacity else None,
        capacity=capacity,
    )


def _leave(employee_id: str, start: str, end: str, reason: str) -> Leave:
    return Leave(employee_id, date.fromisoformat(start), date.fromisoformat(end), reason)


def _holidays(calendar: WorkCalendar, start: date, end: date) -> list[AvailabilityConflict]:
    """List holidays on days that would be worked otherwise."""
    return [
        AvailabilityConflict(date=holiday.date, type="holiday", reason=holiday.name)
        for holiday in calendar.days_off(start, end)
        if not calendar.is_weekend(holiday.date)
    ]


def _absence(day: date, leave: Leave) -> AvailabilityConflict:
    return AvailabilityConflict(
        date=day, type="pto", reason=leave.reason, employee_id=leave.employee_id
    )
