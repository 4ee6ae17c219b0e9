"""Routes of planning: the Product Owner's order, past tasks, ages and candidates."""

import re
from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import TypeAdapter, ValidationError

from domain_services.backlog import planning_schema as schema
from domain_services.backlog.api.tasks import ExistingProject, Peers
from domain_services.backlog.logic import ages, candidates, order, past_tasks, projects
from domain_services.backlog.schema import MAX_TASKS_PER_REQUEST
from domain_services.kernel.database.database import Store, UnitOfWork
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import Day, ProjectId, TaskId
from domain_services.kernel.web.openapi import problems

router = APIRouter()

_MAX_BORDERS = 20
_MAX_LIST_CHARACTERS = 40_000
_NUMBER = re.compile("[0-9]{1,5}")
_task_id = TypeAdapter[str](TaskId)


@router.put("/backlogs/{project_id}/order", responses=problems(404, 503), tags=["planning"])
async def put_order(
    project_id: ExistingProject, body: schema.OrderUpdate, db: UnitOfWork
) -> schema.BacklogOrder:
    """Rank open tasks in the order given; all others lose their rank.

    A rank goes before everything else that decides the planning order. It raises no version.
    """
    return await order.replace(db, project_id, body.task_ids)


@router.get("/backlogs/{project_id}/order", responses=problems(404, 503), tags=["planning"])
async def get_order(project_id: ProjectId, database: Store, peers: Peers) -> schema.BacklogOrder:
    """Read the ranked open tasks in their order."""
    stored, known = await order.read(database, project_id)
    if not known:
        await projects.require(peers.project, project_id)
    return stored


@router.put("/backlogs/{project_id}/past-tasks", responses=problems(404, 503), tags=["planning"])
async def put_past_tasks(
    project_id: ExistingProject, body: schema.PastTasksUpdate, db: UnitOfWork
) -> schema.PastTasksStored:
    """Replace the dates of tasks that were finished before the backlog was kept here.

    Only the counts by age read them, and only while no task has the same external key.
    """
    await past_tasks.replace(db, project_id, body.tasks)
    return schema.PastTasksStored(project_id=project_id, tasks=len(body.tasks))


@router.get("/backlogs/{project_id}/ages", responses=problems(404, 503), tags=["planning"])
async def count_ages(
    project_id: ProjectId,
    database: Store,
    peers: Peers,
    day: Day,
    days: Annotated[int, Query(ge=1, le=56, description="length of a window")] = 14,
    windows: Annotated[int, Query(ge=1, le=200, description="most windows")] = 76,
) -> schema.TaskAges:
    """Count tasks by age: those that are open, and by past window those open and finished.

    Completed tasks without a day are left out. The newest window ends on the day before `day`.
    """
    if day.toordinal() <= windows * days:
        raise Invalid(f"day: {windows} windows of {days} days begin before year 1: ask for fewer")
    counts, known = await ages.count(database, project_id, day, days=days, windows=windows)
    if not known:
        await projects.require(peers.project, project_id)
    return counts


@router.get(
    "/backlogs/{project_id}/candidates",
    response_model=list[schema.Candidate],
    responses=problems(404, 503),
    tags=["planning"],
)
async def list_candidates(
    project_id: ProjectId,
    database: Store,
    peers: Peers,
    day: Day,
    limit: Annotated[int, Query(ge=1, le=schema.MAX_CANDIDATES)] = 100,
    class_borders: Annotated[
        str | None,
        Query(max_length=_MAX_LIST_CHARACTERS, description="ages in days, for example 3,14,28"),
    ] = None,
    task_ids: Annotated[
        str | None, Query(max_length=_MAX_LIST_CHARACTERS, description="only these, by commas")
    ] = None,
) -> Response:
    """List free tasks, those to plan first in front.

    The order is rank, begun work, ready, priority, age class, oldest, number. An age class begins
    at each of `class_borders`; the youngest class goes first.
    """
    body, known = await candidates.list_free(
        database,
        project_id,
        day,
        limit=limit,
        class_borders=_borders(class_borders),
        task_ids=None if task_ids is None else _task_ids(task_ids),
    )
    if not known:
        await projects.require(peers.project, project_id)
    return Response(body.encode(), media_type="application/json")


def _borders(text: str | None) -> list[int]:
    """Read rising ages, in days. Raises: `Invalid`."""
    parts = text.split(",") if text else []
    numbers = all(_NUMBER.fullmatch(part) for part in parts)
    borders = [int(part) for part in parts] if numbers else []
    if not numbers or len(borders) > _MAX_BORDERS or any(a >= b for a, b in pairwise(borders)):
        raise Invalid(
            f"class_borders: name at most {_MAX_BORDERS} rising ages in days, for example 3,14,28"
        )
    return borders


def _task_ids(text: str) -> list[str]:
    """Read ids of tasks. Raises: `Invalid`, naming those that are none."""
    names = text.split(",") if text else []
    if len(names) > MAX_TASKS_PER_REQUEST:
        raise Invalid(f"task_ids: name at most {MAX_TASKS_PER_REQUEST} tasks, not {len(names)}")
    if wrong := [name for name in names if not _is_task_id(name)]:
        raise Invalid(f"task_ids: {', '.join(wrong[:10])[:300]}: no id of a task")
    return names


def _is_task_id(name: str) -> bool:
    try:
        _task_id.validate_python(name)
    except ValidationError:
        return False
    return True
