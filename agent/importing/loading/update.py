"""Update of an imported project by a later export."""

from dataclasses import replace
from datetime import timedelta

from agent.importing.history import known_rows
from agent.importing.history.row_store import RowStore
from agent.importing.history.study import Study
from agent.importing.history.windows_between import past_sprints
from agent.importing.loading.existing_history import Existing, read_existing
from agent.importing.loading.history_sync import Advance, HistoryChanges, sync_history
from agent.importing.loading.load import LoadResult
from agent.importing.loading.plan import Plan
from agent.importing.loading.planning_sync import send_past_tasks
from agent.importing.loading.project_place import ProjectPlace
from agent.importing.loading.services import Services
from agent.importing.loading.task_sync import TaskChanges, TaskSync
from agent.importing.loading.walking import walk
from domain_services.project.schema import CalendarChange, ClockMove


async def update(
    services: Services,
    store: RowStore,
    plan: Plan,
    existing: Existing,
    study: Study,
    place: ProjectPlace,
    advance: Advance,
) -> LoadResult:
    """Bring a project to what its rows say on the day of the import; safe to repeat.

    A held project walks to the day, so that each change falls on its own day.
    """
    project_id, day = plan.project.id, study.day
    rows, is_held = study.rows[project_id], existing.project.clock == "held"
    await _move_place(services, existing, place)
    sync = await _sync_tasks(services, existing, study, project_id)
    walked = None
    if is_held and day > existing.project.today:
        walked = await walk(services, store, rows, day, refresh=False)
    closed_sprint = walked.closed_sprint if walked else None
    if is_held and study.clock == "live":
        await services.project.move_clock(project_id, ClockMove(live=True))
    advance(len(plan.history.backlog))
    # Read again: the walk may have closed a sprint.
    now = await read_existing(services, project_id) or existing
    if closed_sprint is not None:
        await sync.follow_released(now, day)
    changes = sync.changes + walked.tasks if walked else sync.changes
    sprints = past_sprints(rows, day, now)
    history = await sync_history(services, project_id, sprints, now, advance)
    await send_past_tasks(services, rows, min(day, now.project.today))
    anchor = rows.windows_end if now.own else day
    await known_rows.save(store, replace(sync.rows_done(), anchor=anchor, reached=day))
    result = _result(plan, now, changes, history, len(sprints))
    return replace(result, closed_sprint=closed_sprint)


def _result(
    plan: Plan, now: Existing, changes: TaskChanges, history: HistoryChanges, sprints: int
) -> LoadResult:
    existing_tasks = max(0, len(plan.history.backlog) - changes.created)
    # Each past sprint has an episode.
    existing_history = max(0, 2 * sprints - history.sprints - history.episodes)
    return LoadResult(
        project_id=plan.project.id,
        project_created=False,
        members=changes.members,
        tasks=changes.created,
        sprints=history.sprints,
        episodes=history.episodes,
        existing=existing_tasks + existing_history,
        clock=now.project.clock,
        today=now.project.today,
        completed=changes.completed + changes.reported,
        reopened=changes.reopened,
        updated=changes.updated,
        closed=changes.closed,
        marked=changes.marked,
        waiting=changes.waiting,
        replaced=history.replaced + history.removed,
    )


async def _sync_tasks(
    services: Services, existing: Existing, study: Study, project_id: str
) -> TaskSync:
    """Bring the backlog to the project's own day; the days after it are walked."""
    rows, today = study.rows[project_id], existing.project.today
    sync = TaskSync(services, rows)
    await sync.read(existing)
    await sync.follow_rows(study.known_before.get(project_id), study.day)
    # A held project is at the beginning of its day; a live one knows what was finished on it.
    is_held = existing.project.clock == "held"
    last = today - timedelta(days=1) if is_held else min(study.day, today)
    first = existing.own[0].start_date if existing.own else None
    await sync.create(min(study.day, today), (first, last) if first else None)
    await sync.finish(last)
    await sync.close_others(last)
    await sync.mark_work(min(study.day, today))
    return sync


async def _move_place(services: Services, existing: Existing, place: ProjectPlace) -> None:
    project = existing.project
    current = {name: getattr(project, name) for name in place.values}
    if current == place.values:
        return
    change = {"country": project.country, "subdivision": project.subdivision} | place.values
    await services.project.change_calendar(project.id, CalendarChange.model_validate(change))
