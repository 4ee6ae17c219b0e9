"""Projects of an import as the services have them, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass

from agent.importing.errors import CsvRefused
from agent.importing.history.study import Study
from agent.importing.loading.existing_history import Existing, check_update, read_existing
from agent.importing.loading.services import Services
from agent.importing.outcome.project_outcome import Standing


@dataclass(frozen=True, slots=True)
class CurrentProjects:
    """State of the projects of an import in the services."""

    standings: Mapping[str, Standing]
    """Whether each project is new, held or live, by its id."""
    refusals: tuple[str, ...]
    """Why projects cannot be updated, in sentences; empty: all of them can be written."""


async def read_current(services: Services, study: Study) -> CurrentProjects:
    """Ask the services for the projects of an import; nothing is written."""
    standings: dict[str, Standing] = {}
    refusals: list[str] = []
    for history in study.histories:
        name = history.project_id
        existing = await read_existing(services, name, with_history=False)
        standings[name] = "new" if existing is None else existing.project.clock
        try:
            check_existing(existing, study, name)
        except CsvRefused as refusal:
            refusals.append(refusal.detail)
    return CurrentProjects(standings, tuple(refusals))


def check_existing(existing: Existing | None, study: Study, project_id: str) -> None:
    """Check that a study may update a project; None is a new one. Raises: as `check_update`."""
    if existing is not None:
        before, length = study.known_before.get(project_id), study.lengths[project_id]
        check_update(existing, before, study.day, length.days)
