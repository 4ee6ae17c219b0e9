"""Working days of a project: its country's calendar, and the days that it decides by itself."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import NotFound
from domain_services.project.logic import holidays, projects
from domain_services.project.models import calendar_days
from domain_services.project.schema import CalendarDay, CalendarDayPut, DayType, Holiday

_NAMES: Mapping[DayType, str] = {"holiday": "Company holiday", "working_day": "Working day"}


# Weekends differ by country, and some are worked (docs/adr/0040-calendar-by-country.md).
class WorkCalendar:
    """Working days of a place, with the days that a project has decided by itself (`own`).

    A `working_day` of `own` is worked even on a weekend.
    """

    def __init__(
        self, country: str, subdivision: str | None, own: Sequence[CalendarDay] = ()
    ) -> None:
        self._country = country
        self._subdivision = subdivision
        self._own = {day.date: day for day in own}

    def days_off(self, start: date, end: date) -> Iterator[Holiday]:
        """List holidays from `start` to `end`, both included, also those on a weekend."""
        for day in days(start, end):
            if (holiday := self.holiday(day)) is not None:
                yield holiday

    def holiday(self, day: date) -> Holiday | None:
        """Find the holiday on `day`; None on every other day."""
        if (own := self._own.get(day)) is not None:
            return (
                Holiday(date=day, name=own.name, source="project")
                if own.type == "holiday"
                else None
            )
        name = self._public(day).holidays.get(day)
        return None if name is None else Holiday(date=day, name=name, source="public")

    def is_weekend(self, day: date) -> bool:
        """Return True when `day` would be free without any holiday."""
        public = self._public(day)
        own = self._own.get(day)
        worked = day in public.workdays or (own is not None and own.type == "working_day")
        return day.weekday() in public.weekend and not worked

    def is_working_day(self, day: date) -> bool:
        """Return True on neither a weekend nor a holiday."""
        return not self.is_weekend(day) and self.holiday(day) is None

    def _public(self, day: date) -> holidays.PublicYear:
        return holidays.of_year(self._country, self._subdivision, day.year)


def days(start: date, end: date) -> list[date]:
    """List every day from `start` to `end`, both included."""
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def public_year(country: str, subdivision: str | None, year: int) -> list[Holiday]:
    """List public holidays of a place. Raises: `Invalid` for an unknown place."""
    holidays.require_known(country, subdivision)
    return _year(WorkCalendar(country, subdivision), year)


async def project_year(
    connection: AsyncConnection, project_id: str, year: int | None
) -> list[Holiday]:
    """List a project's holidays in `year`; None: its present one. Raises: `NotFound`."""
    project = await projects.get(connection, project_id)
    own = await list_own(connection, project_id)
    calendar = WorkCalendar(project.country, project.subdivision, own)
    return _year(calendar, year or project.today.year)


async def list_own(connection: AsyncConnection, project_id: str) -> list[CalendarDay]:
    """List the days that a project has decided by itself, by date. Raises: `NotFound`."""
    await projects.require(connection, project_id)
    own = calendar_days
    query = select(own.c.date, own.c.type, own.c.name).where(own.c.project_id == project_id)
    rows = await connection.execute(query.order_by(own.c.date))
    return [CalendarDay.model_validate(row, from_attributes=True) for row in rows]


async def put_own(
    connection: AsyncConnection, project_id: str, day: date, request: CalendarDayPut
) -> CalendarDay:
    """Decide one day, in place of an earlier decision. Raises: `NotFound`."""
    await projects.require(connection, project_id)
    values = {"type": request.type, "name": request.name or _NAMES[request.type]}
    statement = insert(calendar_days).values(project_id=project_id, date=day, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["project_id", "date"], set_=values)
    )
    return CalendarDay.model_validate({"date": day, **values})


async def delete_own(connection: AsyncConnection, project_id: str, day: date) -> CalendarDay:
    """Delete a project's own day, and return it. Raises: `NotFound` when there is none."""
    await projects.require(connection, project_id)
    own = calendar_days
    statement = (
        delete(own)
        .where(own.c.project_id == project_id, own.c.date == day)
        .returning(own.c.date, own.c.type, own.c.name)
    )
    row = (await connection.execute(statement)).first()
    if row is None:
        raise NotFound(
            f"{project_id} has no own calendar day on {day}: the country decides it already",
            date=day.isoformat(),
        )
    return CalendarDay.model_validate(row, from_attributes=True)


def _year(calendar: WorkCalendar, year: int) -> list[Holiday]:
    return list(calendar.days_off(date(year, 1, 1), date(year, 12, 31)))
