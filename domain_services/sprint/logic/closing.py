"""Closing a sprint, in one transaction."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import DailyScrumReportCreate, SummaryMetrics
from domain_services.chronicle.values import LAST_YEAR
from domain_services.kernel.errors import Conflict
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.envelope import DAILY_SCRUM_EVENTS, SPRINT_EVENTS, envelope
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
from domain_services.sprint.schema import Sprint, SprintClosed, SprintClosedEvent, SprintTask

_LEAVE = text(
    """
    UPDATE sprint_tasks SET version = version + 1, updated_at = :updated_at
    WHERE sprint_id = :sprint_id AND status <> 'completed'
    """
)


class NotInProgress(Conflict):
    code = "sprint_not_in_progress"
    title = "The sprint is not in progress"


async def lock_running(connection: AsyncConnection, sprint_id: str) -> Sprint:
    """The sprint, which nobody changes until the commit. Raises: `NotFound`, `NotInProgress`."""
    of_sprint = sprint_rows.c.id == sprint_id
    await connection.execute(select(sprint_rows.c.id).where(of_sprint).with_for_update())
    sprint = await sprints.get(connection, sprint_id)
    if sprint.status != "in_progress":
        raise NotInProgress(f"{sprint_id} is {sprint.status}", sprint_id=sprint_id)
    return sprint


async def close(
    connection: AsyncConnection, sprint_id: str, team: Sequence[str] | None
) -> SprintClosed:
    """Close a running sprint; unfinished tasks go back.

    `team` are those who attend the retrospective; None: as the team was last heard of.
    Raises: `NotFound`, `NotInProgress`.
    """
    sprint = await lock_running(connection, sprint_id)
    left = [task for task in sprint.tasks if task.status != "completed"]
    status = "closed_with_pending_tasks" if left else "completed"
    closed_at = utc_now()
    await connection.execute(
        update(sprint_rows)
        .where(sprint_rows.c.id == sprint_id)
        .values(status=status, closed_at=closed_at)
    )
    await _let_go(connection, sprint_id, left)
    told = envelope(
        "SPRINT_CLOSED", "Sprint", sprint_id, _outcome(sprint, closed_at), source=tasks.SOURCE
    )
    await outbox.append(connection, SPRINT_EVENTS, [told])
    happened = await retrospective_facts.of(connection, sprint, team)
    await _owe_last_reports(connection, sprint, len(happened.attendees))
    report_id = uuid4()
    note = retrospective.compose(report_id, sprint, happened)
    await deliveries.enqueue(connection, report_id, deliveries.RETROSPECTIVE, note)
    return SprintClosed(
        message=f"Sprint {sprint_id} closed as {status}.",
        sprint_id=sprint_id,
        status_updated_to=status,
        completed_tasks_count=sprint.completed_tasks,
        uncompleted_tasks_moved_to_backlog_count=len(left),
        retrospective_report_id=report_id,
    )


def _outcome(sprint: Sprint, closed_at: datetime) -> SprintClosedEvent:
    total = sprint.total_tasks
    return SprintClosedEvent(
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


async def _let_go(connection: AsyncConnection, sprint_id: str, left: Sequence[SprintTask]) -> None:
    """The rows stay as they stood, one version up: the version of the last event."""
    if not left:
        return
    now = utc_now()
    await connection.execute(_LEAVE, {"sprint_id": sprint_id, "updated_at": now})
    gone = [
        task.model_copy(update={"version": task.version + 1, "updated_at": now}) for task in left
    ]
    await outbox.append(connection, DAILY_SCRUM_EVENTS, tasks.tell_left(gone))


async def _owe_last_reports(connection: AsyncConnection, sprint: Sprint, members: int) -> None:
    """What was said after the last daily scrum, as of today.

    The chronicle takes one report a day: these are the reports of the first days without one.
    """
    today, free = await _days(connection, sprint.sprint_id)
    while free.year <= LAST_YEAR:
        report_id = uuid4()
        said = await reports.take(connection, sprint.sprint_id, report_id, date.max)
        if not said:
            return
        count = len({row.task_id for row in said})
        report = DailyScrumReportCreate(
            report_id=report_id,
            sprint_id=sprint.sprint_id,
            project_id=sprint.project_id,
            report_date=free,
            summary=f"Close of sprint {sprint.sprint_id}. Since the last daily scrum something "
            f"was said of {count} tasks.",
            summary_metrics=SummaryMetrics(
                total_team_members=members,
                total_tasks=sprint.total_tasks,
                completed_tasks=sprint.completed_tasks,
                pending_tasks=sprint.pending_tasks,
            ),
            reports={today: reports.by_person(said)},
        )
        await deliveries.enqueue(connection, report_id, deliveries.DAILY_SCRUM, report)
        free += timedelta(days=1)


async def _days(connection: AsyncConnection, sprint_id: str) -> tuple[date, date]:
    """The sprint's present day, and the first from it on that no daily scrum is of or before."""
    last = select(func.max(daily_scrums.c.scrum_date)).where(daily_scrums.c.sprint_id == sprint_id)
    kept = select(sprint_rows.c.timezone, sprint_rows.c.as_of, last.scalar_subquery().label("last"))
    row = (await connection.execute(kept.where(sprint_rows.c.id == sprint_id))).one()
    today = Calendar(row.timezone, row.as_of).today()
    return today, today if row.last is None else max(today, row.last + timedelta(days=1))
