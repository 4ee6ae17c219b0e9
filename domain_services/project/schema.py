"""Wire types of the project service: projects, people, calendars."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain_services.kernel.types import Answer, Day, EmployeeId, Line, ProjectId, Prose, Wire

ProjectStatus = Literal["active", "inactive"]
ProgressMode = Literal["simulated", "reported"]
DayType = Literal["holiday", "working_day"]
MAX_LEAVE_DAYS = 366
# Years for which calendars are computed; everything that is a day of a project lies in them.
FIRST_YEAR, LAST_YEAR = 1970, 2100

ProjectDay = Annotated[
    Day, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31), examples=["2025-12-24"])
]
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$"), Field(examples=["US"])]
Subdivision = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,6}$")]


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())  # reads the heads of hundreds of files


def _known_timezone(name: str) -> str:
    if name not in _timezones():
        raise ValueError("is not an IANA time zone, e.g. Europe/Berlin")
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_known_timezone)]


class ProjectCreate(Wire):
    """`as_of` makes the project live at that date (imported history); null is the wall clock."""

    id: ProjectId
    name: Line
    description: Prose = ""
    status: ProjectStatus = "active"
    country: Country = "US"
    subdivision: Subdivision | None = None
    timezone: TimeZone = "UTC"
    progress_mode: ProgressMode = "simulated"
    as_of: ProjectDay | None = None


class ProjectCreated(Answer):
    message: str
    project_id: str


class Project(Answer):
    """`today` is the project's own day: `as_of` when set, else the day in its time zone."""

    id: str
    name: str
    description: str
    status: ProjectStatus
    country: str
    subdivision: str | None
    timezone: str
    progress_mode: ProgressMode
    as_of: date | None
    today: date
    created_at: datetime


class StatusChange(Wire):
    status: ProjectStatus


class StatusChanged(Answer):
    message: str
    project_id: str
    status: ProjectStatus


class CalendarChange(Wire):
    """Where a project works; the time zone stays when it is not named."""

    country: Country
    subdivision: Subdivision | None = None
    timezone: TimeZone | None = None


class EmployeeCreate(Wire):
    id: EmployeeId
    name: Line
    email: Line | None = None
    role: Line | None = None


class EmployeeCreated(Answer):
    message: str
    employee_id: str


class Employee(Answer):
    id: str
    name: str
    email: str | None
    role: str | None


class Assignment(Wire):
    employee_ids: Annotated[list[EmployeeId], Field(min_length=1, max_length=500)]


class Assigned(Answer):
    """`newly_assigned` leaves out those who were on the team before."""

    message: str
    project_id: str
    newly_assigned: list[str]


class TeamMembers(Answer):
    project_id: str
    team_members: list[Employee]


class Holiday(Answer):
    """A day off: of the country's calendar (`public`) or the project's own (`project`)."""

    date: date
    name: str
    source: Literal["public", "project"] = "public"


class CalendarDayPut(Wire):
    """`working_day` is worked whatever the calendar says, also on a weekend."""

    type: DayType = "holiday"
    name: Line | None = None


class CalendarDay(Answer):
    """A day that a project has decided by itself."""

    date: date
    type: DayType
    name: str


class PtoCreate(Wire):
    """Leave from the first to the last day, both included, at most 366 days."""

    start_date: ProjectDay
    end_date: ProjectDay
    reason: Prose = ""

    @model_validator(mode="after")
    def _ordered(self) -> "PtoCreate":
        if self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        if (self.end_date - self.start_date).days >= MAX_LEAVE_DAYS:
            raise ValueError(f"leave has at most {MAX_LEAVE_DAYS} days")
        return self


class Pto(Answer):
    id: int
    employee_id: str
    start_date: date
    end_date: date
    reason: str


class AvailabilityConflict(Answer):
    """A day on which the team (`holiday`) or one person (`pto`) does not work."""

    date: date
    type: Literal["holiday", "pto"]
    reason: str
    employee_id: str | None = None


class PersonCapacity(Answer):
    employee_id: str
    working_days: int


class Availability(Answer):
    """Capacity in working days of an inclusive window: less weekends, holidays and PTO.

    Weekend and holidays are those of the project's country, after the project's own days.

    `working_days` are those of somebody who takes no leave, `capacity` those of each person.
    `status`: `available` without conflicts, `conflicts` with some, `unavailable` when the team has
    members and none of them works a day. `team_working_days` is null for a project without members.
    """

    project_id: str
    timezone: str
    start_date: date
    end_date: date
    status: Literal["available", "conflicts", "unavailable"]
    conflicts: list[AvailabilityConflict]
    working_days: int
    team_working_days: int | None
    capacity: list[PersonCapacity]
