"""Closing a sprint, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services import events
from domain_services.chronicle.schema import DailyScrumReportCreate, SummaryMetrics
from domain_services.chronicle.values import LAST_YEAR
from domain_services.kernel.errors import Conflict
from domain_services.kernel.messaging import outbox
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import (
    deliveries,
    reports,
    retrospective,
    retrospective_facts,
    sprints,
    tasks,
)
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.models import daily_scrums
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Sprint, SprintClosed, SprintTask

# Completed tasks do not change at the close, so they keep their version.
_RELEASE_UNFINISHED = text(
    """
    UPDATE sprint_tasks SET version = version + 1, updated_at = :updated_at
    WHERE sprint_id = :sprint_id AND status <> 'completed'
    """
)


class NotInProgress(Conflict):
    code = "sprint_not_in_progress"
    title = "The sprint is not in progress"


async def lock_running(connection: AsyncConnection, sprint_id: str) -> Sprint:
    """Lock a running sprint until the commit. Raises: `NotFound`, `NotInProgress`."""
    of_sprint = sprint_rows.c.id == sprint_id
    # Reports lock the row FOR SHARE: the tasks read below cannot move any more.
    await connection.execute(select(sprint_rows.c.id).where(of_sprint).with_for_update())
    sprint = await sprints.get(connection, sprint_id)
    if sprint.status != "in_progress":
        raise NotInProgress(
            f"{sprint_id} is {sprint.status}: only a sprint in progress takes this",
            sprint_id=sprint_id,
        )
    return sprint


async def close(
    connection: AsyncConnection, sprint_id: str, team: Sequence[str] | None
) -> SprintClosed:
    """Close a running sprint and release its tasks to the backlog.

    `team` attends the retrospective; None: the team as the sprint last stored it.
    Raises: `NotFound`, `NotInProgress`.
    """
    sprint = await lock_running(connection, sprint_id)
    unfinished = [task for task in sprint.tasks if task.status != "completed"]
    status = "closed_with_pending_tasks" if unfinished else "completed"
    closed_at = utc_now()
    await connection.execute(
        update(sprint_rows)
        .where(sprint_rows.c.id == sprint_id)
        .values(status=status, closed_at=closed_at)
    )
    released = await _release(connection, sprint, closed_at)
    outcome = _outcome(sprint, closed_at)
    await outbox.append(connection, [*released, outcome], source=tasks.SOURCE)
    facts = await retrospective_facts.read(connection, sprint, team)
    await _enqueue_last_reports(connection, sprint, len(facts.attendees))
    # Also the id of the delivery: however often it is posted, one retrospective is stored.
    report_id = uuid4()
    note = retrospective.compose(report_id, sprint, facts)
    await deliveries.enqueue(connection, report_id, deliveries.RETROSPECTIVE, note)
    return SprintClosed(
        message=f"Sprint {sprint_id} closed as {status}.",
        sprint_id=sprint_id,
        status_updated_to=status,
        completed_tasks_count=sprint.completed_tasks,
        uncompleted_tasks_moved_to_backlog_count=len(unfinished),
        retrospective_report_id=report_id,
    )


def _outcome(sprint: Sprint, closed_at: datetime) -> events.SprintClosed:
    total = sprint.total_tasks
    return events.SprintClosed(
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        completed_tasks=sprint.completed_tasks,
        planned_tasks=total,
        spill_over=sprint.pending_tasks,
        completion_rate=sprint.completed_tasks / total if total else None,
        duration_days=(sprint.end_date - sprint.start_date).days + 1,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        requested_by=sprint.requested_by,
        closed_at=closed_at,
    )


async def _release(
    connection: AsyncConnection, sprint: Sprint, closed_at: datetime
) -> list[events.TaskUpdated]:
    """Release all tasks; rows of unfinished ones keep their state and get the event's version."""
    values = {"sprint_id": sprint.sprint_id, "updated_at": closed_at}
    if sprint.pending_tasks:
        await connection.execute(_RELEASE_UNFINISHED, values)
    return tasks.task_released_events(_released(task, closed_at) for task in sprint.tasks)


def _released(task: SprintTask, closed_at: datetime) -> SprintTask:
    if task.status == "completed":
        return task
    return task.model_copy(update={"version": task.version + 1, "updated_at": closed_at})


async def _enqueue_last_reports(connection: AsyncConnection, sprint: Sprint, members: int) -> None:
    """Compile what was reported after the last daily scrum, as of today, for the chronicle."""
    # The chronicle takes one report a day, so these get the first days without a daily scrum.
    today, report_date = await _report_days(connection, sprint.sprint_id)
    while report_date.year <= LAST_YEAR:
        report_id = uuid4()
        # Days after today count too: a project with `as_of` may hold daily scrums ahead.
        entries = await reports.compile_entries(connection, sprint.sprint_id, report_id, date.max)
        if not entries:
            return
        count = len({row.task_id for row in entries})
        report = DailyScrumReportCreate(
            report_id=report_id,
            sprint_id=sprint.sprint_id,
            project_id=sprint.project_id,
            report_date=report_date,
            summary=f"Close of sprint {sprint.sprint_id}. {count} tasks were reported on since the "
            "last daily scrum.",
            summary_metrics=SummaryMetrics(
                total_team_members=members,
                total_tasks=sprint.total_tasks,
                completed_tasks=sprint.completed_tasks,
                pending_tasks=sprint.pending_tasks,
            ),
            reports={today: reports.by_person(entries)},
        )
        await deliveries.enqueue(connection, report_id, deliveries.DAILY_SCRUM, report)
        report_date += timedelta(days=1)


async def _report_days(connection: AsyncConnection, sprint_id: str) -> tuple[date, date]:
    """Return the sprint's today, and the first day from it on after the last daily scrum."""
    last = select(func.max(daily_scrums.c.scrum_date)).where(daily_scrums.c.sprint_id == sprint_id)
    query = select(
        sprint_rows.c.timezone, sprint_rows.c.as_of, last.scalar_subquery().label("last")
    )
    row = (await connection.execute(query.where(sprint_rows.c.id == sprint_id))).one()
    today = Calendar(row.timezone, row.as_of).today()
    return today, today if row.last is None else max(today, row.last + timedelta(days=1))
