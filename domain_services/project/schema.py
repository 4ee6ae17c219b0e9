"""Wire types of the project service: projects, people, calendars."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StringConstraints,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from domain_services.kernel.types import (
    ALL_PROJECTS,
    Answer,
    Day,
    EmployeeId,
    Line,
    ProjectId,
    Prose,
    Wire,
    timezones,
)

ProjectStatus = Literal["active", "inactive"]
ProgressMode = Literal["simulated", "reported"]
# A name in the OpenAPI documents: `clock` of a `Project` is no `ProjectClock` to a generator.
Clock = TypeAliasType("Clock", Literal["live", "held"])
DayType = Literal["holiday", "working_day"]
# Days; a longer leave is a typing error in a year.
MAX_LEAVE_DAYS = 366
# Years for which calendars are computed; everything that is a day of a project lies in them.
FIRST_YEAR, LAST_YEAR = 1970, 2100

ProjectDay = Annotated[
    Day, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31), examples=["2025-12-24"])
]
# The form alone: clients import this file, and must not load the calendars that know the codes.
Country = Annotated[str, StringConstraints(pattern="^[A-Z]{2}$"), Field(examples=["US"])]
Subdivision = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,6}$")]


def _check_timezone(name: str) -> str:
    if name not in timezones():
        raise ValueError("is not an IANA time zone, e.g. Europe/Berlin")
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_check_timezone)]


class ProjectCreate(Wire):
    """Project to be created."""

    id: ProjectId
    """Id of the project; ids of its sprints and tasks begin with it."""
    name: Line
    """Name for people."""
    description: Prose = ""
    """Description for people."""
    status: ProjectStatus = "active"
    """Sprints are planned for `active` projects alone."""
    country: Country = "US"
    """Country (ISO 3166-1) of the calendar."""
    subdivision: Subdivision | None = None
    """Part of the country with its own holidays; null: the whole country."""
    timezone: TimeZone = "UTC"
    """IANA time zone of the project's day."""
    progress_mode: ProgressMode = "simulated"
    """Source of progress: simulated by the daily scrum, or reported by people."""
    as_of: ProjectDay | None = None
    """Day at which the project is held; null: it follows the clock."""
    assign_unowned: StrictBool = True
    """Whether a sprint deals tasks without an owner out to the team, in turn."""

    @field_validator("id")
    @classmethod
    def _is_one_project(cls, value: str) -> str:
        if value == ALL_PROJECTS:
            raise ValueError("names all projects in audits; choose another id")
        return value


class ProjectCreated(Answer):
    """Id of a created project."""

    message: str
    """Confirmation for people."""
    project_id: str
    """Id of the project."""


class Project(Answer):
    """Project with its place and its present day."""

    id: str
    """Id of the project."""
    name: str
    """Name for people."""
    description: str
    """Description for people."""
    status: ProjectStatus
    """Sprints are planned for `active` projects alone."""
    country: str
    """Country (ISO 3166-1) of the calendar."""
    subdivision: str | None
    """Part of the country with its own holidays; null: the whole country."""
    timezone: str
    """IANA time zone of the project's day."""
    progress_mode: ProgressMode
    """Source of progress: simulated by the daily scrum, or reported by people."""
    as_of: date | None
    """Day at which the project is held; null: it follows the clock."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    today: date
    """Present day of the project: `as_of` when set, else the day in its time zone."""
    created_at: datetime
    """Time of creation, UTC."""
    assign_unowned: bool = True
    """Whether a sprint deals tasks without an owner out to the team, in turn."""


class StatusChange(Wire):
    """Request to change a project's status."""

    status: ProjectStatus
    """Status from now on."""


class StatusChanged(Answer):
    """Changed status of a project."""

    message: str
    """Confirmation for people."""
    project_id: str
    """The project."""
    status: ProjectStatus
    """Status from now on."""


class ProjectEdit(Wire):
    """Request to change a project; an absent field stays as it is."""

    name: Line | None = None
    """Name for people; null: as before."""
    description: Prose | None = None
    """Description for people; null: as before."""
    progress_mode: ProgressMode | None = None
    """Source of progress from now on; null: as before."""
    assign_unowned: StrictBool | None = None
    """Whether sprints from now on deal out tasks without an owner; null: as before."""

    @model_validator(mode="after")
    def _check_something(self) -> "ProjectEdit":
        if not self.model_dump(exclude_none=True):
            raise ValueError("names nothing to change: name at least one field")
        return self


class ClockMove(Wire):
    """Request to move a held project to a later day, or to let it follow the clock."""

    to: ProjectDay | None = None
    """Later day, at most the real one in the project's zone; null with `live`."""
    live: Literal[True] | None = None
    """True: the project follows the clock from now on; null with `to`."""

    @model_validator(mode="after")
    def _check_choice(self) -> "ClockMove":
        if (self.to is None) == (self.live is None):
            raise ValueError("name either `to` with a day, or `live`")
        return self


class ProjectClock(Answer):
    """Day of a project, and whether it follows the clock."""

    project_id: str
    """The project."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    today: date
    """Present day of the project."""
    previous_day: date
    """Day before this move; the present day when nothing was moved."""
    message: str
    """The same for people."""


class CalendarChange(Wire):
    """Request to move a project to another place."""

    country: Country
    """Country (ISO 3166-1) of the calendar."""
    subdivision: Subdivision | None = None
    """Part of the country with its own holidays; null: the whole country."""
    timezone: TimeZone | None = None
    """IANA time zone of the project's day; null: as before."""


class EmployeeCreate(Wire):
    """Person to be created."""

    id: EmployeeId
    """Id of the person."""
    name: Line
    """Name of the person."""
    email: Line | None = None
    """Address; null: not known."""
    role: Line | None = None
    """Role for people; null: not known."""


class EmployeeCreated(Answer):
    """Id of a created person."""

    message: str
    """Confirmation for people."""
    employee_id: str
    """Id of the person."""


class Employee(Answer):
    """Person who may be on teams."""

    id: str
    """Id of the person."""
    name: str
    """Name of the person."""
    email: str | None
    """Address; null: not known."""
    role: str | None
    """Role for people; null: not known."""


class Assignment(Wire):
    """Request to put people on a project's team."""

    employee_ids: Annotated[list[EmployeeId], Field(min_length=1, max_length=500)]
    """Ids of the people."""


class Assigned(Answer):
    """Result of putting people on a team."""

    message: str
    """Confirmation for people."""
    project_id: str
    """The project."""
    newly_assigned: list[str]
    """Ids of the people who were not on the team before."""


class MemberRemoved(Answer):
    """Person who has left a team."""

    message: str
    """Confirmation for people, with what to do about open tasks."""
    project_id: str
    """The project."""
    employee_id: str
    """The person, who stays known and keeps the tasks of that name."""


class TeamMembers(Answer):
    """Team of a project."""

    project_id: str
    """The project."""
    team_members: list[Employee]
    """People in the order of joining."""


class Holiday(Answer):
    """Day on which nobody works."""

    date: date
    """The day."""
    name: str
    """Name of the holiday."""
    source: Literal["public", "project"] = "public"
    """Calendar of the country (`public`), or the project's own decision (`project`)."""


class CalendarDayPut(Wire):
    """Request to decide one day of a project."""

    type: DayType = "holiday"
    """`working_day` is worked whatever the calendar says, also on a weekend."""
    name: Line | None = None
    """Name of the day; null: a general name."""


class CalendarDay(Answer):
    """Day that a project has decided by itself."""

    date: date
    """The day."""
    type: DayType
    """`working_day` is worked whatever the calendar says, also on a weekend."""
    name: str
    """Name of the day."""


class PtoCreate(Wire):
    """Leave to be added, at most 366 days."""

    start_date: ProjectDay
    """First day of leave."""
    end_date: ProjectDay
    """Last day of leave."""
    reason: Prose = ""
    """Reason for people."""

    @model_validator(mode="after")
    def _check_days(self) -> "PtoCreate":
        if self.end_date < self.start_date:
            raise ValueError("end_date is before start_date")
        if (self.end_date - self.start_date).days >= MAX_LEAVE_DAYS:
            raise ValueError(f"leave has at most {MAX_LEAVE_DAYS} days")
        return self


class Pto(Answer):
    """Leave of one person."""

    id: int
    """Id of the leave."""
    employee_id: str
    """The person."""
    start_date: date
    """First day of leave."""
    end_date: date
    """Last day of leave."""
    reason: str
    """Reason for people."""


class AvailabilityConflict(Answer):
    """Day on which the team or one person does not work."""

    date: date
    """The day."""
    type: Literal["holiday", "pto"]
    """`holiday` of the team, or leave of one person (`pto`)."""
    reason: str
    """Name of the holiday, or reason of the leave."""
    employee_id: str | None = None
    """Person on leave; null for a holiday."""


class PersonCapacity(Answer):
    """Capacity of one person."""

    employee_id: str
    """The person."""
    working_days: int
    """Days that the person works."""


class Availability(Answer):
    """Capacity of a team in the working days of a window, both ends included.

    Weekends, holidays and leave are not working days. Weekends and holidays are those of the
    project's country, unless the project has decided a day by itself.
    """

    project_id: str
    """The project."""
    project_status: ProjectStatus
    """Sprints are planned for `active` projects alone."""
    progress_mode: ProgressMode
    """Source of progress: simulated by the daily scrum, or reported by people."""
    timezone: str
    """IANA time zone of the project's day."""
    clock: Clock
    """`live`: the project follows the clock; `held`: its day changes only when it is moved."""
    today: date
    """Present day of the project."""
    start_date: date
    """First day of the window."""
    end_date: date
    """Last day of the window."""
    status: Literal["available", "conflicts", "unavailable"]
    """`conflicts` with any conflict; `unavailable` when the team has members and none works."""
    conflicts: list[AvailabilityConflict]
    """Holidays and leave on days that would be worked otherwise."""
    working_days: int
    """Working days of somebody without leave."""
    work_days: list[date]
    """The same days by date, in order."""
    team_working_days: int | None
    """Working days of all members together; null for a project without members."""
    capacity: list[PersonCapacity]
    """Working days by member, in the order of joining."""
