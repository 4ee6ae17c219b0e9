"""Progress of tasks in a sprint: reports, their effect, and their history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import orjson
import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.events import TaskProgressed
from domain_services.kernel.errors import Conflict, Invalid, NotFound
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.envelope import Envelope
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import tasks
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.models import progress_history
from domain_services.sprint.schema import (
    ProgressRecorded,
    ProgressReport,
    SprintTask,
)

logger = structlog.get_logger()

# A task may have been in several sprints: the newest takes a report that names none.
# The sprint is locked before the task: a close waits for reports that are under way.
_CURRENT = text(
    """
    SELECT sprints.status AS sprint_status, sprints.start_date, sprints.timezone, sprints.as_of,
           task.*
    FROM sprints JOIN sprint_tasks AS task ON task.sprint_id = sprints.id
    WHERE task.task_id = :task_id
      AND (CAST(:sprint_id AS text) IS NULL OR sprints.id = :sprint_id)
    ORDER BY sprints.number DESC LIMIT 1
    FOR SHARE OF sprints FOR UPDATE OF task
    """
)
# A report that changes nothing has the version of the task: it is recorded alone.
_RECORD = text(
    """
    WITH report AS (
        SELECT * FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS entry (
            sprint_id text, task_id text, source text, day date, previous_percentage int,
            progress_percentage int, status text, version bigint, updated_at timestamptz,
            finished_on date, employee_id text, yesterday_work text, today_work text,
            impediments text)),
    moved AS (
        UPDATE sprint_tasks AS task
        SET status = report.status, progress_percentage = report.progress_percentage,
            version = report.version, updated_at = report.updated_at,
            finished_on = report.finished_on
        FROM report
        WHERE task.sprint_id = report.sprint_id AND task.task_id = report.task_id
          AND task.version < report.version)
    INSERT INTO progress_history (sprint_id, task_id, source, day, previous_percentage,
           progress_percentage, status, version, employee_id, yesterday_work, today_work,
           impediments)
    SELECT sprint_id, task_id, source, day, previous_percentage, progress_percentage, status,
           version, employee_id, yesterday_work, today_work, impediments
    FROM report
    """
)


@dataclass(frozen=True)
class Entry:
    """Report on a task."""

    task: SprintTask
    """Task before the report."""
    report: ProgressReport
    """Report of a person or of the simulation."""
    source: Literal["reported", "simulated"]
    """Origin of the report."""


@dataclass(frozen=True)
class CurrentTask:
    """Task of a running sprint, locked."""

    task: SprintTask
    """The task."""
    start_date: date
    """First day of its sprint."""
    calendar: Calendar
    """Calendar of the project, as the sprint stored it."""


async def report_task(
    connection: AsyncConnection, task_id: str, report: ProgressReport, calendar: Calendar | None
) -> ProgressRecorded:
    """Record a report on a task of a running sprint; `calendar` None: the sprint's stored copy.

    Raises: `NotFound`, `Conflict` when its sprint is not in progress, `Invalid`.
    """
    current = await _current(connection, task_id)
    today = (calendar or current.calendar).today()
    task, day = current.task, report.day or today
    if report.day is not None and not current.start_date <= day <= today:
        advice = f"name a day from {current.start_date} to {today}"
        if today < current.start_date:
            advice = f"it begins on {current.start_date}; leave the day out, or report it then"
        raise Invalid(f"day: {day} is not in {task.sprint_id} up to today: {advice}")
    (after,) = await record(connection, [Entry(task, report, "reported")], day)
    changed = after.version > task.version
    return ProgressRecorded(
        message=f"Task {task_id} updated" if changed else f"Report on {task_id} recorded",
        task_id=task_id,
        status=after.status,
        progress_percentage=after.progress_percentage,
        version=after.version,
    )


async def handle_task_progressed(connection: AsyncConnection, event: Envelope) -> None:
    """Record a day that the daily-scrum service simulated.

    Without a `scrum_date` it is a report like any other. A late event (the sprint is closed, the
    task has moved on, the person's day was simulated here) is logged and has no effect.
    Raises: `LookupError` for a task that the sprint never had.
    """
    data = TaskProgressed.model_validate(event.event_data)
    report = ProgressReport(
        progress_percentage=data.new_total_progress,
        **data.model_dump(include={"employee_id", "yesterday_work", "today_work", "impediments"}),
    )
    try:
        current = await _current(connection, data.task_id, data.sprint_id)
    except NotFound as error:
        # A late event is normal, an unknown task is not: it becomes a dead letter for a person
        # (docs/adr/0057-dead-letters.md).
        raise LookupError(error.detail) from error
    except Conflict as error:
        logger.info("progress.too_late", event_id=str(event.event_id), reason=error.detail)
        return
    task = current.task
    if data.scrum_date is None:
        await record(connection, [Entry(task, report, "reported")], current.calendar.today())
    elif data.task_version not in (None, task.version):
        logger.info("progress.too_late", event_id=str(event.event_id), reason="the task moved on")
    elif data.employee_id in await simulated_people(connection, task.sprint_id, data.scrum_date):
        logger.info(
            "progress.too_late", event_id=str(event.event_id), reason="the day was simulated here"
        )
    else:
        await record(connection, [Entry(task, report, "simulated")], data.scrum_date)


async def simulated_people(connection: AsyncConnection, sprint_id: str, day: date) -> set[str]:
    """List the people whose day was simulated already, by this or the daily-scrum service."""
    query = select(progress_history.c.employee_id).where(
        progress_history.c.sprint_id == sprint_id,
        progress_history.c.day == day,
        progress_history.c.source == "simulated",
    )
    return set(await connection.scalars(query))


async def record(
    connection: AsyncConnection, entries: Sequence[Entry], day: date
) -> list[SprintTask]:
    """Apply reports, store them as of `day`, publish changes; returns the tasks afterwards.

    The caller has locked the sprint's row, so that no close releases the tasks meanwhile.
    """
    # A report that changes nothing is stored all the same: its words go into the next daily report.
    results = [_after(entry, day) for entry in entries]
    changed = [
        after for entry, after in zip(entries, results, strict=True) if after is not entry.task
    ]
    if entries:
        history = [
            _history(entry, after, day) for entry, after in zip(entries, results, strict=True)
        ]
        await connection.execute(_RECORD, {"entries": orjson.dumps(history).decode()})
    if changed:
        events = tasks.task_updated_events(changed)
        await outbox.append(connection, events, source=tasks.SOURCE)
    return results


def _after(entry: Entry, day: date) -> SprintTask:
    """Return the task after the report of `day`; the same object when nothing changes."""
    task, report = entry.task, entry.report
    status, percentage = tasks.resolve(task, report.progress_percentage, report.status)
    if (status, percentage) == (task.status, task.progress_percentage):
        return task
    return task.model_copy(
        update={
            "status": status,
            "progress_percentage": percentage,
            "version": task.version + 1,
            "updated_at": utc_now(),
            "finished_on": day if status == "completed" else None,
        }
    )


def _history(entry: Entry, after: SprintTask, day: date) -> dict[str, object]:
    texts = {"employee_id", "yesterday_work", "today_work", "impediments"}
    return {
        "sprint_id": after.sprint_id,
        "task_id": after.task_id,
        "source": entry.source,
        "day": day,
        "previous_percentage": entry.task.progress_percentage,
        "progress_percentage": after.progress_percentage,
        "status": after.status,
        "version": after.version,
        "updated_at": after.updated_at,
        "finished_on": after.finished_on,
        **entry.report.model_dump(include=texts),
    }


async def _current(
    connection: AsyncConnection, task_id: str, sprint_id: str | None = None
) -> CurrentTask:
    """Lock a task and its newest sprint, or the named one.

    Raises: `NotFound`, `Conflict`.
    """
    values = {"task_id": task_id, "sprint_id": sprint_id}
    row = (await connection.execute(_CURRENT, values)).first()
    if row is None:
        raise NotFound(f"no sprint has a task {task_id}", task_id=task_id)
    if row.sprint_status != "in_progress":
        raise Conflict(
            f"sprint {row.sprint_id} of {task_id} is {row.sprint_status}: "
            "only a sprint in progress takes reports",
            task_id=task_id,
            sprint_id=row.sprint_id,
        )
    task = SprintTask.model_validate(row, from_attributes=True)
    return CurrentTask(task, row.start_date, Calendar(row.timezone, row.as_of))
