"""Loading of a project's history into the services; existing records stay as they are."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from agent.importing import documents
from agent.importing.batches import batches
from agent.importing.history_windows import ProjectHistory
from agent.importing.limits import MAX_ASSIGNED
from agent.importing.plan import Plan
from agent.importing.services import Services
from agent.schema import EpisodeImport
from domain_services.backlog.schema import MAX_TASKS_PER_REQUEST, TasksCreate
from domain_services.chronicle.schema import SprintRetrospectiveBulk
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Assignment

ItemT = TypeVar("ItemT")
# Called with the number of steps that were completed since the last call.
Advance = Callable[[int], None]

SPRINTS_PER_REQUEST = 50
EPISODES_PER_REQUEST = 100
# A service admits 32 requests at once (docs/adr/0053-admission.md); leave room for others.
CONCURRENT_WINDOWS = 8


@dataclass(frozen=True)
class LoadResult:
    """New records of one project."""

    project_id: str
    """Project id."""
    project_created: bool
    """False when the project existed."""
    members: int
    """People new on the team."""
    tasks: int
    """New tasks of the backlog."""
    sprints: int
    """New past sprints."""
    episodes: int
    """New episodes."""
    existing: int
    """Tasks, sprints and episodes that existed and are untouched."""

    @property
    def changed(self) -> bool:
        """True when anything was new."""
        return self.project_created or any((self.members, self.tasks, self.sprints, self.episodes))


def step_count(plan: Plan) -> int:
    """Count the steps that `load` reports for a plan, for a progress bar."""
    return len(plan.tasks) + 2 * len(plan.retrospectives)


async def load(services: Services, plan: Plan, advance: Advance) -> LoadResult:
    """Write project, team, backlog, past sprints and episodes; safe to repeat after a failure."""
    created = await _create_project(services, plan)
    members = await _create_team(services, plan)
    tasks = await _create_tasks(services, plan, advance)
    sprints = await _create_sprints(services, plan, advance)
    # Last, because their working days come from the calendar of the project created above.
    episodes = await _create_episodes(services, plan.history, advance)
    existing = step_count(plan) - tasks - sprints - episodes
    return LoadResult(plan.project.id, created, members, tasks, sprints, episodes, existing)


async def _create_project(services: Services, plan: Plan) -> bool:
    try:
        await services.project.create_project(plan.project)
    except PeerRefused as refused:
        # 409: a repeated import, or a project that exists for other reasons.
        if refused.peer_status != 409:
            raise
        return False
    return True


async def _create_team(services: Services, plan: Plan) -> int:
    if not plan.people:
        return 0
    employee_ids = {employee.id for employee in await services.project.list_teams()}
    for person in plan.people:
        if person.id not in employee_ids:
            await services.project.create_employee(person)
    members = 0
    for part in _parts([person.id for person in plan.people], MAX_ASSIGNED):
        answer = await services.project.assign_team_members(
            plan.project.id, Assignment(employee_ids=list(part))
        )
        members += len(answer.newly_assigned)
    return members


async def _create_tasks(services: Services, plan: Plan, advance: Advance) -> int:
    backlog = await services.backlog.list_tasks(plan.project.id)
    # By external key: a task has kept it since its first import, whatever its title is now.
    existing_keys = {task.external_key for task in backlog}
    missing = [task for task in plan.tasks if task.external_key not in existing_keys]
    advance(len(plan.tasks) - len(missing))
    for batch in batches(missing, MAX_TASKS_PER_REQUEST):
        await services.backlog.create_tasks(plan.project.id, TasksCreate(tasks=batch))
        advance(len(batch))
    return len(missing)


async def _create_sprints(services: Services, plan: Plan, advance: Advance) -> int:
    created = 0
    for batch in batches(plan.retrospectives, SPRINTS_PER_REQUEST):
        answer = await services.chronicle.create_sprint_retrospectives(
            SprintRetrospectiveBulk(notes=batch)
        )
        created += answer.created
        advance(len(batch))
    # The first sprint that is decided here must not take the number of an imported one.
    if sprints := plan.history.sprints:
        await services.sprint.continue_numbering(plan.project.id, sprints[-1].number)
    return created


async def _create_episodes(services: Services, history: ProjectHistory, advance: Advance) -> int:
    working_days = await _working_days(services, history)
    created = 0
    episodes = list(documents.episodes(history, working_days))
    for batch in batches(episodes, EPISODES_PER_REQUEST):
        answer = await services.orchestrator.import_episodes(EpisodeImport(episodes=batch))
        created += answer.created
        advance(len(batch))
    return created


async def _working_days(services: Services, history: ProjectHistory) -> list[int]:
    """Read the working days of each past sprint from the project's own calendar."""
    working_days: list[int] = []
    for part in _parts(history.sprints, CONCURRENT_WINDOWS):
        windows = await asyncio.gather(
            *(
                services.project.check_availability(
                    history.project_id, sprint.start_date, sprint.end_date
                )
                for sprint in part
            )
        )
        working_days += [window.working_days for window in windows]
    return working_days


def _parts(items: Sequence[ItemT], size: int) -> Iterator[Sequence[ItemT]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
