"""Creating a sprint: a saga over this database and the backlog's.

The planned sprint is committed before the backlog is asked, so that whoever finds it can tell what
is unfinished. Asking is idempotent by sprint id: the recovery simply does it again.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import ReservationCreate, Returned, Task
from domain_services.chronicle.values import LAST_YEAR
from domain_services.kernel.background import Loop, every
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, Invalid, NotFound, Problem
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
    title = "No unassigned tasks"


class TasksNotFree(Conflict):
    """`errors` names the tasks that were asked for and cannot be had, with the reason of each."""

    code = "tasks_not_free"
    title = "Tasks are not free"


def _go_on(_checkpoint: str) -> None:
    return


class Planner:
    """Makes sprints, and finishes or undoes what a process that died has left.

    `reach` is called with the name of each checkpoint that the saga passes.
    """

    def __init__(
        self,
        database: Database,
        project: ProjectClient,
        backlog: BacklogClient,
        *,
        reach: Callable[[str], None] = _go_on,
    ) -> None:
        self._database = database
        self._project = project
        self._backlog = backlog
        self._reach = reach

    async def create(self, project_id: str, wanted: SprintCreate, key: str | None) -> SprintCreated:
        """Start a sprint, or answer what the first request with `key` was answered.

        Raises: `NotFound`, `ProjectInactive`, `SprintInProgress`, `NoUnassignedTasks`,
        `TasksNotFree`, `Invalid` for one that ends after the last year, `Unavailable`.
        """
        request = idempotency.keyed(saga.ROUTE, key, project_id, wanted) if key else None
        if request is not None:
            async with self._database.transaction() as connection:
                earlier = await idempotency.find(connection, request)
            if earlier is not None:
                return SprintCreated.model_validate_json(earlier.body)
        plan = await self._plan(project_id, wanted, key)
        async with self._database.transaction() as connection:
            if request is not None:
                earlier = await idempotency.claim(connection, request)
                if earlier is not None:
                    return SprintCreated.model_validate_json(earlier.body)
            opened = await saga.open_sprint(connection, project_id, plan)
        self._reach("opened")
        return await self._drive(opened)

    async def _plan(self, project_id: str, wanted: SprintCreate, key: str | None) -> Plan:
        try:
            project, availability = await asyncio.gather(
                self._project.get_project(project_id), self._window(project_id, wanted)
            )
        except PeerRefused as refusal:
            if refusal.peer_status == 404:
                raise NotFound(refusal.detail, project_id=project_id) from refusal
            raise
        if project.status != "active":
            raise ProjectInactive(f"{project_id} is {project.status}", project_id=project_id)
        last = saga.last_day(availability.start_date, wanted.duration_weeks)
        if last.year > LAST_YEAR:
            raise Invalid(f"the sprint would end on {last}, after the last year, {LAST_YEAR}")
        return Plan(
            wanted=wanted,
            start_date=availability.start_date,
            timezone=project.timezone,
            as_of=project.as_of,
            team=availability.capacity,
            idempotency_key=key,
        )

    async def _window(self, project_id: str, wanted: SprintCreate) -> Availability:
        check = self._project.check_availability
        if wanted.start_date is None:
            return await check(project_id, days=7 * wanted.duration_weeks)
        end = saga.last_day(wanted.start_date, wanted.duration_weeks)
        return await check(project_id, wanted.start_date, end)

    async def _drive(self, held: Saga) -> SprintCreated:
        try:
            reserved = await self._reserve(held)
            self._reach("reserved")
            async with self._database.transaction() as connection:
                created = await sprint_start.start(connection, held, reserved)
                self._reach("written")
        except Exception:
            await self._undo(held)
            raise
        self._reach("started")
        return created

    async def _reserve(self, held: Saga) -> Sequence[Task]:
        async with self._database.reading() as connection:
            left = await sprints.left_behind(connection, held.project_id)
        body = ReservationCreate(
            sprint_id=held.sprint_id,
            task_ids=held.plan.wanted.task_ids,
            # The events that tell of these may be on their way.
            returned=[
                Returned(
                    task_id=task.task_id,
                    progress_percentage=task.progress_percentage,
                    assigned_to=task.assigned_to,
                    version=task.version,
                    left_at=task.updated_at,
                )
                for task in left
            ],
        )
        try:
            reservation = await self._backlog.reserve(held.project_id, body)
        except PeerRefused as refusal:
            raise _refused(refusal, held.project_id) from refusal
        if not reservation.tasks:
            raise NoUnassignedTasks(
                f"{held.project_id} has no unassigned task", project_id=held.project_id
            )
        if len(reservation.tasks) > MAX_TASKS:
            raise Invalid(f"{held.project_id} has more than {MAX_TASKS} free tasks: name task_ids")
        return reservation.tasks

    async def _undo(self, held: Saga) -> None:
        """Release the tasks and cancel the sprint; what fails here is left to the recovery."""
        try:
            async with self._database.transaction() as connection:
                if not await saga.begin_compensation(connection, held):
                    return
            self._reach("compensating")
            await self._backlog.release(held.project_id, held.sprint_id)
            self._reach("released")
            async with self._database.transaction() as connection:
                await saga.cancel(connection, held)
            self._reach("cancelled")
        except (Problem, SQLAlchemyError, OSError) as error:
            logger.warning("saga.not_undone", sprint_id=held.sprint_id, error=str(error))

    async def recover_one(self) -> bool:
        """Complete or undo the saga that has been abandoned for longest; False without one."""
        async with self._database.transaction() as connection:
            found = await saga.take_over(connection)
        if found is None:
            return False
        logger.info("saga.taken_over", sprint_id=found.sprint_id, step=found.step)
        if found.step == "compensating":
            await self._undo(found)
            return True
        try:
            await self._drive(found)
        except Problem as error:
            logger.info("saga.undone", sprint_id=found.sprint_id, reason=error.detail)
        return True

    def loop(self) -> Loop:
        """Return the loop that completes or undoes abandoned sagas."""
        return every(RECOVERY_SECONDS, self.recover_one, name="saga recovery")


def _refused(refusal: PeerRefused, project_id: str) -> Problem:
    """The backlog's refusal in this service's words."""
    if refusal.peer_status != 409:
        return refusal
    if refusal.problem.get("code") == NoUnassignedTasks.code:
        return NoUnassignedTasks(refusal.detail, project_id=project_id)
    return TasksNotFree(refusal.detail, errors=refusal.problem.get("errors", []))
