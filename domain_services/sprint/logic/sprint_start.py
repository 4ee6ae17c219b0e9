"""Start of a planned sprint: the transaction that puts it in progress."""

from collections.abc import Sequence
from uuid import uuid4

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.schema import Task
from domain_services.chronicle.schema import SprintPlanningCreate
from domain_services.events import SprintStarted
from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import outbox
from domain_services.kernel.types import utc_now
from domain_services.sprint.logic import deliveries, saga, tasks
from domain_services.sprint.logic.assignment import assign
from domain_services.sprint.logic.saga import Saga
from domain_services.sprint.schema import SprintCreated, SprintTask

_SET_LAST_ASSIGNEE = text(
    "UPDATE counters SET last_assignee = :last WHERE project_id = :project_id"
)
# Counts on from the newest version published so far: the backlog counts its own versions, and may
# have skipped some of ours.
_STORE = text(
    """
    INSERT INTO sprint_tasks (sprint_id, task_id, project_id, title, status, progress_percentage,
                              assigned_to, priority, estimate, version, updated_at)
    SELECT t.sprint_id, t.task_id, t.project_id, t.title, t.status, t.progress_percentage,
           t.assigned_to, t.priority, t.estimate,
           greatest(t.version, (SELECT max(version) FROM sprint_tasks AS earlier
                                WHERE earlier.task_id = t.task_id)) + 1, t.updated_at
    FROM jsonb_to_recordset(CAST(:tasks AS jsonb)) AS t(
        sprint_id text, task_id text, project_id text, title text, status text,
        progress_percentage integer, assigned_to text, priority integer,
        estimate double precision, version bigint, updated_at timestamptz)
    RETURNING task_id, version
    """
)


async def start(
    connection: AsyncConnection, sprint: Saga, reserved: Sequence[Task]
) -> SprintCreated:
    """Store the tasks with their assignees, publish the start, store the answer.

    Raises: `LeaseLost`.
    """
    holders = [task.assigned_to for task in reserved]
    # docs/adr/0114-shown-and-not-planned.md
    team = sprint.plan.team if sprint.plan.assign_unowned else []
    assignees, last = assign(holders, team, sprint.plan.last_assignee)
    # The counter before the sprint: creators lock them in this order.
    if last != sprint.plan.last_assignee:
        values = {"last": last, "project_id": sprint.project_id}
        await connection.execute(_SET_LAST_ASSIGNEE, values)
    await saga.start(connection, sprint)
    assigned = await _store(connection, sprint, reserved, assignees)
    events = [*tasks.task_updated_events(assigned), _started(sprint, assigned)]
    await outbox.append(connection, events, source=tasks.SOURCE)
    note = _note(sprint, assigned)
    await deliveries.enqueue(connection, uuid4(), deliveries.PLANNING, note)
    created = _created(sprint, assigned)
    if sprint.plan.request_key is not None:
        answer = idempotency.StoredAnswer(201, created.model_dump_json())
        await idempotency.finish(connection, sprint.plan.request_key, answer)
    return created


async def _store(
    connection: AsyncConnection,
    sprint: Saga,
    reserved: Sequence[Task],
    assignees: Sequence[str | None],
) -> list[SprintTask]:
    now = utc_now()
    entering = [
        SprintTask(
            task_id=task.task_id,
            project_id=sprint.project_id,
            sprint_id=sprint.sprint_id,
            title=task.title,
            status="assigned_to_sprint",
            progress_percentage=task.progress_percentage,
            assigned_to=assignee,
            priority=task.priority,
            estimate=task.estimate,
            version=task.version,
            updated_at=now,
        )
        for task, assignee in zip(reserved, assignees, strict=True)
    ]
    rows = [task.model_dump(mode="json") for task in entering]
    stored = await connection.execute(_STORE, {"tasks": orjson.dumps(rows).decode()})
    versions = {row.task_id: row.version for row in stored}
    return [task.model_copy(update={"version": versions[task.task_id]}) for task in entering]


def _started(sprint: Saga, assigned: Sequence[SprintTask]) -> SprintStarted:
    return SprintStarted(
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        sprint_name=sprint.name,
        start_date=sprint.plan.start_date,
        end_date=sprint.plan.end_date,
        duration_weeks=sprint.plan.request.duration_weeks,
        task_ids=[task.task_id for task in assigned],
    )


def _note(sprint: Saga, assigned: Sequence[SprintTask]) -> SprintPlanningCreate:
    return SprintPlanningCreate(
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        sprint_name=sprint.name,
        sprint_goal=sprint.plan.request.sprint_goal,
        start_date=sprint.plan.start_date,
        end_date=sprint.plan.end_date,
        duration_weeks=sprint.plan.request.duration_weeks,
        planned_tasks=[task.task_id for task in assigned],
    )


def _created(sprint: Saga, assigned: list[SprintTask]) -> SprintCreated:
    return SprintCreated(
        message=f"Sprint '{sprint.name}' started successfully for project {sprint.project_id}",
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        sprint_name=sprint.name,
        status="in_progress",
        start_date=sprint.plan.start_date,
        end_date=sprint.plan.end_date,
        duration_weeks=sprint.plan.request.duration_weeks,
        assigned_tasks_count=len(assigned),
        tasks=assigned,
    )
