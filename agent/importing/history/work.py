"""Work of a project: the tasks that are planned and counted, with their containers and parts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.importing.tasks import Kind, Task
from domain_services.backlog.schema import MAX_LABEL

# Before the title of the container that a task belongs to.
CONTAINER_LABEL = "epic: "


def work_of(tasks: Iterable[Task]) -> list[Task]:
    """Return the tasks that are planned and counted, the oldest first.

    Containers become a label of the tasks in them. Parts become lines in the checklist of their
    task; a part of no known task is work of its own. Rows that were left out become nothing.
    """
    # docs/adr/0161-tracker-sprints-as-history.md
    ordered = sorted(tasks, key=lambda task: (task.created, task.id))
    if all(task.kind is Kind.WORK and task.parent is None for task in ordered):
        return ordered
    by_key = {(task.project, task.id): task for task in ordered}
    work: list[Task] = []
    lines: dict[tuple[str, str], list[str]] = {}
    for task in ordered:
        if task.kind in (Kind.CONTAINER, Kind.LEFT_OUT):
            continue
        owner = _owner(task, by_key) if task.kind is Kind.PART else None
        if owner is None:
            work.append(task)
        else:
            lines.setdefault((owner.project, owner.id), []).append(_line(task))
    return [_described(task, by_key, lines.get((task.project, task.id), ())) for task in work]


def _ancestors(task: Task, by_key: Mapping[tuple[str, str], Task]) -> Iterable[Task]:
    """Yield the parents of a task, the nearest first, each once."""
    visited = {task.id}
    while task.parent is not None and task.parent not in visited:
        parent = by_key.get((task.project, task.parent))
        if parent is None:
            return
        visited.add(parent.id)
        yield parent
        task = parent


def _owner(part: Task, by_key: Mapping[tuple[str, str], Task]) -> Task | None:
    """Return the task that a part goes with; None without one in the files."""
    ancestors = _ancestors(part, by_key)
    return next((task for task in ancestors if task.kind is Kind.WORK), None)


def _described(
    task: Task, by_key: Mapping[tuple[str, str], Task], checklist: Iterable[str]
) -> Task:
    lines = tuple(checklist)
    # Nearly every task is as it was, and a copy of each would hold a second history in memory.
    if task.parent is None and lines == task.checklist:
        return task
    ancestors = _ancestors(task, by_key)
    container = next((one for one in ancestors if one.kind is Kind.CONTAINER), None)
    labels = task.labels
    if container is not None:
        label = (CONTAINER_LABEL + " ".join((container.title or container.id).split()))[:MAX_LABEL]
        # In front, so that the limit of labels never leaves it out.
        labels = tuple(dict.fromkeys((label.rstrip(), *task.labels)))
    return replace(task, labels=labels, checklist=lines)


def _line(part: Task) -> str:
    return f"{part.id}: {part.title}" if part.title else part.id
