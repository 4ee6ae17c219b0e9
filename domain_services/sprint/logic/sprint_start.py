"""The transaction in which a planned sprint becomes one in progress."""

from collections.abc import Sequence
from uuid import uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import Task
from domain_services.chronicle.schema import SprintPlanningCreate
from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import outbox
from domain_services.kernel.messaging.envelope import DAILY_SCRUM_EVENTS, SPRINT_EVENTS, envelope
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import deliveries, saga, tasks
from domain_services.sprint.logic.assignment import assign
from domain_services.sprint.logic.saga import Saga
from domain_services.sprint.schema import SprintCreated, SprintStartedEvent, SprintTask

_TURN = text("UPDATE counters SET last_assignee = :last WHERE project_id = :project_id")
# The newest version told so far counts: the backlog counts its own, and may have skipped some.
_STORE = text(
    """
    INSERT INTO sprint_tasks (sprint_id, task_id, project_id, title, status, progress_percentage,
                              assigned_to, priority, version, updated_at)
    SELECT t.sprint_id, t.task_id, t.project_id, t.title, t.status, t.progress_percentage,
           t.assigned_to, t.priority,
           greatest(t.version, (SELECT max(version) FROM sprint_tasks AS earlier
                                WHERE earlier.task_id = t.task_id)) + 1, t.updated_at
    FROM jsonb_to_recordset(CAST(:tasks AS jsonb)) AS t(
        sprint_id text, task_id text, project_id text, title text, status text,
        progress_percentage integer, assigned_to text, priority integer, version bigint,
        updated_at timestamptz)
    RETURNING task_id, version
    """
)


async def start(connection: AsyncConnection, held: Saga, reserved: Sequence[Task]) -> SprintCreated:
    """Store the tasks with their assignees, tell everyone, keep the answer. Raises: `LeaseLost`."""
    holders = [task.assigned_to for task in reserved]
    assignees, last = assign(holders, held.plan.team, held.plan.last_assignee)
    # The counter before the sprint: in the order in which creators lock them.
    if last != held.plan.last_assignee:
        await connection.execute(_TURN, {"last": last, "project_id": held.project_id})
    await saga.start(connection, held)
    assigned = await _store(connection, held, reserved, assignees)
    await outbox.append(connection, DAILY_SCRUM_EVENTS, tasks.tell(assigned))
    started = _started(held, assigned)
    event = envelope("SPRINT_STARTED", "Sprint", held.sprint_id, started, source=tasks.SOURCE)
    await outbox.append(connection, SPRINT_EVENTS, [event])
    await deliveries.enqueue(connection, uuid4(), deliveries.PLANNING, _note(held, assigned))
    answer = _answer(held, assigned)
    if held.plan.idempotency_key is not None:
        key = held.plan.idempotency_key
        kept = idempotency.StoredAnswer(201, answer.model_dump_json())
        await idempotency.finish(connection, saga.ROUTE, key, kept)
    return answer


async def _store(
    connection: AsyncConnection,
    held: Saga,
    reserved: Sequence[Task],
    assignees: Sequence[str | None],
) -> list[SprintTask]:
    now = utc_now()
    entering = [
        SprintTask(
            task_id=task.task_id,
            project_id=held.project_id,
            sprint_id=held.sprint_id,
            title=task.title,
            status="assigned_to_sprint",
            progress_percentage=task.progress_percentage,
            assigned_to=assignee,
            priority=task.priority,
            version=task.version,
            updated_at=now,
        )
        for task, assignee in zip(reserved, assignees, strict=True)
    ]
    rows = [task.model_dump(mode="json") for task in entering]
    stored = await connection.execute(_STORE, {"tasks": orjson.dumps(rows).decode()})
    versions = {row.task_id: row.version for row in stored}
    return [task.model_copy(update={"version": versions[task.task_id]}) for task in entering]


def _started(held: Saga, assigned: Sequence[SprintTask]) -> SprintStartedEvent:
    return SprintStartedEvent(
        sprint_id=held.sprint_id,
        project_id=held.project_id,
        sprint_name=held.name,
        start_date=held.plan.start_date,
        end_date=held.plan.end_date,
        duration_weeks=held.plan.wanted.duration_weeks,
        task_ids=[task.task_id for task in assigned],
    )


def _note(held: Saga, assigned: Sequence[SprintTask]) -> SprintPlanningCreate:
    return SprintPlanningCreate(
        sprint_id=held.sprint_id,
        project_id=held.project_id,
        sprint_name=held.name,
        sprint_goal=held.plan.wanted.sprint_goal,
        start_date=held.plan.start_date,
        end_date=held.plan.end_date,
        duration_weeks=held.plan.wanted.duration_weeks,
        planned_tasks=[task.task_id for task in assigned],
    )


def _answer(held: Saga, assigned: list[SprintTask]) -> SprintCreated:
    return SprintCreated(
        message=f"Sprint '{held.name}' started successfully for project {held.project_id}",
        sprint_id=held.sprint_id,
        project_id=held.project_id,
        sprint_name=held.name,
        status="in_progress",
        start_date=held.plan.start_date,
        end_date=held.plan.end_date,
        duration_weeks=held.plan.wanted.duration_weeks,
        assigned_tasks_count=len(assigned),
        tasks=assigned,
    )
