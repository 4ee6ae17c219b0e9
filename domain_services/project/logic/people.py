"""Employees, and who is on which project's team."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import Conflict, NotFound
from domain_services.project.logic import projects
from domain_services.project.models import employees, team_members
from domain_services.project.schema import Employee, EmployeeCreate


async def create(connection: AsyncConnection, wanted: EmployeeCreate) -> None:
    """Store a new employee. Raises: `Conflict` for a taken id."""
    statement = insert(employees).values(wanted.model_dump()).on_conflict_do_nothing()
    if await connection.scalar(statement.returning(employees.c.id)) is None:
        raise Conflict(f"employee {wanted.id} exists already", employee_id=wanted.id)


async def get(connection: AsyncConnection, employee_id: str) -> Employee:
    """Raises: `NotFound`."""
    row = (await connection.execute(select(employees).where(employees.c.id == employee_id))).first()
    if row is None:
        raise NotFound(f"there is no employee {employee_id}", employee_id=employee_id)
    return Employee.model_validate(row, from_attributes=True)


async def list_all(connection: AsyncConnection) -> list[Employee]:
    rows = await connection.execute(select(employees).order_by(employees.c.id))
    return [Employee.model_validate(row, from_attributes=True) for row in rows]


async def team_of(connection: AsyncConnection, project_id: str) -> list[Employee]:
    """The team in the order of joining. Raises: `NotFound` for an unknown project."""
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
    """Put people on a team; returns those who were not on it. Raises: `NotFound`, naming who."""
    await projects.lock(connection, project_id)
    wanted = list(dict.fromkeys(employee_ids))
    known = set(await connection.scalars(select(employees.c.id).where(employees.c.id.in_(wanted))))
    if missing := [each for each in wanted if each not in known]:
        raise NotFound(f"there is no employee {', '.join(missing)}", employee_ids=missing)
    statement = (
        insert(team_members)
        .values([{"project_id": project_id, "employee_id": each} for each in wanted])
        .on_conflict_do_nothing()
        .returning(team_members.c.employee_id)
    )
    return list(await connection.scalars(statement))
