"""Retrospective note of a closed sprint, composed from facts of its tasks and reports."""

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
from domain_services.sprint.logic.sprint_end import SprintEnd
from domain_services.sprint.schema import Sprint, SprintTask, TaskStatus

LATE_SHARE = 2 / 3  # of the sprint's days: work that starts after them is a late start
# As many as the chronicle takes: a sprint may have more open tasks.
MAX_ACTION_ITEMS = 200
# Of all action items and of all titles, in JSON: the chronicle takes a body of 1 MiB.
MAX_ITEM_BYTES = 300_000
MAX_TITLE_BYTES = 400_000
MAX_ATTENDEES = 500
_NAMED = 10  # tasks in one sentence
# The same rule as in the chronicle's first migration: both count the same impediments
# (docs/adr/0034-impediment-action-items.md).
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
    """Impediment that somebody reported."""

    task_id: str
    """Task on which it was reported."""
    words: str
    """Words of the reporter."""


@dataclass(frozen=True)
class Facts:
    """Facts of a sprint beside its tasks' final states."""

    carried_in: Collection[str]
    """Tasks that were in an earlier sprint already."""
    started: dict[str, date]
    """Project's day on which a task first moved; the first day for one that came with progress."""
    impediments: Sequence[Impediment]
    """Reported impediments, oldest first."""
    attendees: Sequence[str]
    """People who attend the retrospective."""


def compose(
    retrospective_id: UUID, sprint: Sprint, facts: Facts, end: SprintEnd
) -> SprintRetrospectiveCreate:
    """Compose the note of a closed sprint."""
    return SprintRetrospectiveCreate(
        retrospective_id=retrospective_id,
        sprint_id=sprint.sprint_id,
        project_id=sprint.project_id,
        sprint_name=sprint.sprint_name,
        start_date=sprint.start_date,
        end_date=sprint.end_date,
        duration_weeks=sprint.duration_weeks,
        what_went_well=_went_well(sprint.tasks, facts),
        what_could_be_improved=" ".join(
            [*_origin(sprint, end), *_could_be_improved(sprint, facts)]
        ),
        action_items=_action_items(sprint.tasks, facts.impediments),
        attendees=list(facts.attendees[:MAX_ATTENDEES]),
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
        ended_on=end.ended_on,
        progress_source=sprint.progress_source,
        worked=end.worked,
        completed_outside=end.completed_outside,
        completed_arrived=end.completed_arrived,
    )


def is_impediment(words: str) -> bool:
    """Tell whether a text names an impediment; people also write "None."."""
    return _NO_IMPEDIMENT.fullmatch(words) is None


def _went_well(tasks: Sequence[SprintTask], facts: Facts) -> str:
    completed = [task.task_id for task in tasks if task.status == "completed"]
    if not completed:
        return ""
    parts = [f"{len(completed)} of {len(tasks)} tasks were completed"]
    if carried := [task_id for task_id in completed if task_id in facts.carried_in]:
        parts.append(f"{len(carried)} of them carried over from an earlier sprint")
    return ", ".join(parts) + "."


def _origin(sprint: Sprint, end: SprintEnd) -> Iterator[str]:
    """Say of a sprint that was not worked, or only simulated, that it is no team's history."""
    if sprint.progress_source == "none":
        yield "Nobody reported progress, so this sprint does not count as history."
        return
    if sprint.progress_source == "simulated":
        yield "The progress of this sprint was simulated."
    if not end.worked:
        days = f"{end.days_over} of {len(end.working_days)} working days"
        yield f"It ended after {days}, too early to count as history."


def _could_be_improved(sprint: Sprint, facts: Facts) -> list[str]:
    sentences: list[str] = []
    if unfinished := _unfinished(sprint.tasks):
        count = f"{len(unfinished)} of {len(sprint.tasks)}"
        parts = [f"{count} tasks were not completed and carry over"]
        if idle := [task.task_id for task in unfinished if task.task_id not in facts.started]:
            parts.append(f"{len(idle)} of them were never started")
        if blocked := [task.task_id for task in unfinished if task.status == "blocked"]:
            parts.append(f"{len(blocked)} of them ended blocked ({_names(blocked)})")
        if again := [task.task_id for task in unfinished if task.task_id in facts.carried_in]:
            parts.append(f"{len(again)} of them not for the first time ({_names(again)})")
        sentences.append(", ".join(parts) + ".")
    if late := [task_id for task_id, day in facts.started.items() if day >= _late_from(sprint)]:
        sentences.append(f"Started in the last third of the sprint: {_names(late)}.")
    if impediments := [item for item in facts.impediments if is_impediment(item.words)]:
        tasks = list(dict.fromkeys(impediment.task_id for impediment in impediments))
        sentences.append(f"Impediments reported: {len(impediments)}, on {_names(tasks)}.")
    return sentences


def _unfinished(tasks: Sequence[SprintTask]) -> list[SprintTask]:
    return [task for task in tasks if task.status != "completed"]


def _late_from(sprint: Sprint) -> date:
    days = (sprint.end_date - sprint.start_date).days + 1
    return sprint.start_date + timedelta(days=round(days * LATE_SHARE))


def _action_items(
    tasks: Sequence[SprintTask], impediments: Sequence[Impediment]
) -> list[ActionItemCreate]:
    unfinished = {task.task_id: task for task in _unfinished(tasks)}
    open_impediments = dict.fromkeys(
        impediment.words
        for impediment in impediments
        if impediment.task_id in unfinished and is_impediment(impediment.words)
    )
    items = [
        ActionItemCreate(description=f"Remove the impediment: {words}"[:10_000], impediment=words)
        for words in open_impediments
    ]
    items += [
        ActionItemCreate(
            description=f"Decide about {task.task_id}, left at {task.progress_percentage} %",
            task_id=task.task_id,
        )
        for task in unfinished.values()
    ]
    return list(_fitting(items[:MAX_ACTION_ITEMS]))


def _fitting(items: Sequence[ActionItemCreate]) -> Iterator[ActionItemCreate]:
    """Yield the first items, as many as one note takes."""
    free_bytes = MAX_ITEM_BYTES
    for item in items:
        free_bytes -= _size(item.description) + _size(item.impediment or "")
        if free_bytes < 0:
            return
        yield item


def _size(words: str) -> int:
    return len(orjson.dumps(words))


def _cut(title: str, most_bytes: int) -> str:
    """Shorten a title that is too long."""
    # JSON writes a letter in at most 6 bytes.
    return title if _size(title) <= most_bytes else title[: most_bytes // 6]


def _names(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
