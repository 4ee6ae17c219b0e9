"""Links of tasks that are created together: to stored tasks, or to each other by external key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import links
from domain_services.backlog.logic.links import Target
from domain_services.backlog.schema import TaskCreate


@dataclass(frozen=True)
class Linked:
    """A new task's links, by task id."""

    depends_on: list[str]
    story_id: str | None
    ready: bool


async def resolve(
    connection: AsyncConnection,
    project_id: str,
    wanted: Sequence[TaskCreate],
    task_ids: Sequence[str],
) -> tuple[list[Linked], list[dict[str, Any]]]:
    """The links of each new task, and an error for every name and task that cannot be linked.

    `task_ids` are the ids that the tasks will have. Links are complete when there is no error.
    """
    names = (name for each in wanted for name in _names(each))
    known = {
        each.external_key: Target(task_id, each.type)
        for each, task_id in zip(wanted, task_ids, strict=True)
        if each.external_key is not None
    } | await links.targets(connection, project_id, names)
    linked = [_link(each, known) for each in wanted]
    errors = [
        {"index": index, "field": field, "message": message}
        for index, each in enumerate(wanted)
        for field, message in _errors(each, task_ids[index], project_id, known)
    ]
    new = set(task_ids)
    edges = {
        task_id: new.intersection(each.depends_on) - {task_id}
        for task_id, each in zip(task_ids, linked, strict=True)
    }
    caught = links.in_cycles(edges)
    errors += [
        {"index": index, "field": "depends_on", "message": "depends on itself through others"}
        for index, task_id in enumerate(task_ids)
        if task_id in caught
    ]
    return linked, errors


def _names(task: TaskCreate) -> list[str]:
    return task.depends_on + ([task.story_id] if task.story_id is not None else [])


def _link(task: TaskCreate, known: Mapping[str, Target]) -> Linked:
    needed = [known[name] for name in task.depends_on if name in known]
    story = known.get(task.story_id) if task.story_id is not None else None
    return Linked(
        depends_on=list(dict.fromkeys(each.task_id for each in needed)),
        story_id=story.task_id if story is not None else None,
        ready=all(each.completed for each in needed),
    )


def _errors(
    task: TaskCreate, task_id: str, project_id: str, known: Mapping[str, Target]
) -> Iterator[tuple[str, str]]:
    for name in task.depends_on:
        if name not in known:
            yield "depends_on", f"{name} is no task of {project_id}"
        elif known[name].task_id == task_id:
            yield "depends_on", "a task does not depend on itself"
    if task.story_id is not None:
        reason = links.no_story(task.story_id, known.get(task.story_id), task.type, project_id)
        if reason is not None:
            yield "story_id", reason
