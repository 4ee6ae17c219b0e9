"""Which tasks a task depends on, and which story it belongs to.

Callers name a task of the same project by its id or its external key. Links change only under the
lock of the backlog, so that no two requests close a cycle together.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

STORY = "story"

_LOCK = text(
    """
    SELECT project_id FROM backlogs
    WHERE project_id = (SELECT project_id FROM tasks WHERE task_id = :task_id) FOR UPDATE
    """
)
# Shared locks: none of these is completed before the task that depends on it is stored.
_FIND = text(
    """
    SELECT task_id, external_key, type, status FROM tasks
    WHERE project_id = :project_id AND (task_id = ANY(:names) OR external_key = ANY(:names))
    ORDER BY task_id FOR SHARE
    """
)
_REACHED = text(
    """
    WITH RECURSIVE reached AS (
        SELECT unnest(CAST(:task_ids AS text[])) AS task_id
        UNION
        SELECT unnest(tasks.depends_on) FROM reached JOIN tasks USING (task_id))
    SELECT task_id, depends_on FROM reached JOIN tasks USING (task_id)
    """
)


@dataclass(frozen=True)
class Target:
    """A task that may be linked to."""

    task_id: str
    type: str
    completed: bool = False

    @property
    def is_story(self) -> bool:
        return is_story(self.type)


def is_story(kind: str) -> bool:
    """Whether a type of task is that of a story, as importers write it too ("Story")."""
    return kind.casefold() == STORY


def no_story(name: str, story: Target | None, kind: str, project_id: str) -> str | None:
    """Why a task of type `kind` cannot belong to `story`, which was called `name`; None if it can.

    Stories belong to no story: so they form no cycles, and no depth has to be limited.
    """
    if story is None:
        return f"{name} is no task of {project_id}"
    if not story.is_story:
        return f"{name} is a {story.type}, not a {STORY}"
    if is_story(kind):
        return f"a {STORY} belongs to no other {STORY}"
    return None


async def lock_backlog_of(connection: AsyncConnection, task_id: str) -> str | None:
    """Wait for whoever changes the backlog of a task; its project, None for an unknown task."""
    return await connection.scalar(_LOCK, {"task_id": task_id})


async def targets(
    connection: AsyncConnection, project_id: str, names: Iterable[str]
) -> dict[str, Target]:
    """The tasks that `names` mean, by name; an id goes before an equal external key."""
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return {}
    rows = await connection.execute(_FIND, {"project_id": project_id, "names": wanted})
    found = [
        (row.external_key, Target(row.task_id, row.type, row.status == "completed")) for row in rows
    ]
    by_key = {key: target for key, target in found if key is not None}
    by_id = {target.task_id: target for _, target in found}
    known = by_key | by_id
    return {name: known[name] for name in wanted if name in known}


async def cycle_through(
    connection: AsyncConnection, task_id: str, depends_on: Sequence[str]
) -> list[str] | None:
    """The way from `task_id` over `depends_on` back to it; None when there is none."""
    rows = await connection.execute(_REACHED, {"task_ids": list(depends_on)})
    edges: dict[str, Sequence[str]] = {row.task_id: row.depends_on for row in rows}
    came_from: dict[str, str] = dict.fromkeys(depends_on, task_id)
    waiting = list(depends_on)
    for reached in waiting:
        if reached == task_id:
            return _way(task_id, came_from)
        for following in edges.get(reached, ()):
            if following not in came_from:
                came_from[following] = reached
                waiting.append(following)
    return None


def _way(task_id: str, came_from: Mapping[str, str]) -> list[str]:
    way = [task_id]
    while (step := came_from[way[-1]]) != task_id:
        way.append(step)
    return [task_id, *reversed(way)]


def in_cycles(edges: Mapping[str, Iterable[str]]) -> set[str]:
    """The nodes of `edges` (node -> what it needs) that lie on a cycle, or between two cycles."""
    stuck = _stuck(edges)
    reverse: dict[str, list[str]] = {node: [] for node in stuck}
    for node in stuck:
        for needed in stuck.intersection(edges[node]):
            reverse[needed].append(node)
    return _stuck(reverse)


def _stuck(edges: Mapping[str, Iterable[str]]) -> set[str]:
    """The nodes on cycles, and those that need one of these."""
    sorter = TopologicalSorter(edges)
    left = set(edges)
    try:
        sorter.prepare()
    except CycleError:
        while ready := sorter.get_ready():
            sorter.done(*ready)
            left.difference_update(ready)
        return left
    return set()
