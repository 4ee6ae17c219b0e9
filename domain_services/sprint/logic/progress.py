"""Progress of tasks in a sprint: what is said, what changes, what is remembered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import structlog
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.daily_scrum.schema import TaskProgressed
from domain_services.kernel import outbox
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.events import DAILY_SCRUM_EVENTS, Envelope
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import tasks
from domain_services.sprint.logic.days import Calendar
from domain_services.sprint.models import progress_history, sprint_tasks, sprints
from domain_services.sprint.schema import (
    ProgressRecorded,
    ProgressReport,
    SprintTask,
)

logger = structlog.get_logger()

_UPDATE = text(
    """
    UPDATE sprint_tasks SET status = :status, progress_percentage = :progress_percentage,
           version = :version, updated_at = :updated_at
    WHERE sprint_id = :sprint_id AND task_id = :task_id
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
    if changed:
        await connection.execute(_UPDATE, [task.model_dump() for task in changed])
        await outbox.append(connection, DAILY_SCRUM_EVENTS, tasks.tell(changed))
    if entries:
        history = [
            _history(entry, after) | {"day": day}
            for entry, after in zip(entries, results, strict=True)
        ]
        await connection.execute(insert(progress_history), history)
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


def _history(entry: Entry, after: SprintTask) -> dict[str, object]:
    texts = {"employee_id", "yesterday_work", "today_work", "impediments"}
    return {
        "sprint_id": after.sprint_id,
        "task_id": after.task_id,
        "source": entry.source,
        "previous_percentage": entry.task.progress_percentage,
        "progress_percentage": after.progress_percentage,
        "status": after.status,
        "version": after.version,
        **entry.said.model_dump(include=texts),
    }


async def _current(
    connection: AsyncConnection, task_id: str, sprint_id: str | None = None
) -> tuple[SprintTask, date]:
    """The task in its newest sprint, or the one named, and the sprint's day.

    Both are locked: first the sprint, against closing. Raises: `NotFound`, `Conflict`.
    """
    newest = (
        select(sprints.c.id, sprints.c.status, sprints.c.timezone, sprints.c.as_of)
        .join(sprint_tasks, sprint_tasks.c.sprint_id == sprints.c.id)
        .where(sprint_tasks.c.task_id == task_id)
        .order_by(sprints.c.number.desc())
        .limit(1)
        .with_for_update(read=True, of=sprints)
    )
    if sprint_id is not None:
        newest = newest.where(sprints.c.id == sprint_id)
    sprint = (await connection.execute(newest)).mappings().first()
    if sprint is None:
        raise NotFound(f"no sprint has a task {task_id}", task_id=task_id)
    if sprint["status"] != "in_progress":
        raise Conflict(
            f"sprint {sprint['id']} of {task_id} is {sprint['status']}",
            task_id=task_id,
            sprint_id=sprint["id"],
        )
    of_task = select(sprint_tasks).where(
        sprint_tasks.c.sprint_id == sprint["id"], sprint_tasks.c.task_id == task_id
    )
    row = (await connection.execute(of_task.with_for_update())).one()
    task = SprintTask.model_validate(row, from_attributes=True)
    return task, Calendar.of(dict(sprint)).today()
