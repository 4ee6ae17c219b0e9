"""Closing a sprint, in one transaction."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services import events
from domain_services.chronicle.schema import DailyScrumReportCreate, SummaryMetrics
from domain_services.chronicle.values import LAST_YEAR
from domain_services.kernel.messaging import outbox
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import (
    deliveries,
    reports,
    retrospective,
    retrospective_facts,
    running_sprint,
    sprint_end,
    tasks,
)
from domain_services.sprint.logic.peer_facts import PeerFacts
from domain_services.sprint.logic.sprint_end import SprintEnd
from domain_services.sprint.models import daily_scrums
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Sprint, SprintClosed


async def close(connection: AsyncConnection, sprint_id: str, known: PeerFacts) -> SprintClosed:
    """Close a running sprint and release its tasks to the backlog.

    The sprint's own copies replace what is not `known`. Raises: `NotFound`, `NotInProgress`.
    """
    sprint = await running_sprint.lock(connection, sprint_id)
    end = await sprint_end.read(connection, sprint, known.calendar)
    end = replace(
        end,
        completed_outside=known.completed_outside(end.ended_on),
        completed_arrived=known.completed_arrived(end.ended_on),
    )
    unfinished = [task for task in sprint.tasks if task.status != "completed"]
    status = "closed_with_pending_tasks" if unfinished else "completed"
    closed_at = utc_now()
    await connection.execute(
        update(sprint_rows)
        .where(sprint_rows.c.id == sprint_id)
        .values(
            status=status,
            closed_at=closed_at,
            ended_on=end.ended_on,
            worked=end.worked,
            completed_outside=end.completed_outside,
            completed_arrived=end.completed_arrived,
        )
    )
    released = await running_sprint.release(connection, sprint, closed_at)
    outcome = _outcome(sprint, end, closed_at)
    await outbox.append(connection, [*released, outcome], source=tasks.SOURCE)
    facts = await retrospective_facts.read(connection, sprint, known.team)
    await _enqueue_last_reports(connection, sprint, end.today, len(facts.attendees))
    # Also the id of the delivery: however often it is posted, one retrospective is stored.
    report_id = uuid4()
    note = retrospective.compose(report_id, sprint, facts, end)
    await deliveries.enqueue(connection, report_id, deliveries.RETROSPECTIVE, note)
    return SprintClosed(
        message=f"Sprint {sprint_id} closed as {status}.",
        sprint_id=sprint_id,
        status_updated_to=status,
        completed_tasks_count=sprint.completed_tasks,
        uncompleted_tasks_moved_to_backlog_count=len(unfinished),
        retrospective_report_id=report_id,
        ended_on=end.ended_on,
        progress_source=sprint.progress_source,
        worked=end.worked,
        completed_outside=end.completed_outside,
        completed_arrived=end.completed_arrived,
    )


def _outcome(sprint: Sprint, end: SprintEnd, closed_at: datetime) -> events.SprintClosed:
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
        ended_on=end.ended_on,
        progress_source=sprint.progress_source,
        worked=end.worked,
        completed_outside=end.completed_outside,
        completed_arrived=end.completed_arrived,
    )


async def _enqueue_last_reports(
    connection: AsyncConnection, sprint: Sprint, today: date, members: int
) -> None:
    """Compile what was reported after the last daily scrum, by its own days, for the chronicle."""
    # The chronicle takes one report a day, so these get the first days without a daily scrum.
    report_date = await _first_free_day(connection, sprint.sprint_id, today)
    while report_date.year <= LAST_YEAR:
        report_id = uuid4()
        # Days after today count too: daily scrums may be held ahead.
        entries = await reports.compile_entries(connection, sprint.sprint_id, report_id, date.max)
        if not entries:
            return
        report = DailyScrumReportCreate(
            report_id=report_id,
            sprint_id=sprint.sprint_id,
            project_id=sprint.project_id,
            report_date=report_date,
            summary=f"Close of sprint {sprint.sprint_id}. Since the last daily scrum progress was "
            f"{reports.describe_sources(entries)}.",
            summary_metrics=SummaryMetrics(
                total_team_members=members,
                total_tasks=sprint.total_tasks,
                completed_tasks=sprint.completed_tasks,
                pending_tasks=sprint.pending_tasks,
            ),
            reports=reports.by_day(entries),
        )
        await deliveries.enqueue(connection, report_id, deliveries.DAILY_SCRUM, report)
        report_date += timedelta(days=1)


async def _first_free_day(connection: AsyncConnection, sprint_id: str, today: date) -> date:
    """Return the first day, from today on, after the last daily scrum."""
    last_scrum = await connection.scalar(
        select(func.max(daily_scrums.c.scrum_date)).where(daily_scrums.c.sprint_id == sprint_id)
    )
    return today if last_scrum is None else max(today, last_scrum + timedelta(days=1))
