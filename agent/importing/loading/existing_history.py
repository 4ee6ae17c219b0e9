"""Project and sprints that the services hold already, before an import writes anything."""

from dataclasses import dataclass
from datetime import date

from agent.importing.errors import CsvRefused
from agent.importing.history.known_rows import KnownRows
from agent.importing.loading.services import Services
from domain_services.chronicle.schema import SprintRetrospective
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import Project
from domain_services.sprint.schema import SprintSummary

MAX_LISTED = 1000  # the most that sprint service and chronicle list


@dataclass(frozen=True)
class Existing:
    """A project as the services hold it."""

    project: Project
    """The project."""
    own: tuple[SprintSummary, ...]
    """Sprints that were decided here, cancelled ones included, the oldest first."""
    recorded: tuple[SprintRetrospective, ...]
    """Recorded retrospectives, imported ones included, the oldest first; perhaps without tasks."""

    @property
    def running(self) -> SprintSummary | None:
        """Sprint in progress; None without one."""
        return next((sprint for sprint in self.own if sprint.status == "in_progress"), None)

    @property
    def imported(self) -> tuple[SprintRetrospective, ...]:
        """Imported retrospectives, the oldest first."""
        return tuple(note for note in self.recorded if note.origin == "import")


async def read_existing(
    services: Services, project_id: str, *, with_history: bool = True, with_tasks: bool = False
) -> Existing | None:
    """Read a project with its sprints; None when there is none.

    `with_history=False` leaves out the recorded retrospectives. These have their tasks, which may
    be all of an export, `with_tasks` alone.
    """
    try:
        project = await services.project.get_project(project_id)
    except PeerRefused as refused:
        if refused.peer_status == 404:
            return None
        raise
    own = await services.sprint.list_sprints(project_id, limit=MAX_LISTED)
    return Existing(
        project,
        tuple(sorted(own, key=lambda sprint: (sprint.start_date, sprint.sprint_id))),
        tuple(await _recorded(services, project_id, with_tasks)) if with_history else (),
    )


async def _recorded(
    services: Services, project_id: str, with_tasks: bool
) -> list[SprintRetrospective]:
    try:
        return await services.chronicle.list_sprint_retrospectives(
            project_id, limit=MAX_LISTED, with_tasks=with_tasks
        )
    except PeerRefused as refused:
        # The chronicle answers 404 for a project without any sprint.
        if refused.peer_status == 404:
            return []
        raise


def check_update(
    existing: Existing, before: KnownRows | None, day: date, cadence_days: int
) -> None:
    """Check, before anything is written, that an export may update the project.

    Raises: `CsvRefused` for a day before the project's, and for another length of the windows once
    sprints were decided on the history.
    """
    project = existing.project
    if project.clock == "held" and day < project.today:
        raise CsvRefused(
            f"Project {project.id} is at {project.today} and never goes back: import as of that "
            "day or a later one, or use another --prefix or another --data-dir."
        )
    if existing.own and before is not None and cadence_days != before.cadence_days:
        raise CsvRefused(
            f"Project {project.id} has windows of {before.cadence_days} days, not of "
            f"{cadence_days} (--cadence), and sprints were decided on them; nothing was changed. "
            "Leave --cadence out, or use another --prefix or another --data-dir."
        )
