"""Links of tasks that are created together: to stored tasks, or to each other by external key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import links
from domain_services.backlog.logic.links import Target
from domain_services.backlog.schema import TaskCreate


class TaskError(TypedDict):
    """Reason why a task of a request cannot be created."""

    index: int
    """Place of the task in the request, from 0."""
    message: str
    """Reason, in words for the caller."""
    field: NotRequired[str]
    """Field of an impossible link."""
    external_key: NotRequired[str | None]
    """External key that is taken."""


@dataclass(frozen=True)
class Links:
    """Links of a new task, by task id."""

    depends_on: list[str]
    """Tasks that must be completed first."""
    story_id: str | None
    """Story of the task; None for a task in no story."""
    ready: bool
    """Whether every task in `depends_on` is completed."""


async def resolve(
    connection: AsyncConnection,
    project_id: str,
    new_tasks: Sequence[TaskCreate],
    task_ids: Sequence[str],
) -> tuple[list[Links], list[TaskError]]:
    """Resolve the links of each new task, and list the names and tasks that cannot be linked.

    `task_ids` are the ids that the tasks will have. Links are complete when there is no error.
    """
    names = (name for task in new_tasks for name in _names(task))
    targets = {
        task.external_key: Target(task_id, task.type)
        for task, task_id in zip(new_tasks, task_ids, strict=True)
        if task.external_key is not None
    } | await links.targets(connection, project_id, names)
    task_links = [_link(task, targets) for task in new_tasks]
    errors = [
        TaskError(index=index, field=field, message=message)
        for index, task in enumerate(new_tasks)
        for field, message in _errors(task, task_ids[index], project_id, targets)
    ]
    new_ids = set(task_ids)
    edges = {
        task_id: new_ids.intersection(link.depends_on) - {task_id}
        for task_id, link in zip(task_ids, task_links, strict=True)
    }
    in_cycles = links.in_cycles(edges)
    errors += [
        TaskError(index=index, field="depends_on", message="depends on itself through others")
        for index, task_id in enumerate(task_ids)
        if task_id in in_cycles
    ]
    return task_links, errors


def _names(task: TaskCreate) -> list[str]:
    return task.depends_on + ([task.story_id] if task.story_id is not None else [])


def _link(task: TaskCreate, targets: Mapping[str, Target]) -> Links:
    dependencies = [targets[name] for name in task.depends_on if name in targets]
    story = targets.get(task.story_id) if task.story_id is not None else None
    return Links(
        depends_on=list(dict.fromkeys(target.task_id for target in dependencies)),
        story_id=story.task_id if story is not None else None,
        ready=all(target.completed for target in dependencies),
    )


def _errors(
    task: TaskCreate, task_id: str, project_id: str, targets: Mapping[str, Target]
) -> Iterator[tuple[str, str]]:
    for name in task.depends_on:
        if name not in targets:
            yield "depends_on", f"{name} is no task of {project_id}"
        elif targets[name].task_id == task_id:
            yield "depends_on", "a task does not depend on itself"
    if task.story_id is not None:
        reason = links.no_story(task.story_id, targets.get(task.story_id), task.type, project_id)
        if reason is not None:
            yield "story_id", reason
