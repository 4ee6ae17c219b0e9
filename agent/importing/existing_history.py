"""Check that an import agrees with the history that the services already hold."""

from collections.abc import Sequence

from agent.importing.errors import CsvRefused
from agent.importing.plan import Plan
from agent.importing.services import Services
from domain_services.chronicle.schema import SprintRetrospective, SprintRetrospectiveCreate
from domain_services.kernel.client.http_client import PeerRefused

MAX_RETROSPECTIVES_READ = 1000  # the most that the chronicle lists
_NAMED_SPRINTS = 5


async def check_existing(services: Services, plan: Plan) -> None:
    """Check, before anything is written, that the import would change nothing that exists.

    Raises: `CsvRefused` when the project lives at another day, or sprints are recorded that the
    import would record otherwise.
    """
    planned = plan.project
    try:
        project = await services.project.get_project(planned.id)
    except PeerRefused as refused:
        # A new project cannot differ from anything.
        if refused.peer_status == 404:
            return
        raise
    if project.as_of != planned.as_of:
        lives = f"as of {project.as_of}" if project.as_of else "and lives today"
        raise CsvRefused(
            f"Project {planned.id} is there already {lives}, so it cannot be imported as of "
            f"{planned.as_of}; use another --prefix or another --data-dir."
        )
    await _check_sprints(services, plan)


async def _check_sprints(services: Services, plan: Plan) -> None:
    try:
        recorded = await services.chronicle.list_sprint_retrospectives(
            plan.project.id, limit=MAX_RETROSPECTIVES_READ
        )
    except PeerRefused as refused:
        # The chronicle answers 404 for a project without any sprint.
        if refused.peer_status == 404:
            return
        raise
    if difference := describe_difference(recorded, plan.retrospectives):
        raise CsvRefused(
            f"Project {plan.project.id} is there already and {difference}; nothing was changed. "
            "Import the same rows with the same --cadence, or use another --prefix or another "
            "--data-dir."
        )


def describe_difference(
    recorded: Sequence[SprintRetrospective], planned: Sequence[SprintRetrospectiveCreate]
) -> str | None:
    """Describe how sprints differ, as the end of a sentence; None when all recorded ones agree.

    Sprints that only one side has are no difference: an import adds what is missing.
    """
    planned_by_id = {sprint.sprint_id: sprint for sprint in planned}
    pairs = [
        (sprint, planned_by_id[sprint.sprint_id])
        for sprint in recorded
        if sprint.sprint_id in planned_by_id
    ]
    # Another cadence moves all windows; one sentence says more than a list of them all.
    for before, after in pairs:
        if before.origin == after.origin and _days(before) != _days(after):
            return f"has sprints of {_days(before)} days, not of {_days(after)} (--cadence)"
    differing = [
        (after, description)
        for before, after in pairs
        if (description := _describe_sprint(before, after))
    ]
    if not differing:
        return None
    listing = "; ".join(
        f"{sprint.sprint_id} ({sprint.start_date} to {sprint.end_date}): {description}"
        for sprint, description in differing[:_NAMED_SPRINTS]
    )
    unnamed = len(differing) - _NAMED_SPRINTS
    more = f"; and {unnamed} more" if unnamed > 0 else ""
    return f"its past sprints would change: {listing}{more}"


def _days(sprint: SprintRetrospective | SprintRetrospectiveCreate) -> int:
    return (sprint.end_date - sprint.start_date).days + 1


def _describe_sprint(before: SprintRetrospective, after: SprintRetrospectiveCreate) -> str:
    """Describe how one sprint differs; "" when it does not."""
    if before.origin != after.origin:
        return "it is recorded as one that was closed here, not imported"
    if before.start_date != after.start_date:
        return f"it is recorded as {before.start_date} to {before.end_date}"
    differences = _task_differences(before, after)
    for old, new, noun in (
        (before.open_at_start, after.open_at_start, "open tasks at its start"),
        (before.tasks_created_during, after.tasks_created_during, "tasks created in it"),
    ):
        if old != new:
            differences.append(f"{new} {noun} instead of {old}")
    return ", ".join(differences)


def _task_differences(before: SprintRetrospective, after: SprintRetrospectiveCreate) -> list[str]:
    old_tasks = {task.task_id: task.model_dump() for task in before.tasks_summary}
    new_tasks = {task.task_id: task.model_dump() for task in after.tasks_summary}
    changed = sum(old_tasks[key] != new_tasks[key] for key in old_tasks.keys() & new_tasks.keys())
    counts = (
        (len(new_tasks.keys() - old_tasks.keys()), "finished tasks are new"),
        (len(old_tasks.keys() - new_tasks.keys()), "finished tasks are gone"),
        (changed, "finished tasks have another title or assignee"),
    )
    return [f"{count} {phrase}" for count, phrase in counts if count]
