"""Leave of team members: list, add, delete."""

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import Conflict, NotFound
from domain_services.project.logic import projects
from domain_services.project.models import employees, pto, team_members
from domain_services.project.schema import Pto, PtoCreate


async def list_pto(connection: AsyncConnection, project_id: str) -> list[Pto]:
    """List leave of the project's team, by start. Raises: `NotFound`."""
    await projects.require(connection, project_id)
    rows = await connection.execute(
        select(pto)
        .join(team_members, team_members.c.employee_id == pto.c.employee_id)
        .where(team_members.c.project_id == project_id)
        .order_by(pto.c.start_date, pto.c.id)
    )
    return [Pto.model_validate(row, from_attributes=True) for row in rows]


async def add_pto(
    connection: AsyncConnection, project_id: str, employee_id: str, request: PtoCreate
) -> Pto:
    """Store leave of a team member.

    Raises: `NotFound` for an unknown project or member, `Conflict` when it overlaps other leave
    of the person, on whatever project that was added.
    """
    await projects.require(connection, project_id)
    await _lock_member(connection, project_id, employee_id)
    overlapping = select(pto).where(
        pto.c.employee_id == employee_id,
        pto.c.start_date <= request.end_date,
        pto.c.end_date >= request.start_date,
    )
    other = (await connection.execute(overlapping.order_by(pto.c.start_date))).first()
    if other is not None:
        period = f"{other.start_date} to {other.end_date}"
        raise Conflict(
            f"{employee_id} is on leave from {period} already: name other days or delete it",
            pto_id=other.id,
        )
    values = {"employee_id": employee_id, **request.model_dump()}
    row = (await connection.execute(insert(pto).values(values).returning(pto))).one()
    return Pto.model_validate(row, from_attributes=True)


async def delete_pto(connection: AsyncConnection, project_id: str, pto_id: int) -> Pto:
    """Delete leave of a team member, and return it. Raises: `NotFound`."""
    await projects.require(connection, project_id)
    # A project may not delete the leave of people who are on other teams alone.
    of_team = select(team_members.c.employee_id).where(team_members.c.project_id == project_id)
    statement = delete(pto).where(pto.c.id == pto_id, pto.c.employee_id.in_(of_team))
    row = (await connection.execute(statement.returning(pto))).first()
    if row is None:
        raise NotFound(
            f"the team of {project_id} has no leave {pto_id}: list its leave", pto_id=pto_id
        )
    return Pto.model_validate(row, from_attributes=True)


async def _lock_member(connection: AsyncConnection, project_id: str, employee_id: str) -> None:
    """Lock a team member. Raises: `NotFound` for somebody who is not on the team."""
    # docs/adr/0042-leave-lock.md
    # Simultaneous leave of one person queues here: the first is stored before the next is compared.
    locked = await connection.scalar(
        select(employees.c.id)
        .join(team_members, team_members.c.employee_id == employees.c.id)
        .where(team_members.c.project_id == project_id, employees.c.id == employee_id)
        # key_share: other rows may refer to the person meanwhile.
        .with_for_update(of=employees, key_share=True)
    )
    if locked is None:
        raise NotFound(
            f"{employee_id} is not on the team of {project_id}: assign the person first",
            employee_id=employee_id,
        )
