"""Projects: create, read, list, change status and place."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, Invalid, NotFound
from domain_services.kernel.types import utc_now
from domain_services.project.logic import holidays
from domain_services.project.models import projects
from domain_services.project.schema import (
    CalendarChange,
    Clock,
    Project,
    ProjectCreate,
    ProjectEdit,
    ProjectStatus,
)

# Read past SQLAlchemy too, where every decision waits (docs/adr/0003-fast-reads.md).
_GET = text("SELECT * FROM projects WHERE id = :project_id")


async def create(connection: AsyncConnection, request: ProjectCreate) -> None:
    """Store a new project.

    Raises: `Conflict` for a taken id, `Invalid` for an unknown calendar or a day to come.
    """
    holidays.require_known(request.country, request.subdivision)
    require_reached(request)
    statement = insert(projects).values(request.model_dump()).on_conflict_do_nothing()
    if await connection.scalar(statement.returning(projects.c.id)) is None:
        raise Conflict(
            f"project {request.id} exists already: choose another id", project_id=request.id
        )


def require_reached(request: ProjectCreate) -> None:
    """Refuse to hold a project at a day that has not begun in its zone. Raises: `Invalid`."""
    real_today = today(None, request.timezone, utc_now())
    if request.as_of is not None and request.as_of > real_today:
        raise Invalid(
            f"body.as_of: {request.as_of} has not begun in {request.timezone}: name a day up to"
            f" {real_today}, or leave it out to follow the clock"
        )


async def get(connection: AsyncConnection, project_id: str) -> Project:
    """Read one project. Raises: `NotFound`."""
    row = (await connection.execute(_GET, {"project_id": project_id})).first()
    if row is None:
        raise unknown(project_id)
    return _project(row, utc_now())


async def read(database: Database, project_id: str) -> Project:
    """Read one project past SQLAlchemy, as every decision does. Raises: `NotFound`."""
    rows = await database.rows(_GET, {"project_id": project_id})
    if not rows:
        raise unknown(project_id)
    return _project(rows[0], utc_now())


async def require(connection: AsyncConnection, project_id: str) -> None:
    """Refuse an unknown project. Raises: `NotFound`."""
    query = select(projects.c.id).where(projects.c.id == project_id)
    if await connection.scalar(query) is None:
        raise unknown(project_id)


async def lock(connection: AsyncConnection, project_id: str) -> None:
    """Lock the project's team for a change. Raises: `NotFound`."""
    # Without the lock, two lists of the same people in different orders would deadlock.
    query = select(projects.c.id).where(projects.c.id == project_id)
    # key_share: other rows may be stored with a reference to the project meanwhile.
    if await connection.scalar(query.with_for_update(key_share=True)) is None:
        raise unknown(project_id)


def unknown(project_id: str) -> NotFound:
    """Make the error for a project that does not exist."""
    return NotFound(f"there is no project {project_id}", project_id=project_id)


async def list_page(
    connection: AsyncConnection, limit: int, offset: int
) -> tuple[list[Project], int]:
    """List one page of projects by id, and count all."""
    page = select(projects).order_by(projects.c.id).limit(limit).offset(offset)
    rows = (await connection.execute(page)).all()
    total = await connection.scalar(select(func.count()).select_from(projects))
    now = utc_now()
    return [_project(row, now) for row in rows], int(total or 0)


async def set_status(connection: AsyncConnection, project_id: str, status: ProjectStatus) -> None:
    """Change a project's status. Raises: `NotFound`."""
    statement = update(projects).where(projects.c.id == project_id).values(status=status)
    if (await connection.execute(statement)).rowcount == 0:
        raise unknown(project_id)


async def edit(connection: AsyncConnection, project_id: str, request: ProjectEdit) -> Project:
    """Change the named fields of a project. Raises: `NotFound`."""
    values = request.model_dump(exclude_none=True)
    statement = update(projects).where(projects.c.id == project_id).values(values)
    row = (await connection.execute(statement.returning(projects))).first()
    if row is None:
        raise unknown(project_id)
    return _project(row, utc_now())


async def set_calendar(
    connection: AsyncConnection, project_id: str, request: CalendarChange
) -> Project:
    """Move a project to another place. Raises: `NotFound`, `Invalid` for an unknown calendar."""
    holidays.require_known(request.country, request.subdivision)
    # A place without a subdivision removes the former one; a time zone that is not named stays.
    values = request.model_dump(exclude_none=True) | {"subdivision": request.subdivision}
    statement = update(projects).where(projects.c.id == project_id).values(values)
    row = (await connection.execute(statement.returning(projects))).first()
    if row is None:
        raise unknown(project_id)
    return _project(row, utc_now())


def _project(row: Any, now: datetime) -> Project:
    values = row._asdict()
    as_of = values["as_of"]
    return Project(clock=clock(as_of), today=today(as_of, values["timezone"], now), **values)


def clock(as_of: date | None) -> Clock:
    """Tell whether a project follows the clock or is held at a day."""
    return "live" if as_of is None else "held"


def today(as_of: date | None, timezone: str, now: datetime) -> date:
    """Return the project's present day."""
    # A held project has the same day until it is moved (docs/adr/0074-held-and-live.md).
    return as_of or now.astimezone(ZoneInfo(timezone)).date()
