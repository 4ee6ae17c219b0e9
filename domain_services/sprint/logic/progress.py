"""Progress of tasks in a sprint: what is said, what changes, what is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import orjson
import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.daily_scrum.schema import TaskProgressed
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.envelope import DAILY_SCRUM_EVENTS, Envelope
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

# First the sprint is locked, against closing, then the task.
_CURRENT = text(
    """
    SELECT sprints.status AS sprint_status, sprints.timezone, sprints.as_of, task.*
    FROM sprints JOIN sprint_tasks AS task ON task.sprint_id = sprints.id
    WHERE task.task_id = :task_id
      AND (CAST(:sprint_id AS text) IS NULL OR sprints.id = :sprint_id)
    ORDER BY sprints.number DESC LIMIT 1
    FOR SHARE OF sprints FOR UPDATE OF task
    """
)
_RECORD = text(
    """
    WITH said AS (
        SELECT * FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS entry (
            sprint_id text, task_id text, source text, day date, previous_percentage int,
            progress_percentage int, status text, version bigint, updated_at timestamptz,
            employee_id text, yesterday_work text, today_work text, impediments text)),
    moved AS (
        UPDATE sprint_tasks AS task
        SET status = said.status, progress_percentage = said.progress_percentage,
            version = said.version, updated_at = said.updated_at
        FROM said
        WHERE task.sprint_id = said.sprint_id AND task.task_id = said.task_id
          AND task.version < said.version)
    INSERT INTO progress_history (sprint_id, task_id, source, day, previous_percentage,
           progress_percentage, status, version, employee_id, yesterday_work, today_work,
           impediments)
    SELECT sprint_id, task_id, source, day, previous_percentage, progress_percentage, status,
           version, employee_id, yesterday_work, today_work, impediments
    FROM said
    """
)


@dataclass(frozen=True)
class Entry:
    """A report on a task, and the task before it."""

    task: SprintTask
    said: ProgressReport
    source: Literal["reported", "simulated"]


async def report(
    connection: AsyncConnection, task_id: str, said: ProgressReport
) -> ProgressRecorded:
    """Record what is said about a task of a running sprint.

    Raises: `NotFound`, `Conflict` when its sprint is not in progress, `Invalid`.
    """
    task, day = await _current(connection, task_id)
    (after,) = await record(connection, [Entry(task, said, "reported")], day)
    changed = after.version > task.version
    return ProgressRecorded(
        message=f"Task {task_id} updated" if changed else f"Report on {task_id} recorded",
        task_id=task_id,
        status=after.status,
        progress_percentage=after.progress_percentage,
        version=after.version,
    )


async def take_in(connection: AsyncConnection, event: Envelope) -> None:
    """TASK_PROGRESSED of the daily-scrum service, when its sprint is still as it was seen there.

    Without a `scrum_date` it is a report like any other. What comes too late (the sprint is over,
    the task has moved on, the person's day was simulated here) is logged and has no effect.
    Raises: `LookupError` for a task that the sprint never had.
    """
    data = TaskProgressed.model_validate(event.event_data)
    said = ProgressReport(
        progress_percentage=data.new_total_progress,
        **data.model_dump(include={"employee_id", "yesterday_work", "today_work", "impediments"}),
    )
    try:
        task, today = await _current(connection, data.task_id, data.sprint_id)
    except NotFound as error:
        raise LookupError(error.detail) from error
    except Conflict as error:
        logger.info("progress.too_late", event_id=str(event.event_id), reason=error.detail)
        return
    if data.scrum_date is None:
        await record(connection, [Entry(task, said, "reported")], today)
    elif data.task_version not in (None, task.version):
        logger.info("progress.too_late", event_id=str(event.event_id), reason="the task moved on")
    elif data.employee_id in await worked(connection, task.sprint_id, data.scrum_date):
        logger.info("progress.too_late", event_id=str(event.event_id), reason="the day was held")
    else:
        await record(connection, [Entry(task, said, "simulated")], data.scrum_date)


async def worked(connection: AsyncConnection, sprint_id: str, day: date) -> set[str]:
    """Who has a simulated day already: a day is simulated once, whichever service does it."""
    query = select(progress_history.c.employee_id).where(
        progress_history.c.sprint_id == sprint_id,
        progress_history.c.day == day,
        progress_history.c.source == "simulated",
    )
    return set(await connection.scalars(query))


async def record(
    connection: AsyncConnection, entries: Sequence[Entry], day: date
) -> list[SprintTask]:
    """Apply, remember as said on `day`, and tell; returns the tasks afterwards, in order.

    The caller holds the sprint's row, so that the tasks cannot leave meanwhile.
    """
    results = [_after(entry) for entry in entries]
    changed = [
        after for entry, after in zip(entries, results, strict=True) if after is not entry.task
    ]
    if entries:
        history = [
            _history(entry, after, day) for entry, after in zip(entries, results, strict=True)
        ]
        await connection.execute(_RECORD, {"entries": orjson.dumps(history).decode()})
    if changed:
        await outbox.append(connection, DAILY_SCRUM_EVENTS, tasks.tell(changed))
    return results


def _after(entry: Entry) -> SprintTask:
    """The task after the report; the same object when nothing changes."""
    task, said = entry.task, entry.said
    status, percentage = tasks.resolve(task, said.progress_percentage, said.status)
    if (status, percentage) == (task.status, task.progress_percentage):
        return task
    return task.model_copy(
        update={
            "status": status,
            "progress_percentage": percentage,
            "version": task.version + 1,
            "updated_at": utc_now(),
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
        **entry.said.model_dump(include=texts),
    }


async def _current(
    connection: AsyncConnection, task_id: str, sprint_id: str | None = None
) -> tuple[SprintTask, date]:
    """The task in its newest sprint, or the one named, and the sprint's day.

    Both are locked. Raises: `NotFound`, `Conflict`.
    """
    named = {"task_id": task_id, "sprint_id": sprint_id}
    row = (await connection.execute(_CURRENT, named)).first()
    if row is None:
        raise NotFound(f"no sprint has a task {task_id}", task_id=task_id)
    if row.sprint_status != "in_progress":
        raise Conflict(
            f"sprint {row.sprint_id} of {task_id} is {row.sprint_status}",
            task_id=task_id,
            sprint_id=row.sprint_id,
        )
    task = SprintTask.model_validate(row, from_attributes=True)
    return task, Calendar(row.timezone, row.as_of).today()
