"""Projects for the services, made over HTTP as a user would make them."""

from collections.abc import Iterable
from datetime import timedelta

from benchmarks.stage import Services
from domain_services.backlog.schema import TaskCreate, TasksCreate
from domain_services.chronicle.schema import (
    SprintRetrospectiveBulk,
    SprintRetrospectiveCreate,
    TaskOutcomeCreate,
)
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.types import utc_now
from domain_services.project.schema import Assignment, EmployeeCreate, ProjectCreate

TEAM = tuple(f"BENCH{number}" for number in range(5))
PAST = (9, 11, 8, 10, 12, 7, 10, 9, 11, 10, 8, 12)  # tasks completed in the past sprints


async def create_team(services: Services) -> None:
    """The people of every project; those who are known stay."""
    for name in TEAM:
        try:
            await services.project.create_employee(EmployeeCreate(id=name, name=name))
        except PeerRefused as refused:
            if refused.peer_status != 409:
                raise


async def create_project(services: Services, project_id: str, tasks: int) -> list[str]:
    """A project with a team, a backlog and past sprints; the ids of its tasks."""
    request = ProjectCreate(id=project_id, name=project_id, progress_mode="reported")
    await services.project.create_project(request)
    await services.project.assign_team_members(project_id, Assignment(employee_ids=list(TEAM)))
    retrospectives = [_retrospective(project_id, number) for number in range(1, len(PAST) + 1)]
    await services.chronicle.create_sprint_retrospectives(
        SprintRetrospectiveBulk(notes=retrospectives)
    )
    await services.sprint.continue_numbering(project_id, len(PAST))
    backlog = [
        TaskCreate(
            title=f"Task number {n}",
            description=f"What is to be done in task number {n}",
            labels=["benchmark"],
            estimate=3.0,
        )
        for n in range(tasks)
    ]
    answer = await services.backlog.create_tasks(project_id, TasksCreate(tasks=backlog))
    return answer.task_ids


async def create_projects(services: Services, names: Iterable[str], tasks: int) -> None:
    for name in names:
        await create_project(services, name, tasks)


def _retrospective(project_id: str, number: int) -> SprintRetrospectiveCreate:
    done = PAST[number - 1]
    start = utc_now().date() - timedelta(weeks=2 * (len(PAST) + 1 - number))
    tasks = [
        TaskOutcomeCreate(
            task_id=f"{project_id}-PAST{number}-{n}",
            description=f"A past task number {n}",
            status="close",
            progress_percentage=100,
        )
        for n in range(done)
    ]
    return SprintRetrospectiveCreate(
        sprint_id=f"{project_id}-S{number:02d}",
        project_id=project_id,
        sprint_name=f"Sprint {number}",
        start_date=start,
        end_date=start + timedelta(days=13),
        duration_weeks=2,
        tasks_summary=tasks,
        origin="import",
        open_at_start=25,
        tasks_created_during=8,
    )
