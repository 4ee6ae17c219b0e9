"""Changes of a project between two imports: counted by kind, the first of them in words."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

from agent.importing.history.known_rows import KnownRows
from agent.importing.meaning.statuses import State
from agent.importing.tasks import Task
from domain_services.kernel.words import listed, shortened

MOST_CHANGED = 100  # tasks that are named

# Kind of a change, as a field of `Changes`, and its words after a number.
_KINDS = {
    "new": "new",
    "finished": "finished",
    "other_finish": "finished on another day",
    "reopened": "reopened",
    "dropped": "dropped",
    "done_on_unknown_day": "done on an unknown day",
    "begun": "begun",
    "renamed": "renamed",
    "other_owner": "with another owner",
    "other_estimate": "with another estimate",
    "other_priority": "with another priority",
    "other_type": "with another type",
    "other_labels": "with other labels",
    "other_parts": "with other parts",
    "other_sprint": "in another sprint",
    "missing": "not in the file: they stay as they are",
}
_DETAILS = ("other_estimate", "other_priority", "other_type", "other_labels", "other_parts")
_CLOSED = ("dropped", "done_on_unknown_day")


@dataclass(frozen=True)
class ChangedTask:
    """A task that is not as it was at the last import."""

    task: str
    """Id of the task."""
    title: str | None
    """Title now; None without one."""
    changes: tuple[str, ...]
    """What has changed, in words: `estimate 3 -> 5`."""


@dataclass(frozen=True)
class Changes:
    """Tasks of a later export by kind of change; one task may be in several kinds."""

    new: int = 0
    """Tasks that were not there before."""
    finished: int = 0
    """Tasks that were open before and are finished now."""
    other_finish: int = 0
    """Tasks that were finished before on another day."""
    reopened: int = 0
    """Tasks that were finished before and are open now."""
    dropped: int = 0
    """Tasks that were open before and are closed without work now."""
    done_on_unknown_day: int = 0
    """Tasks that were open before and are done now, on a day that the export does not tell."""
    begun: int = 0
    """Open tasks on which nobody worked before and somebody works now."""
    renamed: int = 0
    """Tasks with another title."""
    other_owner: int = 0
    """Tasks with another assignee."""
    other_estimate: int = 0
    """Tasks with another estimate."""
    other_priority: int = 0
    """Tasks with another priority."""
    other_type: int = 0
    """Tasks with another type."""
    other_labels: int = 0
    """Tasks with other labels."""
    other_parts: int = 0
    """Tasks with other parts."""
    other_sprint: int = 0
    """Tasks whose last sprint is another one."""
    missing: int = 0
    """Open tasks that the export does not have; they stay as they are."""
    closed: int = 0
    """Tasks that were open before and are closed now, without work or on an unknown day."""
    other_details: int = 0
    """Tasks with another estimate, priority or type, other labels or other parts."""
    tasks: int = field(default=0, compare=False)
    """Tasks that have changed, each once; missing ones do not count."""
    first: tuple[ChangedTask, ...] = field(default=(), compare=False)
    """Tasks that have changed, the first `MOST_CHANGED` of them; missing ones are not named."""

    @property
    def any(self) -> bool:
        """True when anything but missing rows has changed."""
        return any(getattr(self, name) for name in _KINDS if name != "missing")

    def sentence(self) -> str:
        """Describe the changes in words; "" without any."""
        counts = ((getattr(self, name), words) for name, words in _KINDS.items())
        return ", ".join(f"{number} {words}" for number, words in counts if number)


def count_changes(
    before: KnownRows, rows: KnownRows, day: date, file_ids: Collection[str]
) -> Changes:
    """Count what is different on `day` from the day that earlier rows had reached."""
    earlier = {task.id: task for task in before.work if task.created <= before.day}
    counts: Counter[str] = Counter()
    first: list[ChangedTask] = []
    for task in rows.work:
        if task.created > day:
            continue
        old = earlier.get(task.id)
        changes = dict(_changes(old, task, before.day, day)) if old else {"new": "new"}
        counts.update(changes.keys())
        counts["closed"] += any(name in changes for name in _CLOSED)
        counts["other_details"] += any(name in changes for name in _DETAILS)
        counts["tasks"] += bool(changes)
        if changes and len(first) < MOST_CHANGED:
            first.append(ChangedTask(task.id, task.title, tuple(changes.values())))
    counts["missing"] = sum(
        task.is_open(before.day) and task.id not in file_ids for task in earlier.values()
    )
    return Changes(**counts, first=tuple(first))


def _changes(old: Task, task: Task, before: date, day: date) -> Iterator[tuple[str, str]]:
    """Yield the kinds of change of a task, each with its words."""
    was_open, is_open = old.is_open(before), task.is_open(day)
    if was_open and not is_open:
        yield _closing(task)
    elif is_open and not was_open:
        yield "reopened", "reopened"
    elif not is_open and old.finished and task.finished and old.finished != task.finished:
        yield "other_finish", f"finished on {task.finished} instead of {old.finished}"
    if task.is_begun(day) and not old.is_begun(before):
        yield "begun", "begun"
    yield from _details(old, task)


def _closing(task: Task) -> tuple[str, str]:
    if task.finished is not None:
        return "finished", f"finished on {task.finished}"
    if task.dropped is not None:
        return "dropped", f"dropped on {task.dropped}"
    if task.state is State.DROPPED:
        return "dropped", "dropped"
    return "done_on_unknown_day", "done on an unknown day"


def _details(old: Task, task: Task) -> Iterator[tuple[str, str]]:
    pairs = (
        ("renamed", "title", old.title, task.title),
        ("other_owner", "owner", old.assignee, task.assignee),
        ("other_estimate", "estimate", old.estimate, task.estimate),
        ("other_priority", "priority", old.priority, task.priority),
        ("other_type", "type", old.type, task.type),
        ("other_labels", "labels", old.labels, task.labels),
        ("other_parts", "parts", old.checklist, task.checklist),
        ("other_sprint", "sprint", old.sprints[-1:], task.sprints[-1:]),
    )
    for kind, name, was, now in pairs:
        if was != now:
            yield kind, f"{name} {_words(was)} -> {_words(now)}"


def _words(value: str | float | tuple[str, ...] | None) -> str:
    if isinstance(value, float | int):
        return f"{value:g}"
    if isinstance(value, tuple):
        return listed(value, most=3) if value else "none"
    return shortened(value, 60) if value else "none"
