"""Creation of sprints: a saga over this database and the backlog's.

The planned sprint is committed before the backlog is called, so that the recovery finds what is
unfinished. The calls are idempotent by sprint id, so that the recovery repeats them.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.exc import SQLAlchemyError

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, Returned, Task
from domain_services.chronicle.values import LAST_YEAR
from domain_services.kernel.background import Loop, every
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import TRIES, error_text
from domain_services.kernel.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from domain_services.project.client import ProjectClient
from domain_services.project.schema import Availability
from domain_services.sprint.logic import saga, sprint_start, sprints
from domain_services.sprint.logic.saga import Plan, Saga
from domain_services.sprint.schema import MAX_TASKS, SprintCreate, SprintCreated

logger = structlog.get_logger()

RECOVERY_SECONDS = 1.0


class ProjectInactive(Conflict):
    code = "project_inactive"
    title = "The project is not active"


class NoUnassignedTasks(Conflict):
    code = "no_unassigned_tasks"
    title = "No task is free to be planned"


class TasksNotFree(Conflict):
    """Tasks of the request are not free; `errors` names each with its reason."""

    code = "tasks_not_free"
    title = "Tasks are not free"


def _ignore(_checkpoint: str) -> None:
    return


class Planner:
    """Creates sprints, and completes or undoes those of a process that died.

    A creation that can neither be completed nor undone is set aside after `tries` tries. `reach` is
    called with the name of each checkpoint that the saga passes.
    """

    def __init__(
        self,
        database: Database,
        project: ProjectClient,
        backlog: BacklogClient,
        *,
        tries: int = TRIES,
        reach: Callable[[str], None] = _ignore,
    ) -> None:
        self._database = database
        self._tries = tries
        self._project = project
        self._backlog = backlog
        self._reach = reach

    async def create(
        self, project_id: str, request: SprintCreate, key: str | None, *, caller: str
    ) -> SprintCreated:
        """Start a sprint, or repeat the answer to the caller's first request with `key`.

        Raises: `NotFound`, `ProjectInactive`, `SprintInProgress`, `NoUnassignedTasks`,
        `TasksNotFree`, `Invalid` for one that ends after the last year, `Unavailable`.
        """
        keyed = idempotency.keyed(caller, saga.ROUTE, key, project_id, request) if key else None
        if keyed is not None:
            async with self._database.transaction() as connection:
                # Before any peer is asked: a repeated request is answered without them.
                earlier = await idempotency.find(connection, keyed)
            if earlier is not None:
                return SprintCreated.model_validate_json(earlier.body)
        plan = await self._plan(project_id, request, key, caller)
        async with self._database.transaction() as connection:
            if keyed is not None:
                # In the transaction that opens the sprint: racing requests of a key open one.
                earlier = await idempotency.claim(connection, keyed)
                if earlier is not None:
                    return SprintCreated.model_validate_json(earlier.body)
            sprint = await saga.open_sprint(connection, project_id, plan)
        # Committed before the backlog is called: a crash from here on is found by the recovery.
        self._reach("opened")
        return await self._drive(sprint)

    async def _plan(
        self, project_id: str, request: SprintCreate, key: str | None, caller: str
    ) -> Plan:
        try:
            project, availability = await asyncio.gather(
                self._project.get_project(project_id), self._window(project_id, request)
            )
        except PeerRefused as refusal:
            if refusal.peer_status == 404:
                raise NotFound(refusal.detail, project_id=project_id) from refusal
            raise
        if project.status != "active":
            raise ProjectInactive(f"{project_id} is {project.status}", project_id=project_id)
        last = saga.last_day(availability.start_date, request.duration_weeks)
        if last.year > LAST_YEAR:
            raise Invalid(f"the sprint would end on {last}, after the last year, {LAST_YEAR}")
        return Plan(
            request=request,
            start_date=availability.start_date,
            timezone=project.timezone,
            as_of=project.as_of,
            team=availability.capacity,
            created_on=availability.today,
            working_days=availability.work_days,
            assign_unowned=project.assign_unowned,
            idempotency_key=key,
            caller=caller,
        )

    async def _window(self, project_id: str, request: SprintCreate) -> Availability:
        check = self._project.check_availability
        if request.start_date is None:
            return await check(project_id, days=7 * request.duration_weeks)
        end = saga.last_day(request.start_date, request.duration_weeks)
        return await check(project_id, request.start_date, end)

    async def _drive(self, sprint: Saga) -> SprintCreated:
        try:
            reserved = await self._reserve(sprint)
            self._reach("reserved")
            async with self._database.transaction() as connection:
                created = await sprint_start.start(connection, sprint, reserved)
                self._reach("written")
        # Every error, not only expected ones: a planned sprint blocks its project.
        except Exception:
            await self._undo(sprint)
            raise
        self._reach("started")
        return created

    async def _reserve(self, sprint: Saga) -> Sequence[Task]:
        async with self._database.reading() as connection:
            released = await sprints.list_released(connection, sprint.project_id)
        body = ReservationCreate(
            sprint_id=sprint.sprint_id,
            task_ids=sprint.plan.request.task_ids,
            # The events that release these may still be on their way.
            returned=[
                Returned(
                    task_id=task.task_id,
                    progress_percentage=task.progress_percentage,
                    assigned_to=task.assigned_to,
                    version=task.version,
                    left_at=task.updated_at,
                )
                for task in released
            ],
        )
        try:
            reservation = await self._backlog.reserve(sprint.project_id, body)
        except PeerRefused as refusal:
            raise _refused(refusal, sprint.project_id) from refusal
        if not reservation.tasks:
            raise NoUnassignedTasks(
                f"{sprint.project_id} has no task that is free to be planned",
                project_id=sprint.project_id,
            )
        # A reservation without names takes every free task, and a backlog may have more.
        if len(reservation.tasks) > MAX_TASKS:
            raise Invalid(
                f"{sprint.project_id} has more than {MAX_TASKS} free tasks: name task_ids"
            )
        return reservation.tasks

    async def _undo(self, sprint: Saga) -> None:
        """Release the tasks and cancel the sprint; a failure here is left to the recovery."""
        try:
            await self._compensate(sprint)
        # The caller gets the error that led here; the recovery begins when the lease ends.
        except (Problem, SQLAlchemyError, OSError) as error:
            logger.warning("saga.not_undone", sprint_id=sprint.sprint_id, error=str(error))

    async def _compensate(self, sprint: Saga) -> None:
        async with self._database.transaction() as connection:
            if not await saga.begin_compensation(connection, sprint):
                return
        self._reach("compensating")
        await self._backlog.release(sprint.project_id, sprint.sprint_id)
        self._reach("released")
        async with self._database.transaction() as connection:
            await saga.cancel(connection, sprint)
        self._reach("cancelled")

    async def recover_one(self) -> bool:
        """Complete or undo the saga that was abandoned first; False without one.

        One that fails is tried again ever later, and delays no other. Raises: the error of this
        service's own database.
        """
        async with self._database.transaction() as connection:
            row = await saga.take_over(connection)
        if row is None:
            return False
        try:
            await self._recover(saga.read(row))
        except Unavailable as error:
            # A peer is away: the saga waits for it, and this is no fault of its own.
            logger.warning("saga.not_undone", sprint_id=row.id, error=error.detail)
        except Exception as error:
            if outage(error) is not None:
                raise
            await self._record_failure(row, error)
        return True

    async def _recover(self, sprint: Saga) -> None:
        logger.info("saga.taken_over", sprint_id=sprint.sprint_id, step=sprint.step)
        if sprint.step == "compensating":
            await self._compensate(sprint)
            return
        try:
            await self._drive(sprint)
        except Problem as error:
            logger.info("saga.undone", sprint_id=sprint.sprint_id, reason=error.detail)

    async def _record_failure(self, row: Row[Any], error: Exception) -> None:
        async with self._database.transaction() as connection:
            is_last = await saga.record_failure(connection, row, error_text(error), self._tries)
        logger.error("saga.failed", sprint_id=row.id, set_aside=is_last, exc_info=error)

    def loop(self) -> Loop:
        """Return the loop that completes or undoes abandoned sagas."""
        return every(RECOVERY_SECONDS, self.recover_one, name="saga recovery")


def _refused(refusal: PeerRefused, project_id: str) -> Problem:
    """Translate a refusal of the backlog into this service's errors."""
    if refusal.peer_status != 409:
        return refusal
    if refusal.problem.get("code") == NoUnassignedTasks.code:
        return NoUnassignedTasks(refusal.detail, project_id=project_id)
    return TasksNotFree(refusal.detail, errors=refusal.problem.get("errors", []))
