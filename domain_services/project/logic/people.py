"""People and the teams of projects."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import Conflict, NotFound
from domain_services.project.logic import projects
from domain_services.project.models import employees, team_members
from domain_services.project.schema import Employee, EmployeeCreate


async def create(connection: AsyncConnection, request: EmployeeCreate) -> None:
    """Store a new person. Raises: `Conflict` for a taken id."""
    statement = insert(employees).values(request.model_dump()).on_conflict_do_nothing()
    if await connection.scalar(statement.returning(employees.c.id)) is None:
        raise Conflict(
            f"employee {request.id} exists already: choose another id", employee_id=request.id
        )


async def get(connection: AsyncConnection, employee_id: str) -> Employee:
    """Read one person. Raises: `NotFound`."""
    row = (await connection.execute(select(employees).where(employees.c.id == employee_id))).first()
    if row is None:
        raise NotFound(f"there is no employee {employee_id}", employee_id=employee_id)
    return Employee.model_validate(row, from_attributes=True)


async def list_all(connection: AsyncConnection) -> list[Employee]:
    """List all people by id."""
    rows = await connection.execute(select(employees).order_by(employees.c.id))
    return [Employee.model_validate(row, from_attributes=True) for row in rows]


async def team_of(connection: AsyncConnection, project_id: str) -> list[Employee]:
    """List the team in the order of joining. Raises: `NotFound` for an unknown project."""
    await projects.require(connection, project_id)
    rows = await connection.execute(
        select(employees)
        .join(team_members, team_members.c.employee_id == employees.c.id)
        .where(team_members.c.project_id == project_id)
        .order_by(team_members.c.position)
    )
    return [Employee.model_validate(row, from_attributes=True) for row in rows]


async def assign(
    connection: AsyncConnection, project_id: str, employee_ids: Sequence[str]
) -> list[str]:
    """Put people on a team, and return those who were not on it. Raises: `NotFound`, naming who."""
    # Locked first, so that lists of the same people in different orders do not deadlock.
    await projects.lock(connection, project_id)
    distinct = list(dict.fromkeys(employee_ids))
    query = select(employees.c.id).where(employees.c.id.in_(distinct))
    known = set(await connection.scalars(query))
    if missing := [person for person in distinct if person not in known]:
        raise NotFound(
            f"there is no employee {', '.join(missing)}: create them first", employee_ids=missing
        )
    statement = (
        insert(team_members)
        .values([{"project_id": project_id, "employee_id": person} for person in distinct])
        .on_conflict_do_nothing()
        .returning(team_members.c.employee_id)
    )
    return list(await connection.scalars(statement))


async def remove(connection: AsyncConnection, project_id: str, employee_id: str) -> None:
    """Take a person off a team. Raises: `NotFound` for somebody who is not on it."""
    await projects.lock(connection, project_id)
    statement = delete(team_members).where(
        team_members.c.project_id == project_id, team_members.c.employee_id == employee_id
    )
    if (await connection.execute(statement)).rowcount == 0:
        raise NotFound(
            f"{employee_id} is not on the team of {project_id}: list its team members",
            employee_id=employee_id,
        )
