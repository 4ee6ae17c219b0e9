"""Walk of an imported project to a later day: what was kept back comes in on its own day."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from agent.clock.schema import ClockMoved, ClockMoveRequest, ClosedByClock, NextSprint, ScrumOfDay
from agent.importing.history import known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import RowStore
from agent.importing.history.windows_between import last_day, past_sprints, uncovered
from agent.importing.loading.existing_history import Existing, read_existing
from agent.importing.loading.history_sync import HistoryChanges, agrees, sync_history
from agent.importing.loading.planning_sync import send_past_tasks
from agent.importing.loading.services import Services
from agent.importing.loading.task_sync import TaskChanges, TaskSync


@dataclass
class Walk:
    """Effect of a walk."""

    project_id: str
    """The project."""
    previous_day: date
    """Day of the project before the walk."""
    today: date
    """Day of the project after the walk."""
    daily_scrums: list[ScrumOfDay] = field(default_factory=list[ScrumOfDay])
    """Daily scrums that were held, by day."""
    closed_sprint: ClosedByClock | None = None
    """Sprint that was closed; None when none ended."""
    tasks: TaskChanges = field(default_factory=TaskChanges)
    """Tasks that came in or were completed."""
    history: HistoryChanges = field(default_factory=HistoryChanges)
    """Imported sprints that the days passed made."""


async def walk(
    services: Services,
    store: RowStore,
    rows: KnownRows,
    target: date | NextSprint,
    *,
    refresh: bool = True,
) -> Walk | None:
    """Walk a held project to a day, or to the day of its next sprint; None when it is not there.

    On each day of a running sprint the tasks created on it enter the backlog, and those finished
    on it are reported, before the clock moves on. The orchestrator holds the daily scrums and
    closes the sprint. A walk that broke off is completed by the same call. `refresh` records the
    windows that have passed without a sprint, and sends the dates of what was finished.
    """
    existing = await read_existing(services, rows.project_id, with_history=False)
    if existing is None:
        return None
    sync = TaskSync(services, rows)
    await sync.read(existing)
    first = existing.project.today
    walk = Walk(rows.project_id, first, first, tasks=sync.changes)
    for day in _event_days(rows, existing, target):
        if day > walk.today:
            await _move(services, walk, day)
        await _bring_in(sync, existing, walk.today, day)
    await _move(services, walk, target)
    if walk.closed_sprint is not None:
        sync.leave_sprint()
    await _bring_in(sync, existing, walk.today, walk.today - timedelta(days=1))
    await sync.mark_work(walk.today)
    # With `refresh` off, the caller sends what was finished by then.
    if refresh:
        await send_past_tasks(services, rows, walk.today)
    await known_rows.save(store, replace(rows, reached=walk.today))
    if refresh and _passed_a_window(rows, existing, walk):
        walk.history = await refresh_history(services, rows, walk.today)
    return walk


async def refresh_history(services: Services, rows: KnownRows, day: date) -> HistoryChanges:
    """Record the windows that have passed without a sprint of the product."""
    existing = await read_existing(services, rows.project_id, with_tasks=True)
    if existing is None:
        return HistoryChanges()
    sprints = past_sprints(rows, day, existing)
    if agrees(sprints, existing):
        return HistoryChanges()
    return await sync_history(services, rows.project_id, sprints, existing, lambda _: None)


def _passed_a_window(rows: KnownRows, existing: Existing, walk: Walk) -> bool:
    """Return True when a whole window without a sprint may have ended on the way."""
    if not existing.own or any(task.sprints for task in rows.work):
        return True
    spans = uncovered(existing.own, rows.windows_end, walk.today, rows.cadence_days)
    return any(span.end >= walk.previous_day for span in spans)


def _event_days(rows: KnownRows, existing: Existing, target: date | NextSprint) -> Iterator[date]:
    """Yield the days of the running sprint before the target on which anything happened."""
    sprint, today = existing.running, existing.project.today
    if sprint is None:
        return
    last = last_day(sprint)
    if isinstance(target, date):
        last = min(last, target - timedelta(days=1))
    days = {day for task in rows.work for day in (task.created, task.ended) if day}
    yield from sorted(day for day in days if today <= day <= last)


async def _bring_in(sync: TaskSync, existing: Existing, day: date, finished_by: date) -> None:
    # Finished tasks count for the team's sprints, so they come in too, once there are any.
    await sync.create(day, (existing.own[0].start_date, day) if existing.own else None)
    await sync.finish(finished_by)
    await sync.close_others(finished_by)


async def _move(services: Services, walk: Walk, target: date | NextSprint) -> None:
    if target == walk.today:
        return
    request = ClockMoveRequest(to=target)
    moved: ClockMoved = await services.orchestrator.move_clock(walk.project_id, request)
    walk.today = moved.today
    walk.daily_scrums += moved.daily_scrums
    walk.closed_sprint = moved.closed_sprint or walk.closed_sprint
