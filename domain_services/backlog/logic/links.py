"""Links of a task: the tasks that it depends on, and the story that it belongs to.

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
# Shared locks, so that none of these is completed before the task that depends on it is stored.
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
    """Task that others may be linked to."""

    task_id: str
    """Id of the task."""
    type: str
    """Type of the task, as the caller wrote it."""
    completed: bool = False
    """Whether the task is completed."""

    @property
    def is_story(self) -> bool:
        return is_story(self.type)


def is_story(kind: str) -> bool:
    """Tell whether a task type names a story; importers write it "Story"."""
    return kind.casefold() == STORY


def no_story(name: str, story: Target | None, kind: str, project_id: str) -> str | None:
    """Return the reason why a task of type `kind` cannot belong to the story called `name`.

    None: it can. Stories belong to no story, so they form no cycles and need no limit of depth.
    """
    if story is None:
        return f"{name} is no task of {project_id}"
    if not story.is_story:
        return f"{name} is a {story.type}, not a {STORY}"
    if is_story(kind):
        return f"a {STORY} belongs to no other {STORY}"
    return None


async def lock_backlog_of(connection: AsyncConnection, task_id: str) -> str | None:
    """Lock the backlog of a task; returns its project, None for an unknown task."""
    return await connection.scalar(_LOCK, {"task_id": task_id})


async def targets(
    connection: AsyncConnection, project_id: str, names: Iterable[str]
) -> dict[str, Target]:
    """Look up the tasks that `names` mean, by name; an id goes before an equal external key."""
    unique = list(dict.fromkeys(names))
    if not unique:
        return {}
    rows = await connection.execute(_FIND, {"project_id": project_id, "names": unique})
    keyed = [
        (row.external_key, Target(row.task_id, row.type, row.status == "completed")) for row in rows
    ]
    by_key = {key: target for key, target in keyed if key is not None}
    by_id = {target.task_id: target for _, target in keyed}
    by_name = by_key | by_id
    return {name: by_name[name] for name in unique if name in by_name}


async def cycle_through(
    connection: AsyncConnection, task_id: str, depends_on: Sequence[str]
) -> list[str] | None:
    """Find the path from `task_id` over `depends_on` back to it; None when there is none."""
    rows = await connection.execute(_REACHED, {"task_ids": list(depends_on)})
    edges: dict[str, Sequence[str]] = {row.task_id: row.depends_on for row in rows}
    predecessors: dict[str, str] = dict.fromkeys(depends_on, task_id)
    queue = list(depends_on)
    # The queue grows while it is read: breadth first, so that the error names a shortest cycle.
    for node in queue:
        if node == task_id:
            return _path(task_id, predecessors)
        for successor in edges.get(node, ()):
            if successor not in predecessors:
                predecessors[successor] = node
                queue.append(successor)
    return None


def _path(task_id: str, predecessors: Mapping[str, str]) -> list[str]:
    path = [task_id]
    while (step := predecessors[path[-1]]) != task_id:
        path.append(step)
    return [task_id, *reversed(path)]


def in_cycles(edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes of `edges` (node -> dependencies) on a cycle, or between two cycles."""
    # The sorter stops at cycles and at all that depends on one. Sorting what is left in reverse
    # drops the nodes that merely depend on a cycle.
    blocked = _unsortable(edges)
    reverse: dict[str, list[str]] = {node: [] for node in blocked}
    for node in blocked:
        for dependency in blocked.intersection(edges[node]):
            reverse[dependency].append(node)
    return _unsortable(reverse)


def _unsortable(edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Return the nodes on cycles, and those that depend on one of them."""
    sorter = TopologicalSorter(edges)
    nodes = set(edges)
    try:
        sorter.prepare()
    except CycleError:
        while ready := sorter.get_ready():
            sorter.done(*ready)
            nodes.difference_update(ready)
        return nodes
    return set()
