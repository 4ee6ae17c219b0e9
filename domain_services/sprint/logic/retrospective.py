"""What a closed sprint says about itself: facts of its tasks and reports, no opinions."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import orjson

from domain_services.chronicle.schema import (
    ActionItemCreate,
    SprintRetrospectiveCreate,
    TaskOutcomeCreate,
    TaskOutcomeStatus,
)
from domain_services.sprint.schema import Sprint, SprintTask, TaskStatus

LATE_SHARE = 2 / 3  # of the sprint's days: work that starts after them is a late start
MAX_ACTION_ITEMS = 200
# Of all action items and of all titles, in JSON: the chronicle takes a body of 1 MiB.
MAX_ITEM_BYTES = 300_000
MAX_TITLE_BYTES = 400_000
MAX_ATTENDEES = 500
_NAMED = 10  # tasks in one sentence
# The chronicle's rule, which is in its first migration: both count the same impediments.
_NO_IMPEDIMENT = re.compile(
    r"\s*(-|nil|n/?a|nothing|no|none|no (impediments?|blockers?|issues?))?"
    r"( (reported|today|so far|at the moment))?[.!\s]*",
    re.IGNORECASE,
)
_OUTCOMES: dict[TaskStatus, TaskOutcomeStatus] = {
    "assigned_to_sprint": "open",
    "in_progress": "in-progress",
    "blocked": "in-progress",
    "completed": "close",
}


@dataclass(frozen=True)
class Impediment:
    task_id: str
    words: str


@dataclass(frozen=True)
class Course:
    """What happened beside how the tasks ended.

    `carried_in` were in an earlier sprint already; `started` has the project's day on which a task
    first moved, for one that came with progress the sprint's first; `impediments` in the order in
    which they were reported.
    """

    carried_in: Collection[str]
    started: dict[str, date]
    impediments: Sequence[Impediment]
    attendees: Sequence[str]


def compose(retrospective_id: UUID, sprint: Sprint, course: Course) -> SprintRetrospectiveCreate:
    """The note of a closed sprint."""
    return SprintRetrospectiveCreate(
        retrospective_id=retrospective_id,
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        sprint_name=sprint.sprint_name,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        duration_weeks=sprint.duration_weeks,
        what_went_well=_went_well(sprint.tasks, course),
        what_could_be_improved=_could_be_improved(sprint, course),
        action_items=_action_items(sprint.tasks, course.impediments),
        attendees=list(course.attendees[:MAX_ATTENDEES]),
        tasks_summary=[
            TaskOutcomeCreate(
                task_id=task.task_id,
                description=_cut(task.title, MAX_TITLE_BYTES // len(sprint.tasks)),
                status=_OUTCOMES[task.status],
                employee_id=task.assigned_to,
                progress_percentage=task.progress_percentage,
            )
            for task in sprint.tasks
        ],
        planned_tasks_count=len(sprint.tasks),
    )


def is_impediment(words: str) -> bool:
    """Whether a text names something in the way; people also write "None."."""
    return _NO_IMPEDIMENT.fullmatch(words) is None


def _went_well(tasks: Sequence[SprintTask], course: Course) -> str:
    done = [task.task_id for task in tasks if task.status == "completed"]
    if not done:
        return ""
    said = [f"{len(done)} of {len(tasks)} tasks were completed"]
    if old := [each for each in done if each in course.carried_in]:
        said.append(f"{len(old)} of them carried over from an earlier sprint")
    return ", ".join(said) + "."


def _could_be_improved(sprint: Sprint, course: Course) -> str:
    left = [task for task in sprint.tasks if task.status != "completed"]
    said: list[str] = []
    if left:
        parts = [f"{len(left)} of {len(sprint.tasks)} tasks were not completed and carry over"]
        if untouched := [task.task_id for task in left if task.task_id not in course.started]:
            parts.append(f"{len(untouched)} of them were never started")
        if blocked := [task.task_id for task in left if task.status == "blocked"]:
            parts.append(f"{len(blocked)} of them ended blocked ({_names(blocked)})")
        if again := [task.task_id for task in left if task.task_id in course.carried_in]:
            parts.append(f"{len(again)} of them not for the first time ({_names(again)})")
        said.append(", ".join(parts) + ".")
    if late := [each for each, day in course.started.items() if day >= _late_from(sprint)]:
        said.append(f"Started in the last third of the sprint: {_names(late)}.")
    if met := [each for each in course.impediments if is_impediment(each.words)]:
        tasks = list(dict.fromkeys(each.task_id for each in met))
        said.append(f"Impediments reported: {len(met)}, on {_names(tasks)}.")
    return " ".join(said)


def _late_from(sprint: Sprint) -> date:
    days = (sprint.end_date - sprint.start_date).days + 1
    return sprint.start_date + timedelta(days=round(days * LATE_SHARE))


def _action_items(
    tasks: Sequence[SprintTask], impediments: Sequence[Impediment]
) -> list[ActionItemCreate]:
    left = {task.task_id: task for task in tasks if task.status != "completed"}
    unresolved = [
        impediment.words
        for impediment in impediments
        if impediment.task_id in left and is_impediment(impediment.words)
    ]
    items = [
        ActionItemCreate(description=f"Remove the impediment: {words}"[:10_000], impediment=words)
        for words in dict.fromkeys(unresolved)
    ]
    items += [
        ActionItemCreate(
            description=f"Decide about {task.task_id}, left at {task.progress_percentage} %",
            task_id=task.task_id,
        )
        for task in left.values()
    ]
    return list(_fitting(items[:MAX_ACTION_ITEMS]))


def _fitting(items: Sequence[ActionItemCreate]) -> Iterator[ActionItemCreate]:
    """Take the first items, as many as one note holds."""
    free_bytes = MAX_ITEM_BYTES
    for item in items:
        free_bytes -= _size(item.description) + _size(item.impediment or "")
        if free_bytes < 0:
            return
        yield item


def _size(words: str) -> int:
    return len(orjson.dumps(words))


def _cut(title: str, most_bytes: int) -> str:
    """The title, or the beginning of one that is too long; JSON has at most 6 bytes a letter."""
    return title if _size(title) <= most_bytes else title[: most_bytes // 6]


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
