"""Cancelling a sprint in which nobody worked, in one transaction."""

from uuid import uuid4

from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services import events
from domain_services.chronicle.schema import SprintCancellationCreate
from domain_services.kernel.errors import Conflict
from domain_services.kernel.messaging import outbox
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import deliveries, running_sprint, tasks
from domain_services.sprint.models import sprints as sprint_rows
from domain_services.sprint.schema import Sprint, SprintCancelled

_NAMED = 10  # tasks or people in one sentence
_REPORTED = text(
    """
    SELECT count(*) AS reports,
           array_agg(DISTINCT task_id ORDER BY task_id) AS task_ids,
           coalesce(array_agg(DISTINCT employee_id ORDER BY employee_id)
                    FILTER (WHERE employee_id IS NOT NULL), '{}') AS people,
           count(*) FILTER (WHERE coalesce(yesterday_work, today_work, impediments) IS NOT NULL)
               AS with_words
    FROM progress_history WHERE sprint_id = :sprint_id
    """
)


class WorkWasReported(Conflict):
    """Refusal to cancel; `reports`, `task_ids`, `people` and `with_words` say what exists."""

    code = "work_was_reported"
    title = "Work was reported"


async def cancel(
    connection: AsyncConnection, sprint_id: str, reason: str | None
) -> SprintCancelled:
    """Cancel a running sprint without any report, and release its tasks to the backlog.

    Raises: `NotFound`, `NotInProgress`, `WorkWasReported`.
    """
    sprint = await running_sprint.lock(connection, sprint_id)
    await _require_no_report(connection, sprint)
    cancelled_at = utc_now()
    await connection.execute(
        update(sprint_rows)
        .where(sprint_rows.c.id == sprint_id)
        .values(status="cancelled", closed_at=cancelled_at, worked=False)
    )
    released = await running_sprint.release(connection, sprint, cancelled_at)
    cancelled = events.SprintCancelled(
        sprint_id=sprint_id,
        project_id=sprint.project_id,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        requested_by=sprint.requested_by,
        reason=reason,
        cancelled_at=cancelled_at,
    )
    await outbox.append(connection, [*released, cancelled], source=tasks.SOURCE)
    # Not a retrospective: the decision of this sprint has no outcome to come.
    note = SprintCancellationCreate(
        sprint_id=sprint_id,
        project_id=sprint.project_id,
        reason=reason,
        cancelled_at=cancelled_at,
    )
    await deliveries.enqueue(connection, uuid4(), deliveries.CANCELLATION, note)
    count = len(released)
    return SprintCancelled(
        message=f"Sprint {sprint_id} cancelled; "
        f"{count} {'task is' if count == 1 else 'tasks are'} free again.",
        sprint_id=sprint_id,
        project_id=sprint.project_id,
        status_updated_to="cancelled",
        uncompleted_tasks_moved_to_backlog_count=count,
        reason=reason,
        cancelled_at=cancelled_at,
    )


async def _require_no_report(connection: AsyncConnection, sprint: Sprint) -> None:
    # A report that changes nothing counts too: its words are somebody's work.
    row = (await connection.execute(_REPORTED, {"sprint_id": sprint.sprint_id})).one()
    if not row.reports:
        return
    people = f" by {_names(row.people)}" if row.people else ""
    words = f", {row.with_words} with words" if row.with_words else ""
    raise WorkWasReported(
        f"{sprint.sprint_id} has {row.reports} {'report' if row.reports == 1 else 'reports'} on "
        f"{_names(row.task_ids)}{people}{words}: close it instead",
        sprint_id=sprint.sprint_id,
        progress_source=sprint.progress_source,
        reports=row.reports,
        task_ids=row.task_ids,
        people=row.people,
        with_words=row.with_words,
    )


def _names(ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
