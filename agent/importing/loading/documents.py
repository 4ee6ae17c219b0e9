"""Documents that an import sends: a project, its people, tasks, retrospectives and episodes."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from uuid import NAMESPACE_URL, uuid5

from agent.importing.history.filling import PastSprint
from agent.importing.history.tracker_sprints import NO_SPRINTS, Timeline
from agent.importing.loading.limits import MAX_LABELS, max_length
from agent.importing.loading.project_place import UNKNOWN_PLACE, ProjectPlace
from agent.importing.meaning.people import employee_id
from agent.importing.meaning.priorities import DEFAULT_PRIORITY, priority_of
from agent.importing.tasks import Task
from domain_services.backlog.schema import TaskCreate
from domain_services.chronicle.schema import SprintRetrospectiveCreate, TaskOutcomeCreate
from domain_services.project.schema import Clock, EmployeeCreate, ProjectCreate
from memory.episode import KEPT_SPRINTS, Outcome, Perception
from memory.episode_documents import Action, EpisodeDocument, Reasoning

AGENT_VERSION = "import"
MAX_DESCRIPTION = max_length(TaskCreate, "description")


def sprint_id(project_id: str, number: int) -> str:
    """Build the id of a past sprint; the sprint service numbers on from it."""
    return f"{project_id}-S{number:02d}"


def project(
    project_id: str, as_of: date, clock: Clock = "held", place: ProjectPlace = UNKNOWN_PLACE
) -> ProjectCreate:
    """Build the project, held at the day of the import or following the clock."""
    return ProjectCreate.model_validate(
        {
            "id": project_id,
            "name": f"Imported project {project_id}",
            "description": f"History imported as of {as_of}.",
            # Its team works elsewhere, so no progress may be simulated.
            "progress_mode": "reported",
            # Its team pulls tasks itself: an owner whom nobody chose would be an invention.
            "assign_unowned": False,
            "as_of": as_of if clock == "held" else None,
        }
        | place.values
    )


def people(tasks: Iterable[Task]) -> dict[str, EmployeeCreate]:
    """Build the people on tasks by their id: the assignee and everybody else.

    A person has the address of the first task that tells it.
    """
    known: dict[str, EmployeeCreate] = {}
    for task in tasks:
        for name in (task.assignee, *task.others):
            if not name or (identity := employee_id(name)) is None:
                continue
            email = task.email if name == task.assignee else None
            if identity not in known or (email and known[identity].email is None):
                known[identity] = EmployeeCreate(id=identity, name=name, email=email)
    return known


def _assignee(task: Task) -> str | None:
    return employee_id(task.assignee) if task.assignee else None


def backlog_task(task: Task, day: date | None = None, tracker: Timeline = NO_SPRINTS) -> TaskCreate:
    """Build a task of the backlog, free to be planned.

    `day` is that of the project: without one nothing is said of work that has begun by then, nor of
    the sprint of the tracker that runs.
    """
    begun = day is not None and task.is_begun(day)
    running = {sprint.name for sprint in tracker.running}
    return TaskCreate(
        title=task.title or task.id,
        # Rows of an earlier release have no level.
        priority=task.priority_level or priority_of(task.priority or "") or DEFAULT_PRIORITY,
        type=task.type or "task",
        labels=list(task.labels[:MAX_LABELS]),
        estimate=task.estimate,
        assigned_to=_assignee(task),
        external_key=task.id,
        created_on=task.created,
        description=_checklist(task.checklist),
        begun=begun,
        started_on=task.started if begun else None,
        source_sprint=next((name for name in reversed(task.sprints) if name in running), None),
    )


def _checklist(lines: Sequence[str]) -> str:
    """Write the parts of a task as its description; "" without any."""
    if not lines:
        return ""
    text = "\n".join(["Parts:", *(f"- {line}" for line in lines)])
    return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}\u2026"


def outcome(task: Task, *, titled: bool = True, finished: bool = True) -> TaskOutcomeCreate:
    """Build a task of a past sprint, described by its title or, without one, by its id."""
    return TaskOutcomeCreate(
        task_id=task.id,
        description=(task.title if titled else None) or task.id,
        status="close" if finished else "open",
        employee_id=_assignee(task),
        progress_percentage=100 if finished else 0,
    )


def retrospective(
    project_id: str, sprint: PastSprint, *, titles: bool = True
) -> SprintRetrospectiveCreate:
    """Build a closed sprint of the tracker, or one from a window, without what no file knows.

    It has no answers of the team. `titles=False` leaves the tasks' titles out.
    """
    # A window has no commitment (docs/adr/0021-past-windows-without-commitment.md), a sprint of the
    # tracker has its own (docs/adr/0161-tracker-sprints-as-history.md).
    days = (sprint.end_date - sprint.start_date).days + 1
    return SprintRetrospectiveCreate(
        sprint_id=sprint_id(project_id, sprint.number),
        project_id=project_id,
        sprint_name=sprint.name or _window_name(sprint),
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        duration_weeks=days // 7 if days % 7 == 0 else None,
        tasks_summary=[
            *(outcome(task, titled=titles) for task in sprint.completed),
            *(outcome(task, titled=titles, finished=False) for task in sprint.unfinished),
        ],
        origin="import",
        planned_tasks_count=sprint.committed,
        ended_on=sprint.ended_on,
        completed_outside=len(sprint.outside) or None,
        open_at_start=sprint.open_at_start,
        tasks_created_during=len(sprint.created),
        completed_arrived=sprint.arrived,
    )


def _window_name(sprint: PastSprint) -> str:
    # A tracker may have a sprint of the same number.
    if sprint.among_sprints:
        return f"No sprint, {sprint.start_date} to {sprint.end_date}"
    return f"Sprint {sprint.number}"


def episodes(
    project_id: str,
    sprints: Sequence[PastSprint],
    working_days: Sequence[int],
    own: Sequence[tuple[date, int]] = (),
) -> Iterator[EpisodeDocument]:
    """Build an episode for each past sprint, from what could be seen when the sprint began.

    `working_days` holds those of each sprint, by the project's calendar. `own` holds start and
    finished tasks of the sprints that were closed here.
    """
    finished = sorted([*own, *((sprint.start_date, len(sprint.finished)) for sprint in sprints)])
    for sprint, days in zip(sprints, working_days, strict=True):
        before = [count for start, count in finished if start < sprint.start_date]
        yield _episode(project_id, sprint, before, days)


def _episode(
    project_id: str, sprint: PastSprint, completed_before: Sequence[int], working_days: int
) -> EpisodeDocument:
    days = (sprint.end_date - sprint.start_date).days + 1
    identity = sprint_id(project_id, sprint.number)
    return EpisodeDocument(
        # The same window always gets the same id, so that a repeated import adds nothing.
        episode_id=uuid5(NAMESPACE_URL, f"urn:dsm:import:{identity}:{sprint.start_date}"),
        project_id=project_id,
        origin="import",
        decided_at=datetime.combine(sprint.start_date, time(), tzinfo=UTC),
        agent_version=AGENT_VERSION,
        decision_source="rule_based_only",
        sprint_id=identity,
        perception=Perception(
            project_id=project_id,
            day=sprint.start_date,
            backlog_tasks=sprint.open_at_start,
            unassigned_tasks=sprint.open_at_start,
            sprint_days=days,
            working_days=working_days,
            past_sprints=len(completed_before),
            completed=tuple(completed_before[-KEPT_SPRINTS:]),
        ),
        reasoning=Reasoning(text=_reason(sprint)),
        action=Action(create_sprint=True, duration_days=days),
        outcome=Outcome(completed_tasks=len(sprint.finished), duration_days=days),
    )


def _reason(sprint: PastSprint) -> str:
    if sprint.name is None:
        return "A window of the imported history; nobody decided it here."
    return f"{sprint.name}, a sprint of the team's own tracker; nobody decided it here."
