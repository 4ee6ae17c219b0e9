"""Union of the rows of several files: a task of several files counts once."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.importing.tasks import Task, TrackerSprint


@dataclass(frozen=True, slots=True)
class Union:
    """Tasks of all files, each once."""

    tasks: tuple[Task, ...]
    """Tasks in the order in which they first occur."""
    repeated: int
    """Tasks that more than one file has."""


def unite(files: Iterable[Iterable[Task]]) -> Union:
    """Unite the tasks of files, the earlier file first.

    Of a task in several files the row stays that was updated last. Without a moment of the last
    change in both, or with the same one, the later file has it.
    """
    united: dict[tuple[str, str], Task] = {}
    repeated: set[tuple[str, str]] = set()
    for tasks in files:
        for task in tasks:
            key = (task.project, task.id)
            if (before := united.get(key)) is not None:
                repeated.add(key)
                if _is_older(task, before):
                    continue
            united[key] = task
    return Union(tuple(united.values()), len(repeated))


def _is_older(task: Task, other: Task) -> bool:
    return task.updated is not None and other.updated is not None and task.updated < other.updated


def unite_sprints(files: Iterable[Iterable[TrackerSprint]]) -> list[TrackerSprint]:
    """Unite the sprints of files by their names, the earlier file first.

    A later file decides, and what it does not tell stays as it was.
    """
    united: dict[tuple[str, str], TrackerSprint] = {}
    for sprints in files:
        for sprint in sprints:
            key = (sprint.project, sprint.name)
            before = united.get(key)
            united[key] = sprint if before is None else _followed(before, sprint)
    return list(united.values())


def _followed(before: TrackerSprint, sprint: TrackerSprint) -> TrackerSprint:
    reopened = sprint.state in ("active", "future")
    return TrackerSprint(
        project=sprint.project,
        name=sprint.name,
        start=sprint.start or before.start,
        end=sprint.end or before.end,
        closed=sprint.closed or (None if reopened else before.closed),
        state=sprint.state or before.state,
        committed=before.committed if sprint.committed is None else sprint.committed,
    )
