"""Writes a project's past to the services; everything that is there already stays as it is."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from agent import schema as agent_schema
from agent.client import OrchestratorClient
from agent.importing import documents
from agent.importing.batches import batches
from agent.importing.errors import CsvRefused
from agent.importing.existing_history import difference
from agent.importing.history_windows import ProjectPast
from agent.importing.limits import MOST_ASSIGNED
from agent.importing.plan import Plan
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import MAX_TASKS_PER_REQUEST, TasksCreate
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import SprintRetrospectiveBulk
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Assignment
from domain_services.sprint.client import SprintClient

T = TypeVar("T")
Advance = Callable[[int], None]

SPRINTS_A_REQUEST = 50
EPISODES_A_REQUEST = 100
WINDOWS_AT_ONCE = 8
RETROSPECTIVES_READ = 1000  # the most that the chronicle lists


class Services(Protocol):
    """The clients that an import writes through."""

    @property
    def project(self) -> ProjectClient: ...
    @property
    def backlog(self) -> BacklogClient: ...
    @property
    def sprint(self) -> SprintClient: ...
    @property
    def chronicle(self) -> ChronicleClient: ...
    @property
    def orchestrator(self) -> OrchestratorClient: ...


@dataclass(frozen=True)
class Loaded:
    """How many of each were new; `existing` is what was there before and is untouched."""

    project_id: str
    project_created: bool
    members: int
    tasks: int
    sprints: int
    episodes: int
    existing: int

    @property
    def changed(self) -> bool:
        return self.project_created or any((self.members, self.tasks, self.sprints, self.episodes))


def amount(plan: Plan) -> int:
    """Steps that `load` reports for this project, for a progress bar."""
    return len(plan.tasks) + 2 * len(plan.retrospectives)


async def check(services: Services, plan: Plan) -> None:
    """Before anything is written.

    Raises: `CsvRefused` when the project lives at another day, or sprints are recorded that the
    import would record otherwise.
    """
    wanted = plan.project
    try:
        known = await services.project.get_project(wanted.id)
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return
        raise
    if known.as_of != wanted.as_of:
        lives = f"as of {known.as_of}" if known.as_of else "and lives today"
        raise CsvRefused(
            f"Project {wanted.id} is there already {lives}, so it cannot be imported as of "
            f"{wanted.as_of}; use another --prefix or another --data-dir."
        )
    await _check_sprints(services, plan)


async def _check_sprints(services: Services, plan: Plan) -> None:
    try:
        recorded = await services.chronicle.list_sprint_retrospectives(
            plan.project.id, limit=RETROSPECTIVES_READ
        )
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return
        raise
    if found := difference(recorded, plan.retrospectives):
        raise CsvRefused(
            f"Project {plan.project.id} is there already and {found}; nothing was changed. "
            "Import the same rows with the same --cadence, or use another --prefix or another "
            "--data-dir."
        )


async def load(services: Services, plan: Plan, advance: Advance) -> Loaded:
    """Write project, team, backlog, past sprints and episodes; safe to repeat after a failure."""
    created = await _create_project(services, plan)
    members = await _create_team(services, plan)
    tasks = await _create_tasks(services, plan, advance)
    sprints = await _create_sprints(services, plan, advance)
    episodes = await _create_episodes(services, plan.past, advance)
    known = amount(plan) - tasks - sprints - episodes
    return Loaded(plan.project.id, created, members, tasks, sprints, episodes, known)


async def _create_project(services: Services, plan: Plan) -> bool:
    try:
        await services.project.create_project(plan.project)
    except PeerRefused as refused:
        if refused.peer_status != 409:
            raise
        return False
    return True


async def _create_team(services: Services, plan: Plan) -> int:
    if not plan.people:
        return 0
    known = {each.id for each in await services.project.list_teams()}
    for person in plan.people:
        if person.id not in known:
            await services.project.create_employee(person)
    assigned = 0
    for part in _parts([person.id for person in plan.people], MOST_ASSIGNED):
        answer = await services.project.assign_team_members(
            plan.project.id, Assignment(employee_ids=list(part))
        )
        assigned += len(answer.newly_assigned)
    return assigned


async def _create_tasks(services: Services, plan: Plan, advance: Advance) -> int:
    known = {task.external_key for task in await services.backlog.list_tasks(plan.project.id)}
    missing = [task for task in plan.tasks if task.external_key not in known]
    advance(len(plan.tasks) - len(missing))
    for part in batches(missing, MAX_TASKS_PER_REQUEST):
        await services.backlog.create_tasks(plan.project.id, TasksCreate(tasks=part))
        advance(len(part))
    return len(missing)


async def _create_sprints(services: Services, plan: Plan, advance: Advance) -> int:
    created = 0
    for part in batches(plan.retrospectives, SPRINTS_A_REQUEST):
        recorded = await services.chronicle.create_sprint_retrospectives(
            SprintRetrospectiveBulk(notes=part)
        )
        created += recorded.created
        advance(len(part))
    if plan.past.sprints:
        await services.sprint.continue_numbering(plan.project.id, plan.past.sprints[-1].number)
    return created


async def _create_episodes(services: Services, past: ProjectPast, advance: Advance) -> int:
    days = await _working_days(services, past)
    created = 0
    for part in batches(list(documents.episodes(past, days)), EPISODES_A_REQUEST):
        imported = await services.orchestrator.import_episodes(
            agent_schema.EpisodeImport(episodes=part)
        )
        created += imported.created
        advance(len(part))
    return created


async def _working_days(services: Services, past: ProjectPast) -> list[int]:
    """Of each past sprint, by the project's own calendar."""
    found: list[int] = []
    for part in _parts(past.sprints, WINDOWS_AT_ONCE):
        windows = await asyncio.gather(
            *(
                services.project.check_availability(
                    past.project_id, sprint.start_date, sprint.end_date
                )
                for sprint in part
            )
        )
        found += [window.working_days for window in windows]
    return found


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
