"""Routes of the sprint service (section 3.3 of the specification)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request

from domain_services.kernel.database.database import Store, UnitOfWork
from domain_services.kernel.messaging.relay import Relay
from domain_services.kernel.types import ProjectId, SprintId, TaskId
from domain_services.kernel.web.auth import ADMIN, Identity
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from domain_services.sprint import schema
from domain_services.sprint.logic import (
    burndown,
    cancelling,
    closing,
    numbering,
    progress,
    sprints,
)
from domain_services.sprint.logic.daily_scrum import DailyScrum
from domain_services.sprint.logic.peer_facts import PeerFacts, PeerReader
from domain_services.sprint.logic.planning import Planner
from domain_services.sprint.logic.project_calendar import Calendar
from domain_services.sprint.logic.project_days import ProjectDays

router = APIRouter(route_class=IdempotentRoute)


async def _planner(request: Request) -> Planner:
    return request.app.state.planner


async def _relay(request: Request) -> Relay:
    return request.app.state.relay


async def _daily_scrum(request: Request) -> DailyScrum:
    return request.app.state.daily_scrum


async def _peer_facts(sprint_id: SprintId, request: Request) -> PeerFacts:
    reader: PeerReader = request.app.state.peer_reader
    return await reader.read(sprint_id)


async def _calendar_of_sprint(sprint_id: SprintId, request: Request) -> Calendar | None:
    days: ProjectDays = request.app.state.project_days
    return await days.of_sprint(sprint_id)


async def _calendar_of_task(task_id: TaskId, request: Request) -> Calendar | None:
    days: ProjectDays = request.app.state.project_days
    return await days.of_task(task_id)


async def _known_reporter(task_id: TaskId, body: schema.ProgressReport, request: Request) -> None:
    if body.employee_id is not None:
        await request.app.state.reporters.require(task_id, body.employee_id)


# Declared before the unit of work: no transaction waits for another service.
KnownFacts = Annotated[PeerFacts, Depends(_peer_facts)]
SprintCalendar = Annotated[Calendar | None, Depends(_calendar_of_sprint)]
TaskCalendar = Annotated[Calendar | None, Depends(_calendar_of_task)]


@router.get("/sprints/active", responses=problems(404), tags=["sprints"])
async def get_active_sprint(
    db: UnitOfWork, project_id: ProjectId | None = None
) -> schema.ActiveSprint:
    """Find the sprint in progress of a project; without one, the oldest in progress."""
    return schema.ActiveSprint(sprint_id=await sprints.find_active(db, project_id))


@router.get("/sprints/list_projects", tags=["sprints"])
async def list_projects(db: UnitOfWork) -> list[str]:
    """List the projects that have started a sprint."""
    return await sprints.list_projects(db)


@router.get("/sprints/by-project/{project_id}", tags=["sprints"])
async def list_sprints(
    project_id: ProjectId,
    database: Store,
    status: schema.SprintStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[schema.SprintSummary]:
    """List a project's sprints, newest first; by status also those that never started."""
    return await sprints.list_of(database, project_id, status, limit)


@router.put("/sprints/by-project/{project_id}/numbering", tags=["sprints"], **ADMIN)
async def continue_numbering(
    project_id: ProjectId, body: schema.Numbering, db: UnitOfWork
) -> schema.Numbered:
    """Number new sprints after those that an import brought; never backwards."""
    last = await numbering.continue_after(db, project_id, body.last_number)
    return schema.Numbered(project_id=project_id, last_number=last)


# The path parameter has the same name on all routes: OpenAPI refuses two names of one template.
@router.post(
    "/sprints/{sprint_id}", status_code=201, responses=problems(404, 409, 503), tags=["sprints"]
)
async def create_sprint(
    project_id: Annotated[ProjectId, Path(alias="sprint_id")],
    body: schema.SprintCreate,
    planner: Annotated[Planner, Depends(_planner)],
    relay: Annotated[Relay, Depends(_relay)],
    request: Request,
    idempotency_key: Annotated[schema.IdempotencyKey | None, Header()] = None,
) -> schema.SprintCreated:
    """Start a sprint with the named tasks, or with all unassigned ones."""
    # The route takes the key itself: the answer is stored when the sprint starts, which may be in
    # the recovery (docs/adr/0052-idempotency-keys.md).
    caller: Identity = request.scope["dsm.identity"]
    created = await planner.create(project_id, body, idempotency_key, caller=caller.name)
    # A sprint starts without Redis too: its events wait in the outbox.
    if relay.trouble is None:
        return created
    return created.model_copy(update={"warnings": [relay.trouble]})


@router.get("/sprints/{sprint_id}", responses=problems(404), tags=["sprints"])
async def get_sprint(sprint_id: SprintId, db: UnitOfWork) -> schema.Sprint:
    """Read one sprint with its tasks."""
    return await sprints.get(db, sprint_id)


@router.get("/sprints/{sprint_id}/tasks", responses=problems(404), tags=["sprints"])
async def list_tasks(sprint_id: SprintId, db: UnitOfWork) -> list[schema.SprintTask]:
    """List the sprint's tasks; of a closed sprint, as they stood at the close."""
    return await sprints.list_tasks(db, sprint_id)


@router.get("/sprints/{sprint_id}/task-summary", responses=problems(404), tags=["sprints"])
async def get_task_summary(sprint_id: SprintId, db: UnitOfWork) -> schema.TaskSummary:
    """Count the sprint's tasks by status."""
    return await sprints.summarise(db, sprint_id)


@router.get("/sprints/{sprint_id}/burndown", responses=problems(404), tags=["sprints"])
async def get_burndown(
    sprint_id: SprintId, calendar: SprintCalendar, db: UnitOfWork
) -> schema.Burndown:
    """Count the tasks left at the end of each day, beside the ideal line."""
    return await burndown.read(db, sprint_id, calendar)


@router.post("/sprints/{sprint_id}/close", responses=problems(404, 409), tags=["sprints"])
async def close_sprint(
    sprint_id: SprintId, known: KnownFacts, db: UnitOfWork
) -> schema.SprintClosed:
    """Close a sprint in progress; its unfinished tasks return to the backlog."""
    return await closing.close(db, sprint_id, known)


@router.post("/sprints/{sprint_id}/cancel", responses=problems(404, 409), tags=["sprints"])
async def cancel_sprint(
    sprint_id: SprintId, db: UnitOfWork, body: schema.SprintCancel | None = None
) -> schema.SprintCancelled:
    """Cancel a sprint in progress of which nobody has reported anything; its tasks are free.

    409 with what was reported once there is a report: such a sprint is closed.
    """
    return await cancelling.cancel(db, sprint_id, body.reason if body else None)


@router.post(
    "/sprints/{sprint_id}/run-daily-scrum", responses=problems(404, 409, 503), tags=["sprints"]
)
async def run_daily_scrum(
    sprint_id: SprintId,
    daily_scrum: Annotated[DailyScrum, Depends(_daily_scrum)],
    body: schema.DailyScrumRequest | None = None,
) -> schema.DailyScrumRun:
    """Report a day of the project, today by default; a second call answers the first's report."""
    return await daily_scrum.run(sprint_id, body or schema.DailyScrumRequest())


@router.post(
    "/tasks/{task_id}/progress",
    responses=problems(404, 409),
    tags=["tasks"],
    dependencies=[Depends(_known_reporter)],
)
async def report_progress(
    task_id: TaskId, body: schema.ProgressReport, calendar: TaskCalendar, db: UnitOfWork
) -> schema.ProgressRecorded:
    """Record a report on a task of a sprint in progress."""
    return await progress.report_task(db, task_id, body, calendar)
