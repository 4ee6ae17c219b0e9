"""Clock of a project: it follows the real one, or is held at a day and moved on by people."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, Problem
from domain_services.kernel.types import utc_now
from domain_services.project.logic import projects
from domain_services.project.models import projects as project_rows
from domain_services.project.schema import ClockMove, ProjectClock


class ClockMovesBack(Conflict):
    code = "clock_moves_back"


class ClockIsLive(Conflict):
    code = "clock_is_live"


class DayNotReached(Problem):
    """Refusal of a day that has not begun where the project is."""

    status = 422
    code = "day_not_reached"
    title = "Day not reached"


async def read(database: Database, project_id: str) -> ProjectClock:
    """Read the day of a project. Raises: `NotFound`."""
    project = await projects.read(database, project_id)
    return _answer(project_id, project.as_of, project.today, project.today)


async def move(connection: AsyncConnection, project_id: str, request: ClockMove) -> ProjectClock:
    """Move a held project on, or release it; the same move again changes nothing.

    Raises: `NotFound`, `ClockMovesBack`, `ClockIsLive`, `DayNotReached`.
    """
    # Simultaneous moves queue here: the second is compared with the day of the first.
    query = select(project_rows.c.as_of, project_rows.c.timezone)
    query = query.where(project_rows.c.id == project_id).with_for_update(key_share=True)
    row = (await connection.execute(query)).first()
    if row is None:
        raise projects.unknown(project_id)
    real_today = utc_now().astimezone(ZoneInfo(row.timezone)).date()
    today = row.as_of or real_today
    _check(project_id, row.as_of, real_today, request)
    if request.to != row.as_of:
        statement = update(project_rows).where(project_rows.c.id == project_id)
        await connection.execute(statement.values(as_of=request.to))
    return _answer(project_id, request.to, request.to or real_today, today)


def _check(project_id: str, as_of: date | None, real_today: date, request: ClockMove) -> None:
    """Refuse a move back, to a day to come, or of a project that follows the clock."""
    if as_of is None:
        if request.to is not None:
            raise ClockIsLive(
                f"{project_id} follows the clock, and its day moves by itself:"
                " only a project that is held at a day can be moved",
                today=real_today.isoformat(),
            )
        return
    day = request.to or real_today
    if day < as_of:
        raise ClockMovesBack(
            f"{project_id} is held at {as_of} and cannot go back to {day}: name a later day",
            today=as_of.isoformat(),
        )
    if day > real_today:
        raise DayNotReached(
            f"{day} has not begun in the time zone of {project_id}:"
            f" name a day up to {real_today}, or let it follow the clock",
            last_day=real_today.isoformat(),
        )


def _answer(project_id: str, as_of: date | None, today: date, previous_day: date) -> ProjectClock:
    clock = projects.clock(as_of)
    state = f"is held at {today}" if clock == "held" else f"follows the clock: it is {today}"
    before = "" if previous_day == today else f"; it was {previous_day} before"
    return ProjectClock(
        project_id=project_id,
        clock=clock,
        today=today,
        previous_day=previous_day,
        message=f"{project_id} {state}{before}.",
    )
