"""People whom tasks are assigned to, as the project service knows them."""

from collections.abc import Sequence

from domain_services.backlog.schema import NewTasks, TasksCreate, TaskUpdate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Invalid
from domain_services.project.client import ProjectClient


def assignees(request: NewTasks | TaskUpdate) -> list[str]:
    """List the people whom a request assigns tasks to, each once."""
    named = request.tasks if isinstance(request, TasksCreate) else [request]
    return sorted({task.assigned_to for task in named if task.assigned_to is not None})


async def require(projects: ProjectClient, people: Sequence[str]) -> None:
    """Require that all people exist, by at most one call.

    Raises: `Invalid`, naming who is unknown; `Unavailable` when nobody answers.
    """
    if not people:
        return
    known = await _known(projects, people)
    if unknown := [person for person in people if person not in known]:
        raise Invalid(
            f"assigned_to: there is no employee {', '.join(unknown[:10])}: create them in the "
            "project service first",
            employee_ids=unknown,
        )


async def _known(projects: ProjectClient, people: Sequence[str]) -> set[str]:
    if len(people) > 1:
        return {person.id for person in await projects.list_teams()}
    try:
        return {(await projects.get_employee(people[0])).id}
    except PeerRefused as refusal:
        if refusal.peer_status != 404:
            raise
        return set()
