"""Simulation of a day's work: the same day always has the same outcome.

Each person works on one task a day: a started one first, then the highest priority. A task takes 1
to 5 person-days, drawn with the seed `<sprint>/<task>`. The progress of a day is drawn with the
seed `<sprint>/<day>/<task>` (texts, in `random.Random`). One day in twenty has an impediment and no
progress.
"""

from collections.abc import Collection, Sequence
from datetime import date
from random import Random

from domain_services.sprint.schema import ProgressReport, SprintTask

EFFORT_DAYS = (1, 5)
PACE = (0.7, 1.3)  # of the task's average day
IMPEDIMENT_SHARE = 0.05  # of the days worked
_IMPEDIMENTS = (
    "Waiting for an external dependency.",
    "Waiting for a review.",
    "The test environment is not available.",
    "A requirement needs to be clarified.",
)


def work(
    tasks: Sequence[SprintTask], present: Collection[str], day: date
) -> list[tuple[SprintTask, ProgressReport]]:
    """Simulate the reports of the present people on their open tasks for `day`."""
    reports: list[tuple[SprintTask, ProgressReport]] = []
    for person in sorted(present):
        candidates = [
            task for task in tasks if task.assigned_to == person and task.status != "completed"
        ]
        if candidates:
            task = min(candidates, key=_order)
            reports.append((task, _day_on(task, person, day)))
    return reports


def _order(task: SprintTask) -> tuple[bool, int, str]:
    return (task.progress_percentage == 0, task.priority, task.task_id)


def _day_on(task: SprintTask, person: str, day: date) -> ProgressReport:
    # Seeded, so that a repeated call simulates the same day; no secret depends on it.
    of_task = Random(f"{task.sprint_id}/{task.task_id}")  # noqa: S311
    of_day = Random(f"{task.sprint_id}/{day.isoformat()}/{task.task_id}")  # noqa: S311
    if of_day.random() < IMPEDIMENT_SHARE:
        return ProgressReport(
            employee_id=person,
            yesterday_work=f"Worked on {task.task_id} without getting further.",
            today_work=f"Continuing {task.task_id}.",
            impediments=of_day.choice(_IMPEDIMENTS),
        )
    progress = max(1, round(100 / of_task.randint(*EFFORT_DAYS) * of_day.uniform(*PACE)))
    total = min(100, task.progress_percentage + progress)
    return ProgressReport(
        employee_id=person,
        progress_percentage=total,
        yesterday_work=(
            f"Worked on {task.task_id} and completed {total - task.progress_percentage}% of it."
        ),
        today_work=(
            f"{task.task_id} is done; taking the next task."
            if total == 100
            else f"Continuing work on {task.task_id} to reach 100% completion."
        ),
        impediments="None.",
    )
