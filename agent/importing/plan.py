"""Everything that an import writes of a project, made and validated before any of it is sent."""

from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from agent.importing import documents
from agent.importing.batches import size
from agent.importing.errors import CsvRefused
from agent.importing.history_windows import PastSprint, ProjectPast
from agent.importing.limits import reason
from domain_services.backlog.schema import TaskCreate
from domain_services.chronicle.schema import MAX_TASKS, SprintRetrospectiveCreate
from domain_services.project.schema import EmployeeCreate, ProjectCreate

TEAM_SPRINTS = 6  # whoever finished a task in the last six sprints is on the team
MOST_SPRINT_BYTES = 1_000_000  # just under what a service takes as a body


@dataclass(frozen=True)
class Plan:
    """The documents of a project; its episodes wait for the project's calendar.

    `people` are the team, each once, by id.
    """

    past: ProjectPast
    project: ProjectCreate
    people: tuple[EmployeeCreate, ...]
    tasks: tuple[TaskCreate, ...]
    retrospectives: tuple[SprintRetrospectiveCreate, ...]


def prepare(past: ProjectPast, as_of: date) -> Plan:
    """The documents of a project. Raises CsvRefused, saying which, when one cannot be kept."""
    try:
        # Only the working days of the episodes are not known yet, and any number of them is valid.
        for _ in documents.episodes(past, [0] * len(past.sprints)):
            pass
        return Plan(
            past=past,
            project=documents.project(past.project_id, as_of),
            people=_people(past),
            tasks=tuple(documents.backlog_task(task) for task in past.backlog),
            retrospectives=tuple(_retrospective(past.project_id, each) for each in past.sprints),
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise CsvRefused(
            f"Project {past.project_id} cannot be imported: {error.title} {place} {reason(first)}."
        ) from error


def _people(past: ProjectPast) -> tuple[EmployeeCreate, ...]:
    recent = [task for sprint in past.sprints[-TEAM_SPRINTS:] for task in sprint.completed]
    people = {
        person.id: person
        for person in map(documents.person, [*recent, *past.backlog])
        if person is not None
    }
    return tuple(people[identity] for identity in sorted(people))


def _retrospective(project_id: str, sprint: PastSprint) -> SprintRetrospectiveCreate:
    """The sprint, with its tasks' titles left out when it would not fit into a request."""
    if len(sprint.completed) > MAX_TASKS:
        raise CsvRefused(_too_full(project_id, sprint, f"at most {MAX_TASKS:,} can be kept of one"))
    note = documents.retrospective(project_id, sprint)
    if size(note) <= MOST_SPRINT_BYTES:
        return note
    note = documents.retrospective(project_id, sprint, titles=False)
    if size(note) <= MOST_SPRINT_BYTES:
        return note
    raise CsvRefused(
        _too_full(
            project_id,
            sprint,
            f"which are more than the {MOST_SPRINT_BYTES:,} bytes that can be kept",
        )
    )


def _too_full(project_id: str, sprint: PastSprint, why: str) -> str:
    return (
        f"{documents.sprint_id(project_id, sprint.number)} ({sprint.start_date} to "
        f"{sprint.end_date}) has {len(sprint.completed):,} finished tasks, {why}: "
        "give shorter sprints with --cadence."
    )
