"""Routes of the backlog service (section 2.3 of the specification)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from domain_services.backlog import schema
from domain_services.backlog.logic import (
    changes,
    creation,
    people,
    projects,
    reading,
    reservations,
    samples,
    summaries,
)
from domain_services.kernel.database.database import Reading, Store, UnitOfWork
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import Day, EmployeeId, ProjectId, SprintId, TaskId
from domain_services.kernel.web.auth import Identity, for_services
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from domain_services.project.client import ProjectClient

router = APIRouter(route_class=IdempotentRoute)

# A reservation without its sprint, or a sprint without its reservation, is repaired at once
# (docs/adr/0122-permission-first.md), so that by hand these routes have no lasting use.
_BY_SPRINTS = for_services(
    "start a sprint by POST /sprints/{project_id} of the sprint service, end it by POST"
    " /sprints/{sprint_id}/close or /cancel"
)


@dataclass(frozen=True)
class Clients:
    """Clients of the services that the backlog service calls."""

    project: ProjectClient
    """Client of the project service."""


async def _clients(request: Request) -> Clients:
    return request.app.state.clients


async def _caller(request: Request) -> str:
    identity: Identity = request.scope["dsm.identity"]
    return identity.name


Peers = Annotated[Clients, Depends(_clients)]
Caller = Annotated[str, Depends(_caller)]


async def _existing(project_id: ProjectId, database: Store, peers: Peers) -> str:
    # By a connection of its own: none is occupied while the project service is asked.
    async with database.reading() as connection:
        known = await projects.has_backlog(connection, project_id)
    if not known:
        await projects.require(peers.project, project_id)
    return project_id


async def _new_tasks_of_known_people(body: schema.NewTasks, peers: Peers) -> None:
    await people.require(peers.project, people.assignees(body))


async def _update_of_known_people(body: schema.TaskUpdate, peers: Peers) -> None:
    await people.require(peers.project, people.assignees(body))


# Declared before the unit of work: FastAPI resolves them before a transaction begins.
KnownPeople = Annotated[None, Depends(_new_tasks_of_known_people)]
KnownPerson = Annotated[None, Depends(_update_of_known_people)]
ExistingProject = Annotated[str, Depends(_existing)]
IfMatch = Annotated[
    str | None,
    Header(pattern=r'^"[0-9]{1,18}"$', description="the version that it must still have"),
]


@router.get("/backlogs/summary", responses=problems(500), tags=["backlogs"])
async def list_summaries(db: Reading) -> list[schema.BacklogSummary]:
    """List a summary of every backlog with tasks."""
    return await summaries.of_all(db)


@router.post(
    "/backlogs/{project_id}", status_code=201, responses=problems(404, 500, 503), tags=["backlogs"]
)
async def generate_backlog(
    project_id: ExistingProject, db: UnitOfWork, caller: Caller
) -> schema.BacklogGenerated:
    """Give a project without tasks a first backlog; one that has tasks is left as it is."""
    added, count = await samples.generate(db, project_id, actor=caller)
    message = (
        f"{added} tasks created for {project_id}"
        if added
        else f"{project_id} has {count} tasks already; nothing was added"
    )
    return schema.BacklogGenerated(message=message, tasks_count=count)


@router.get(
    "/backlogs/{project_id}",
    response_model=list[schema.Task],
    responses=problems(404, 503),
    tags=["backlogs"],
)
async def list_tasks(
    project_id: ProjectId,
    database: Store,
    peers: Peers,
    status: schema.TaskStatus | None = None,
    assigned_to: Annotated[
        EmployeeId | None, Query(description="only tasks of this person")
    ] = None,
    ready: Annotated[
        bool | None, Query(description="only tasks whose dependencies are done, or only the others")
    ] = None,
    story_id: TaskId | None = None,
    after: Annotated[
        TaskId | Literal[""] | None,
        Query(description="only tasks created after this one, by their creation; empty: all"),
    ] = None,
    limit: Annotated[int | None, Query(ge=1, le=reading.MAX_PAGE)] = None,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """List tasks in planning order; X-Total-Count says how many there are in all.

    First come ranked tasks, then begun work, ready tasks, the highest priority, the oldest. A list
    of all tasks, page by page, is that of `after` with the last id of the page before: in planning
    order, a task that is changed meanwhile may move to a page that was read.
    """
    page = await reading.list_page(
        database,
        project_id,
        status=status,
        assigned_to=assigned_to,
        ready=ready,
        story_id=story_id,
        after=after,
        limit=limit,
        offset=offset,
    )
    # Only an empty backlog costs a call of the project service.
    if not page.known:
        await projects.require(peers.project, project_id)
    return _json(page.body, {"X-Total-Count": str(page.total)})


@router.get("/backlogs/{project_id}/summary", responses=problems(404, 503), tags=["backlogs"])
async def get_summary(
    project_id: ProjectId, database: Store, peers: Peers
) -> schema.BacklogSummary:
    """Count the tasks of one backlog."""
    summary = await summaries.of_one(database, project_id)
    if summary is None:
        await projects.require(peers.project, project_id)
    return summary or summaries.empty(project_id)


@router.get(
    "/backlogs/{project_id}/finished-outside-sprints",
    responses=problems(404, 503),
    tags=["backlogs"],
)
async def count_finished_outside(
    project_id: ProjectId,
    database: Store,
    peers: Peers,
    start_date: Day,
    end_date: Day,
) -> schema.FinishedOutside:
    """Count the tasks that were finished in a window of days while no sprint held them."""
    if end_date < start_date:
        raise Invalid(f"end_date {end_date} is before start_date {start_date}: swap them")
    counts, known = await summaries.finished_outside(database, project_id, start_date, end_date)
    if not known:
        await projects.require(peers.project, project_id)
    return counts


@router.post(
    "/backlogs/{project_id}/tasks",
    status_code=201,
    responses=problems(404, 409, 503),
    tags=["tasks"],
)
async def create_tasks(
    project_id: ExistingProject,
    body: schema.NewTasks,
    _: KnownPeople,
    db: UnitOfWork,
    caller: Caller,
) -> schema.TasksCreated:
    """Create one task or many, all or none."""
    new_tasks = body.tasks if isinstance(body, schema.TasksCreate) else [body]
    task_ids = await creation.create(db, project_id, new_tasks, actor=caller)
    return schema.TasksCreated(
        message=f"{len(task_ids)} tasks created for {project_id}",
        project_id=project_id,
        task_ids=task_ids,
    )


@router.get("/tasks/{task_id}", response_model=schema.Task, responses=problems(404), tags=["tasks"])
async def get_task(task_id: TaskId, database: Store) -> Response:
    """Read one task; the ETag is its version."""
    body, version = await reading.get(database, task_id)
    return _json(body, {"ETag": f'"{version}"'})


@router.get(
    "/tasks/{task_id}/history",
    response_model=list[schema.TaskChange],
    responses=problems(404),
    tags=["tasks"],
)
async def list_history(
    task_id: TaskId,
    db: Reading,
    limit: Annotated[int, Query(ge=1, le=reading.MAX_PAGE)] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """List every change of a task's status or progress, oldest first: when, and by whom."""
    return _json(await reading.history(db, task_id, limit=limit, offset=offset), {})


@router.put("/tasks/{task_id}", responses=problems(404, 412, 503), tags=["tasks"])
async def update_task(
    task_id: TaskId,
    body: schema.TaskUpdate,
    _: KnownPerson,
    db: UnitOfWork,
    caller: Caller,
    response: Response,
    if_match: IfMatch = None,
) -> schema.TaskChanged:
    """Change the named fields of a task; with If-Match only when nobody else has changed it.

    Status, progress and assignee of a task in a running sprint are reported to the sprint service.
    """
    expected = None if if_match is None else int(if_match.strip('"'))
    version = await changes.change(db, task_id, body, actor=caller, version=expected)
    response.headers["ETag"] = f'"{version}"'
    return schema.TaskChanged(message=f"Task {task_id} updated", task_id=task_id, version=version)


@router.get("/reservations", tags=["reservations"])
async def list_reservations(
    database: Store,
    after: Annotated[str, Query(max_length=200, description="id of the last sprint seen")] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
) -> list[schema.HeldTasks]:
    """List the sprints that hold tasks, by id; those of ended sprints are left out."""
    return await reservations.list_held(database, after, limit)


@router.post(
    "/backlogs/{project_id}/reservations",
    response_model=schema.Reservation,
    responses=problems(409),
    tags=["reservations"],
    **_BY_SPRINTS,
)
async def reserve(
    project_id: ProjectId, body: schema.ReservationCreate, db: UnitOfWork, caller: Caller
) -> Response:
    """Reserve free tasks for a sprint, all or none; a repeated call answers the same tasks."""
    reservation = await reservations.reserve(db, project_id, body, actor=caller)
    return _json(reservation, {})


@router.delete(
    "/backlogs/{project_id}/reservations/{sprint_id}", tags=["reservations"], **_BY_SPRINTS
)
async def release(
    project_id: ProjectId, sprint_id: SprintId, db: UnitOfWork, caller: Caller
) -> schema.Released:
    """Release the tasks of a sprint; unfinished ones are free again."""
    released = await reservations.release(db, project_id, sprint_id, actor=caller)
    return schema.Released(released=released)


def _json(body: str, headers: dict[str, str]) -> Response:
    # Not parsed and validated again: the database has written the JSON of up to 10,000 tasks.
    return Response(body.encode(), media_type="application/json", headers=headers)
