"""Writes a project's past to the services; everything that is there already stays as it is."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeVar

from agent import schema as agent_schema
from agent.client import OrchestratorClient
from agent.importing import documents
from agent.importing.errors import CsvRefused
from agent.importing.past import ProjectPast
from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import TasksCreate
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import SprintRetrospectiveBulk
from domain_services.kernel.http_client import PeerRefused
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Assignment, EmployeeCreate, ProjectCreate
from domain_services.sprint.client import SprintClient

T = TypeVar("T")
Advance = Callable[[int], None]

TASKS_A_REQUEST = 500
SPRINTS_A_REQUEST = 50
EPISODES_A_REQUEST = 100
WINDOWS_AT_ONCE = 8
TEAM_SPRINTS = 6  # whoever finished a task in the last six sprints is on the team


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


def amount(past: ProjectPast) -> int:
    """Steps that `load` reports for this project, for a progress bar."""
    return len(past.backlog) + 2 * len(past.sprints)


async def check(services: Services, past: ProjectPast, as_of: date) -> None:
    """Before anything is written. Raises: `CsvRefused` when the project lives at another day."""
    try:
        known = await services.project.get_project(past.project_id)
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return
        raise
    if known.as_of != as_of:
        lives = f"as of {known.as_of}" if known.as_of else "and lives today"
        raise CsvRefused(
            f"Project {past.project_id} is there already {lives}, so it cannot be imported as of "
            f"{as_of}; use another --prefix or another --data-dir."
        )


async def load(services: Services, past: ProjectPast, as_of: date, advance: Advance) -> Loaded:
    """Write project, team, backlog, past sprints and episodes; safe to repeat after a failure."""
    created = await _create_project(services, past.project_id, as_of)
    members = await _create_team(services, past)
    tasks = await _create_tasks(services, past, advance)
    sprints = await _create_sprints(services, past, advance)
    episodes = await _create_episodes(services, past, advance)
    known = len(past.backlog) - tasks + 2 * len(past.sprints) - sprints - episodes
    return Loaded(past.project_id, created, members, tasks, sprints, episodes, known)


async def _create_project(services: Services, project_id: str, as_of: date) -> bool:
    wanted = ProjectCreate(
        id=project_id,
        name=f"Imported project {project_id}",
        description=f"History imported as of {as_of}.",
        progress_mode="reported",
        as_of=as_of,
    )
    try:
        await services.project.create_project(wanted)
    except PeerRefused as refused:
        if refused.peer_status != 409:
            raise
        return False
    return True


async def _create_team(services: Services, past: ProjectPast) -> int:
    recent = [task for sprint in past.sprints[-TEAM_SPRINTS:] for task in sprint.completed]
    names = {
        documents.employee_id(task.assignee): task.assignee
        for task in [*recent, *past.backlog]
        if task.assignee
    }
    if not names:
        return 0
    known = {each.id for each in await services.project.list_teams()}
    for identity in sorted(names.keys() - known):
        await services.project.create_employee(EmployeeCreate(id=identity, name=names[identity]))
    assigned = await services.project.assign_team_members(
        past.project_id, Assignment(employee_ids=sorted(names))
    )
    return len(assigned.newly_assigned)


async def _create_tasks(services: Services, past: ProjectPast, advance: Advance) -> int:
    known = {task.external_key for task in await services.backlog.list_tasks(past.project_id)}
    missing = [task for task in past.backlog if task.id not in known]
    advance(len(past.backlog) - len(missing))
    for part in _parts(missing, TASKS_A_REQUEST):
        body = TasksCreate(tasks=[documents.backlog_task(task) for task in part])
        await services.backlog.create_tasks(past.project_id, body)
        advance(len(part))
    return len(missing)


async def _create_sprints(services: Services, past: ProjectPast, advance: Advance) -> int:
    created = 0
    for part in _parts(past.sprints, SPRINTS_A_REQUEST):
        notes = [documents.retrospective(past.project_id, sprint) for sprint in part]
        recorded = await services.chronicle.create_sprint_retrospectives(
            SprintRetrospectiveBulk(notes=notes)
        )
        created += recorded.created
        advance(len(part))
    if past.sprints:
        await services.sprint.continue_numbering(past.project_id, past.sprints[-1].number)
    return created


async def _create_episodes(services: Services, past: ProjectPast, advance: Advance) -> int:
    days = await _working_days(services, past)
    created = 0
    for part in _parts(list(documents.episodes(past, days)), EPISODES_A_REQUEST):
        imported = await services.orchestrator.import_episodes(
            agent_schema.EpisodeImport(episodes=list(part))
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
