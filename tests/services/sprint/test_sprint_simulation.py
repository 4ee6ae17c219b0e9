"""The simulated day: who works on what, and how far it gets."""

from datetime import date, timedelta

from domain_services.kernel.types import utc_now
from domain_services.sprint.schema import SprintTask
from domain_services.sprint.simulation import work

MONDAY = date(2025, 3, 3)


def task(number: int, percentage: int = 0, **values: object) -> SprintTask:
    base: dict[str, object] = {
        "task_id": f"P1-TASK{number:03}",
        "project_id": "P1",
        "sprint_id": "P1-S01",
        "title": "A task",
        "status": "completed" if percentage == 100 else "in_progress",
        "progress_percentage": percentage,
        "assigned_to": "E1",
        "priority": 3,
        "version": 1,
        "updated_at": utc_now(),
    }
    return SprintTask.model_validate(base | values)


def worked_on(tasks: list[SprintTask], *present: str) -> list[str]:
    return [chosen.task_id for chosen, _ in work(tasks, present, MONDAY)]


def test_seeds_give_the_same_numbers_for_ever() -> None:
    """Pinned: a stored sprint can be drawn again, whatever the machine."""
    drawn = [
        report.progress_percentage
        for number in range(1, 5)
        for _, report in work([task(number)], ["E1"], MONDAY + timedelta(days=number))
    ]
    assert drawn == [41, 100, 48, 16]


def test_started_work_comes_before_higher_priority_and_finished_work_never() -> None:
    assert worked_on([task(1, 100), task(2, 0, priority=1), task(3, 40)], "E1") == ["P1-TASK003"]
    assert worked_on([task(1), task(2, priority=1)], "E1") == ["P1-TASK002"]
    assert worked_on([task(1, 100)], "E1") == []


def test_only_who_is_present_works_and_only_on_what_they_hold() -> None:
    tasks = [task(1), task(2, assigned_to="E2"), task(3, assigned_to=None)]
    assert worked_on(tasks, "E2", "E3") == ["P1-TASK002"]


def test_task_takes_one_to_eight_days_of_work_and_impediments_bring_nothing() -> None:
    """5 days at the slowest pace of 0.7 are 7.1; the days with an impediment come on top."""
    impeded, days_needed = 0, []
    for number in range(1, 201):
        current, days = task(number), 0
        while current.progress_percentage < 100:
            ((_, report),) = work([current], ["E1"], MONDAY + timedelta(days=impeded + days))
            if report.progress_percentage is None:
                impeded += 1
                assert report.impediments
            else:
                days += 1
                assert report.progress_percentage > current.progress_percentage
                current = task(number, report.progress_percentage)
        days_needed.append(days)
    assert (min(days_needed), max(days_needed) <= 8) == (1, True)
    assert 2 < sum(days_needed) / 200 < 4
    assert 0.02 < impeded / (impeded + sum(days_needed)) < 0.09
