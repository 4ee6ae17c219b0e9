"""Stored state of a sprint's creation: opened, then completed or undone.

A process works on it under a lease with a token. Every step checks the token, so that a process
that was paused beyond its lease changes nothing any more.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import AliasChoices, BaseModel, ConfigDict, Field
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database import idempotency
from domain_services.kernel.database.idempotency import RequestKey
from domain_services.kernel.database.set_aside import ItemKind, pause_seconds
from domain_services.kernel.errors import Conflict, Unavailable
from domain_services.project.schema import PersonCapacity
from domain_services.sprint.schema import SprintCreate

ROUTE = "POST /sprints/{project_id}"
# After a crash the recovery starts this much later, within the minute that is promised.
LEASE_SECONDS = 10
# Undoing twice at once does no harm, so that its lease need only outlast one call.
UNDO_LEASE_SECONDS = 3

# One statement, so that racing creators queue on the counter's row for one round trip only. The
# partial unique index turns all but the first away: these insert nothing.
_OPEN = text(
    """
    WITH counted AS (
        INSERT INTO counters (project_id, last_number) VALUES (:project_id, 1)
        ON CONFLICT (project_id) DO UPDATE SET last_number = counters.last_number + 1
        RETURNING last_number AS number, last_assignee)
    INSERT INTO sprints (id, project_id, number, name, goal, status, start_date, end_date,
                         duration_weeks, requested_by, timezone, as_of, team, working_days,
                         created_on, saga_step, lease_token, lease_until, request)
    SELECT :project_id || '-S' || lpad(number::text, greatest(2, length(number::text)), '0'),
           :project_id, number, coalesce(:name, 'Sprint ' || number), :goal, 'planned',
           :start_date, :end_date, :duration_weeks, :requested_by, :timezone, :as_of,
           CAST(:team AS text[]), CAST(:working_days AS date[]), CAST(:created_on AS date),
           'reserving', gen_random_uuid(),
           now() + make_interval(secs => :lease),
           CAST(:request AS jsonb) || jsonb_build_object('last_assignee', last_assignee)
    FROM counted
    ON CONFLICT (project_id) WHERE status IN ('planned', 'in_progress') DO NOTHING
    RETURNING *
    """
)
_ACTIVE = text(
    """
    SELECT id, saga_step FROM sprints
    WHERE project_id = :project_id AND status IN ('planned', 'in_progress')
    """
)
# SKIP LOCKED: replicas recover different sagas instead of waiting for each other.
_TAKE_OVER = text(
    """
    UPDATE sprints SET lease_token = gen_random_uuid(),
           lease_until = now() + make_interval(secs => :lease)
    WHERE id = (SELECT id FROM sprints WHERE status = 'planned' AND lease_until < now()
                AND saga_set_aside_at IS NULL
                ORDER BY lease_until LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING *
    """
)
_FAILED = text(
    """
    UPDATE sprints SET saga_tries = saga_tries + 1, saga_error = :error,
           lease_until = now() + make_interval(secs => :pause),
           saga_set_aside_at = CASE WHEN :is_last THEN now() END
    WHERE id = :id AND status = 'planned' AND lease_token = :token
    """
)
_START = text(
    """
    UPDATE sprints SET status = 'in_progress', saga_step = NULL, lease_token = NULL,
           lease_until = NULL, request = NULL
    WHERE id = :id AND status = 'planned' AND saga_step = 'reserving' AND lease_token = :token
    """
)
# Without the step: an undoing that was interrupted begins again.
_COMPENSATE = text(
    """
    UPDATE sprints SET saga_step = 'compensating',
           lease_until = now() + make_interval(secs => :lease)
    WHERE id = :id AND status = 'planned' AND lease_token = :token
    """
)
# Without the token: cancelling is the end whoever undid the sprint, and twice is once.
_CANCEL = text(
    """
    UPDATE sprints SET status = 'cancelled', saga_step = NULL, lease_token = NULL,
           lease_until = NULL, request = NULL, closed_at = now()
    WHERE id = :id AND status = 'planned'
    """
)
_STATUS = text("SELECT status FROM sprints WHERE id = :id")

KIND = ItemKind(
    name="sprint",
    plural="unfinished sprints",
    table="sprints",
    key="id",
    subject="'the creation of ' || name",
    replay="saga_set_aside_at = NULL, saga_tries = 0, lease_until = now()",
    # As `_CANCEL`; what the backlog still holds for the sprint is released by its reconciliation.
    discard="saga_set_aside_at = NULL, status = 'cancelled', saga_step = NULL, lease_token = NULL,"
    " lease_until = NULL, request = NULL, closed_at = now()",
    tries="saga_tries",
    error="saga_error",
    at="saga_set_aside_at",
)


class SprintInProgress(Conflict):
    code = "sprint_in_progress"
    title = "A sprint is in progress"


class LeaseLost(Unavailable):
    """The recovery took the work over; the outcome can be read a little later."""


class Plan(BaseModel):
    """Data to complete a sprint without asking its creator or the project again."""

    model_config = ConfigDict(frozen=True)

    # Plans are stored under the key `wanted`: a saga begun by another release must be readable.
    request: SprintCreate = Field(
        validation_alias=AliasChoices("wanted", "request"), serialization_alias="wanted"
    )
    """Request for the sprint."""
    start_date: date
    """First day of the sprint."""
    timezone: str
    """Time zone of the project."""
    as_of: date | None
    """Day at which the project is held; None: it follows the clock."""
    team: list[PersonCapacity]
    """People of the project with their working days in the sprint, in the order of joining."""
    idempotency_key: str | None
    """Idempotency-Key of the request; None: it had none."""
    caller: str | None = None
    """Name of the caller's API key; None: an earlier release opened the sprint."""
    created_on: date | None = None
    """Day of the project at the request; None: an earlier release opened the sprint."""
    working_days: list[date] | None = None
    """Working days of the sprint; None: an earlier release opened it."""
    assign_unowned: bool = True
    """Whether the team gets the tasks without an owner, in turn; else nobody does."""
    last_assignee: str | None = None
    """Last person whom the project's sprint before assigned a task; None: nobody yet."""

    @property
    def request_key(self) -> RequestKey | None:
        """Return the key under which the answer is stored; None: the request had none."""
        if self.idempotency_key is None:
            return None
        return RequestKey(self.caller, ROUTE, self.idempotency_key)

    @property
    def end_date(self) -> date:
        """Return the last day of the sprint, inclusive."""
        return last_day(self.start_date, self.request.duration_weeks)


@dataclass(frozen=True)
class Saga:
    """Sprint whose creation is under way."""

    sprint_id: str
    """Id of the sprint."""
    project_id: str
    """Id of the sprint's project."""
    name: str
    """Name of the sprint."""
    step: Literal["reserving", "compensating"]
    """Step under way: taking tasks, or giving them back."""
    token: UUID
    """Token of the lease."""
    plan: Plan
    """Data to complete the sprint."""


def last_day(start: date, weeks: int) -> date:
    """Return the last day of a sprint, inclusive."""
    return start + timedelta(weeks=weeks, days=-1)


async def open_sprint(connection: AsyncConnection, project_id: str, plan: Plan) -> Saga:
    """Store the planned sprint. Raises: `SprintInProgress`, or `Unavailable` while one is undone.

    The project's next number is spent only when this commits.
    """
    request = plan.request
    values = {
        "project_id": project_id,
        "name": request.sprint_name,
        "goal": request.sprint_goal,
        "start_date": plan.start_date,
        "end_date": plan.end_date,
        "duration_weeks": request.duration_weeks,
        "requested_by": request.requested_by,
        "timezone": plan.timezone,
        "as_of": plan.as_of,
        "team": [person.employee_id for person in plan.team],
        "working_days": plan.working_days,
        "created_on": plan.created_on,
        "lease": LEASE_SECONDS,
        # The insert adds `last_assignee` itself, from the counter that it has locked.
        "request": plan.model_dump_json(exclude={"last_assignee"}, by_alias=True),
    }
    row = (await connection.execute(_OPEN, values)).first()
    if row is not None:
        return read(row)
    active = (await connection.execute(_ACTIVE, {"project_id": project_id})).first()
    # The index refused the row, and the sprint in its way ended before the second statement.
    if active is None:
        raise Unavailable(f"the last sprint of {project_id} was closed just now: try again")
    if active.saga_step == "compensating":
        raise Unavailable(
            f"{active.id} is being undone: try again", retry_after_seconds=UNDO_LEASE_SECONDS
        )
    raise SprintInProgress(
        f"{active.id} is in progress in {project_id}: close it first",
        sprint_id=active.id,
        project_id=project_id,
    )


async def take_over(connection: AsyncConnection) -> Row[Any] | None:
    """Lease the saga whose lease ended first; None when no lease has ended.

    The row is read by `read` after the commit: one that cannot be read keeps its lease, so that
    the others have their turn.
    """
    return (await connection.execute(_TAKE_OVER, {"lease": LEASE_SECONDS})).first()


async def record_failure(
    connection: AsyncConnection, row: Row[Any], reason: str, tries: int
) -> bool:
    """Store why a leased saga could not be ended; True when that sets it aside.

    The next try is after a pause that doubles; the try number `tries` is the last one.
    """
    number = row.saga_tries + 1
    values = {
        "id": row.id,
        "token": row.lease_token,
        "error": reason,
        "pause": pause_seconds(number),
        "is_last": number >= tries,
    }
    await connection.execute(_FAILED, values)
    return number >= tries


async def start(connection: AsyncConnection, saga: Saga) -> None:
    """Put the sprint in progress. Raises: `LeaseLost`."""
    update = await connection.execute(_START, {"id": saga.sprint_id, "token": saga.token})
    if update.rowcount == 0:
        raise LeaseLost(f"{saga.sprint_id} is being completed elsewhere: read it in a moment")


async def begin_compensation(connection: AsyncConnection, saga: Saga) -> bool:
    """Stop the sprint from being started; returns whether the caller must release its tasks.

    Also true for a sprint cancelled meanwhile: the caller's reservation may have come after.
    """
    values = {"id": saga.sprint_id, "token": saga.token, "lease": UNDO_LEASE_SECONDS}
    update = await connection.execute(_COMPENSATE, values)
    if update.rowcount:
        return True
    return await connection.scalar(_STATUS, {"id": saga.sprint_id}) == "cancelled"


async def cancel(connection: AsyncConnection, saga: Saga) -> None:
    """End a compensated saga; its Idempotency-Key may be used again."""
    update = await connection.execute(_CANCEL, {"id": saga.sprint_id})
    # Only the one who cancels frees the key: after that, a later request may have claimed it.
    if update.rowcount and saga.plan.request_key is not None:
        await idempotency.release(connection, saga.plan.request_key)


def read(row: Row[Any]) -> Saga:
    """Read the row of a saga. Raises: `ValidationError` for a plan that no release wrote."""
    return Saga(
        sprint_id=row.id,
        project_id=row.project_id,
        name=row.name,
        step=row.saga_step,
        token=row.lease_token,
        plan=Plan.model_validate(row.request),
    )
