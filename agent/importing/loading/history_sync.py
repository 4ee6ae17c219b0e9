"""Bring the imported sprints and episodes of a project to what its rows say now."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import TypeVar

from agent.importing.history.filling import PastSprint
from agent.importing.history.windows_between import number_sprints
from agent.importing.loading import documents
from agent.importing.loading.batches import batches
from agent.importing.loading.existing_history import Existing
from agent.importing.loading.plan import retrospective
from agent.importing.loading.services import Services
from agent.schema import ImportedEpisodes
from domain_services.chronicle.schema import ImportedSprints

ItemT = TypeVar("ItemT")
# Called with the number of steps that were completed since the last call.
Advance = Callable[[int], None]

SPRINTS_PER_REQUEST = 50
EPISODES_PER_REQUEST = 100
# A service admits 32 requests at once (docs/adr/0053-admission.md); leave room for others.
CONCURRENT_WINDOWS = 8


@dataclass
class HistoryChanges:
    """Effect on the imported sprints and episodes."""

    sprints: int = 0
    """New past sprints."""
    episodes: int = 0
    """New episodes."""
    replaced: int = 0
    """Sprints and episodes that were recorded otherwise before."""
    removed: int = 0
    """Sprints and episodes that the history no longer has."""


def agrees(sprints: Sequence[PastSprint], existing: Existing) -> bool:
    """Return True when the recorded sprints have the same names, days and finished tasks."""
    recorded = [
        (
            note.start_date,
            note.end_date,
            note.ended_on,
            note.planned_tasks_count,
            note.completed_outside,
            {(task.task_id, task.status == "close") for task in note.tasks_summary},
        )
        for note in existing.imported
    ]
    return recorded == [
        (
            sprint.start_date,
            sprint.end_date,
            sprint.ended_on,
            sprint.committed,
            len(sprint.outside) or None,
            {(task.id, True) for task in sprint.completed}
            | {(task.id, False) for task in sprint.unfinished},
        )
        for sprint in sprints
    ]


async def sync_history(
    services: Services,
    project_id: str,
    sprints: Sequence[PastSprint],
    existing: Existing | None,
    advance: Advance,
) -> HistoryChanges:
    """Record the sprints, replace those that have changed, remove others; then their episodes."""
    changes = HistoryChanges()
    if any(not sprint.number for sprint in sprints):
        counter = await services.sprint.continue_numbering(project_id, 1)
        sprints = number_sprints(sprints, counter.last_number)
    await _sync_sprints(services, project_id, sprints, changes, advance)
    # The first sprint that is decided here must not take the number of an imported one.
    if sprints:
        last = max(sprint.number for sprint in sprints)
        await services.sprint.continue_numbering(project_id, last)
    await _sync_episodes(services, project_id, sprints, existing, changes, advance)
    return changes


async def _sync_sprints(
    services: Services,
    project_id: str,
    sprints: Sequence[PastSprint],
    changes: HistoryChanges,
    advance: Advance,
) -> None:
    for request in _sprint_requests(project_id, sprints):
        answer = await services.chronicle.replace_imported_sprints(project_id, request)
        changes.sprints += answer.created
        changes.replaced += answer.replaced
        changes.removed += answer.removed
        advance(len(request.notes))


def _sprint_requests(project_id: str, sprints: Sequence[PastSprint]) -> Iterator[ImportedSprints]:
    """Build the requests one after another: a sprint has a document of each of its tasks."""
    keep = [documents.sprint_id(project_id, sprint.number) for sprint in sprints]
    notes = (retrospective(project_id, sprint) for sprint in sprints)
    parts_of_notes = batches(notes, SPRINTS_PER_REQUEST)
    first, second = next(parts_of_notes, None), next(parts_of_notes, None)
    if first is not None and second is None:
        yield ImportedSprints(notes=first, keep=keep)
        return
    for part in filter(None, chain((first, second), parts_of_notes)):
        yield ImportedSprints(notes=part)
    # Last of all, so that a failure on the way removes nothing that has no successor.
    yield ImportedSprints(keep=keep)


async def _sync_episodes(
    services: Services,
    project_id: str,
    sprints: Sequence[PastSprint],
    existing: Existing | None,
    changes: HistoryChanges,
    advance: Advance,
) -> None:
    working_days = await _working_days(services, project_id, sprints)
    own = _own_sprints(existing)
    episodes = list(documents.episodes(project_id, sprints, working_days, own))
    requests = [ImportedEpisodes(episodes=part) for part in batches(episodes, EPISODES_PER_REQUEST)]
    requests.append(ImportedEpisodes(keep=[episode.episode_id for episode in episodes]))
    for request in requests:
        answer = await services.orchestrator.replace_imported_episodes(project_id, request)
        changes.episodes += answer.created
        changes.replaced += answer.replaced
        changes.removed += answer.removed
        advance(len(request.episodes))


def _own_sprints(existing: Existing | None) -> list[tuple[date, int]]:
    """List start and completed tasks of the sprints that were closed here, the oldest first."""
    # From the sprint service: the chronicle gets a closed sprint a moment later.
    return [
        (sprint.start_date, sprint.completed_tasks)
        for sprint in (existing.own if existing else ())
        if sprint.closed_at is not None and sprint.worked is not False
    ]


async def _working_days(
    services: Services, project_id: str, sprints: Sequence[PastSprint]
) -> list[int]:
    """Read the working days of each past sprint from the project's own calendar."""
    working_days: list[int] = []
    for part in parts(sprints, CONCURRENT_WINDOWS):
        windows = await asyncio.gather(
            *(
                services.project.check_availability(project_id, sprint.start_date, sprint.end_date)
                for sprint in part
            )
        )
        working_days += [window.working_days for window in windows]
    return working_days


def parts(items: Sequence[ItemT], size: int) -> Iterator[Sequence[ItemT]]:
    """Yield the items in their order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
