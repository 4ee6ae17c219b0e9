"""Plan of an import: all documents of a project, validated before any of them is sent."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date

from pydantic import ValidationError

from agent.importing.errors import CsvRefused
from agent.importing.history.filling import PastSprint
from agent.importing.history.history_windows import ProjectHistory
from agent.importing.loading import documents
from agent.importing.loading.batches import byte_size
from agent.importing.loading.limits import describe_error
from agent.importing.loading.project_place import UNKNOWN_PLACE, ProjectPlace
from domain_services.backlog.schema import TaskCreate
from domain_services.chronicle.schema import MAX_TASKS, SprintRetrospectiveCreate
from domain_services.project.schema import Clock, EmployeeCreate, ProjectCreate

# Whoever finished a task in this many last sprints is on the team.
TEAM_SPRINTS = 6
# Just under what a service takes as a body.
MAX_SPRINT_BYTES = 1_000_000


@dataclass(frozen=True)
class Plan:
    """Documents of one project, validated; those of tasks and sprints are built to be sent.

    A document of each task, held until the end, would take more memory than all rows.
    """

    history: ProjectHistory
    """History that the documents are built from."""
    day: date
    """Day of the import."""
    project: ProjectCreate
    """The project itself."""
    people: tuple[EmployeeCreate, ...]
    """Team, each person once, by id."""

    def tasks(self, without: Collection[str | None] = ()) -> Iterator[TaskCreate]:
        """Build the tasks of the backlog, the oldest first, but those with a key of `without`."""
        for task in self.history.backlog:
            if task.id not in without:
                yield documents.backlog_task(task, self.day, self.history.timeline)


def prepare(
    history: ProjectHistory,
    as_of: date,
    clock: Clock = "held",
    place: ProjectPlace = UNKNOWN_PLACE,
) -> Plan:
    """Validate the documents of a project, one after another.

    Raises: `CsvRefused`, with the document and its field, when a service would refuse one.
    """
    with _explained(history):
        _check_episodes(history)
        plan = Plan(
            history=history,
            day=as_of,
            project=documents.project(history.project_id, as_of, clock, place),
            people=_people(history),
        )
        for _ in plan.tasks():
            pass
        for sprint in history.sprints:
            retrospective(history.project_id, sprint)
        return plan


def check(
    history: ProjectHistory,
    as_of: date,
    clock: Clock = "held",
    place: ProjectPlace = UNKNOWN_PLACE,
) -> None:
    """Validate the documents of a project, and keep none. Raises: as `prepare`."""
    prepare(history, as_of, clock, place)


@contextmanager
def _explained(history: ProjectHistory) -> Iterator[None]:
    """Turn what a service would refuse into words for a person."""
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise CsvRefused(
            f"Project {history.project_id} cannot be imported: {error.title} {field} "
            f"{describe_error(first)}. Correct it in the file, or choose another --as-of."
        ) from error


def _check_episodes(history: ProjectHistory) -> None:
    # Only the working days of the episodes are not known yet, and any number of them is valid.
    days = [0] * len(history.sprints)
    for _ in documents.episodes(history.project_id, history.sprints, days):
        pass


def _people(history: ProjectHistory) -> tuple[EmployeeCreate, ...]:
    recent = [task for sprint in history.sprints[-TEAM_SPRINTS:] for task in sprint.finished]
    people = documents.people([*recent, *history.backlog])
    return tuple(people[identity] for identity in sorted(people))


def retrospective(project_id: str, sprint: PastSprint) -> SprintRetrospectiveCreate:
    """Build the sprint, without titles or unfinished tasks when it would not fit into a request.

    Raises: `CsvRefused` when it does not fit even then.
    """
    if len(sprint.completed) > MAX_TASKS:
        raise CsvRefused(_too_full(project_id, sprint, f"at most {MAX_TASKS:,} can be kept of one"))
    # Some teams park their whole backlog in a sprint: then its count is kept, and not each task.
    finished_alone = replace(sprint, unfinished=())
    for shape in (sprint, finished_alone):
        if len(shape.completed) + len(shape.unfinished) > MAX_TASKS:
            continue
        for titles in (True, False):
            note = documents.retrospective(project_id, shape, titles=titles)
            if byte_size(note) <= MAX_SPRINT_BYTES:
                return note
    raise CsvRefused(
        _too_full(
            project_id,
            sprint,
            f"which are more than the {MAX_SPRINT_BYTES:,} bytes that can be kept",
        )
    )


def _too_full(project_id: str, sprint: PastSprint, reason: str) -> str:
    return (
        f"{documents.sprint_id(project_id, sprint.number)} ({sprint.start_date} to "
        f"{sprint.end_date}) has {len(sprint.completed):,} finished tasks, {reason}: "
        "give shorter sprints with --cadence."
    )
