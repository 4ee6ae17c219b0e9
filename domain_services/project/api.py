"""Routes of the project service (section 1.3 of the specification)."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from domain_services.kernel.database.database import Reading, Store, UnitOfWork
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import EmployeeId, ProjectId, utc_now
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from domain_services.project import schema
from domain_services.project.logic import (
    availability,
    calendar,
    clock,
    holidays,
    leave,
    people,
    projects,
)

router = APIRouter(route_class=IdempotentRoute)

Year = Annotated[int, Query(ge=schema.FIRST_YEAR, le=schema.LAST_YEAR)]
# As high as the column goes: a higher id would be an error of the database instead of a 404.
PtoId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.post("/projects", status_code=201, responses=problems(400, 409), tags=["projects"])
async def create_project(body: schema.ProjectCreate, db: UnitOfWork) -> schema.ProjectCreated:
    """Create a project."""
    await projects.create(db, body)
    return schema.ProjectCreated(message=f"Project {body.id} created", project_id=body.id)


@router.get("/projects", tags=["projects"])
async def list_projects(
    response: Response,
    db: Reading,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[schema.Project]:
    """List projects by id; the header X-Total-Count has the number of all."""
    page, total = await projects.list_page(db, limit, offset)
    response.headers["X-Total-Count"] = str(total)
    return page


@router.get("/projects/{project_id}", responses=problems(404), tags=["projects"])
async def get_project(project_id: ProjectId, database: Store) -> schema.Project:
    """Read one project."""
    return await projects.read(database, project_id)


@router.put("/projects/{project_id}/status", responses=problems(400, 404), tags=["projects"])
async def change_status(
    project_id: ProjectId, body: schema.StatusChange, db: UnitOfWork
) -> schema.StatusChanged:
    """Mark a project active or inactive."""
    await projects.set_status(db, project_id, body.status)
    return schema.StatusChanged(
        message=f"Project {project_id} is now {body.status}",
        project_id=project_id,
        status=body.status,
    )


@router.patch("/projects/{project_id}", responses=problems(400, 404), tags=["projects"])
async def edit_project(
    project_id: ProjectId, body: schema.ProjectEdit, db: UnitOfWork
) -> schema.Project:
    """Change name, description, progress mode or `assign_unowned`.

    Place, status and clock have routes of their own.
    """
    return await projects.edit(db, project_id, body)


@router.get("/projects/{project_id}/clock", responses=problems(404), tags=["projects"])
async def get_clock(project_id: ProjectId, database: Store) -> schema.ProjectClock:
    """Read the project's day, and whether it follows the clock or is held there."""
    return await clock.read(database, project_id)


@router.put("/projects/{project_id}/clock", responses=problems(400, 404, 409), tags=["projects"])
async def move_clock(
    project_id: ProjectId, body: schema.ClockMove, db: UnitOfWork
) -> schema.ProjectClock:
    """Move a held project to a later day, or let it follow the clock; only the day changes.

    409 for an earlier day and for a project that follows the clock, 422 for a day to come.
    """
    return await clock.move(db, project_id, body)


@router.get("/teams", tags=["people"])
async def list_teams(db: Reading) -> list[schema.Employee]:
    """List all people."""
    return await people.list_all(db)


@router.post("/employees", status_code=201, responses=problems(400, 409), tags=["people"])
async def create_employee(body: schema.EmployeeCreate, db: UnitOfWork) -> schema.EmployeeCreated:
    """Create a person."""
    await people.create(db, body)
    return schema.EmployeeCreated(message=f"Employee {body.id} created", employee_id=body.id)


@router.get("/employees/{employee_id}", responses=problems(404), tags=["people"])
async def get_employee(employee_id: EmployeeId, db: Reading) -> schema.Employee:
    """Read one person."""
    return await people.get(db, employee_id)


@router.post("/projects/{project_id}/team-members-assign", responses=problems(404), tags=["people"])
async def assign_team_members(
    project_id: ProjectId, body: schema.Assignment, db: UnitOfWork
) -> schema.Assigned:
    """Put people on the project's team; those who are on it stay."""
    new = await people.assign(db, project_id, body.employee_ids)
    return schema.Assigned(
        message=f"{len(new)} team members assigned to {project_id}",
        project_id=project_id,
        newly_assigned=new,
    )


@router.get("/projects/{project_id}/team-members", responses=problems(404), tags=["people"])
async def list_team_members(project_id: ProjectId, db: Reading) -> schema.TeamMembers:
    """List the project's team in the order of joining."""
    return schema.TeamMembers(
        project_id=project_id, team_members=await people.team_of(db, project_id)
    )


@router.delete(
    "/projects/{project_id}/team-members/{employee_id}", responses=problems(404), tags=["people"]
)
async def remove_team_member(
    project_id: ProjectId, employee_id: EmployeeId, db: UnitOfWork
) -> schema.MemberRemoved:
    """Take a person off the team; what the person did stays, and so do the names on tasks."""
    await people.remove(db, project_id, employee_id)
    return schema.MemberRemoved(
        message=f"{employee_id} has left the team of {project_id}. Open tasks keep the name until"
        " they get another owner.",
        project_id=project_id,
        employee_id=employee_id,
    )


@router.get("/calendar/holidays", responses=problems(404), tags=["calendar"])
async def list_holidays(
    db: Reading,
    year: Annotated[
        Year | None, Query(description="calendar year; the present one by default")
    ] = None,
    country: Annotated[
        schema.Country | None, Query(description="ISO 3166 code; US by default")
    ] = None,
    subdivision: Annotated[
        schema.Subdivision | None, Query(description="ISO 3166-2 code of a state or a region")
    ] = None,
    project_id: ProjectId | None = None,
) -> list[schema.Holiday]:
    """List holidays of a year (default: this one) and a country (default: US), or of a project."""
    if project_id is not None:
        if country is not None or subdivision is not None:
            raise Invalid("name a country or a project, not both: a project has its own country")
        return await calendar.project_year(db, project_id, year)
    place = country or holidays.DEFAULT_COUNTRY
    return calendar.public_year(place, subdivision, year or utc_now().year)


@router.put("/projects/{project_id}/calendar", responses=problems(404), tags=["calendar"])
async def change_calendar(
    project_id: ProjectId, body: schema.CalendarChange, db: UnitOfWork
) -> schema.Project:
    """Change the place whose weekends and public holidays a project has."""
    return await projects.set_calendar(db, project_id, body)


@router.get("/projects/{project_id}/calendar/holidays", responses=problems(404), tags=["calendar"])
async def list_calendar_days(project_id: ProjectId, db: Reading) -> list[schema.CalendarDay]:
    """List the days that a project has decided by itself."""
    return await calendar.list_own(db, project_id)


@router.put(
    "/projects/{project_id}/calendar/holidays/{day}", responses=problems(404), tags=["calendar"]
)
async def put_calendar_day(
    project_id: ProjectId, day: schema.ProjectDay, body: schema.CalendarDayPut, db: UnitOfWork
) -> schema.CalendarDay:
    """Make a day a holiday of the project, or a working day whatever the calendar says."""
    return await calendar.put_own(db, project_id, day, body)


@router.delete(
    "/projects/{project_id}/calendar/holidays/{day}", responses=problems(404), tags=["calendar"]
)
async def delete_calendar_day(
    project_id: ProjectId, day: schema.ProjectDay, db: UnitOfWork
) -> schema.CalendarDay:
    """Let the country's calendar decide a day again; the answer is the project's former day."""
    return await calendar.delete_own(db, project_id, day)


@router.get("/projects/{project_id}/calendar/pto", responses=problems(404), tags=["calendar"])
async def list_pto(project_id: ProjectId, db: Reading) -> list[schema.Pto]:
    """List leave of the project's team."""
    return await leave.list_pto(db, project_id)


@router.post(
    "/projects/{project_id}/calendar/pto",
    status_code=201,
    responses=problems(404, 409),
    tags=["calendar"],
)
async def add_pto(
    project_id: ProjectId, employee_id: EmployeeId, body: schema.PtoCreate, db: UnitOfWork
) -> schema.Pto:
    """Add leave of a team member; it may not overlap other leave of the same person."""
    return await leave.add_pto(db, project_id, employee_id, body)


@router.delete(
    "/projects/{project_id}/calendar/pto/{pto_id}", responses=problems(404), tags=["calendar"]
)
async def delete_pto(project_id: ProjectId, pto_id: PtoId, db: UnitOfWork) -> schema.Pto:
    """Delete leave of a team member; the answer is the former leave."""
    return await leave.delete_pto(db, project_id, pto_id)


@router.get("/projects/{project_id}/availability/check", responses=problems(404), tags=["calendar"])
async def check_availability(
    project_id: ProjectId,
    database: Store,
    start_date: schema.ProjectDay | None = None,
    end_date: schema.ProjectDay | None = None,
    days: Annotated[
        int | None,
        Query(ge=1, le=availability.MAX_WINDOW_DAYS, description="length of the window"),
    ] = None,
) -> schema.Availability:
    """Compute conflicts and capacity in working days of a window of at most 366 days.

    Without dates it begins on the project's today and lasts `days` (14 by default).
    """
    return await availability.check(database, project_id, start_date, end_date, days)
