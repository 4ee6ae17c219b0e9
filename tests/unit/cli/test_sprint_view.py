"""Lines of `dsm sprint show`."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from agent.cli.sprint_view import print_sprint, rows
from domain_services.sprint.schema import Sprint
from tests.unit.cli.answers import FIRST, LAST, task


def sprint(**changes: Any) -> Sprint:
    values: dict[str, Any] = {
        "sprint_id": "P1-S46",
        "project_id": "P1",
        "sprint_name": "Sprint 46",
        "sprint_goal": None,
        "status": "in_progress",
        "start_date": FIRST,
        "end_date": LAST,
        "duration_weeks": 2,
        "requested_by": None,
        "created_at": datetime(2016, 10, 3, tzinfo=UTC),
        "closed_at": None,
        "total_tasks": 2,
        "completed_tasks": 1,
        "pending_tasks": 1,
        "progress_percentage": 50.0,
        "progress_source": "reported",
        "tasks": [task(1), task(2, "[ui] Search")],
    }
    return Sprint.model_validate(values | changes)


def test_running_sprint_without_estimates_shows_its_tasks_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_sprint(sprint())
    shown = capsys.readouterr().out
    for part in ("P1-S46  Sprint 46", "1 of 2 tasks done", "[ui] Search", "nobody yet"):
        assert part in shown
    assert "points" not in shown
    assert "beside it" not in shown


def test_points_stand_beside_the_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [task(1).model_copy(update={"estimate": 2.5}), task(2)]
    print_sprint(sprint(tasks=tasks, total_points=2.5, completed_points=0.0))
    shown = capsys.readouterr().out
    assert "1 of 2 tasks done, 0 of 2.5 points" in shown
    header, first, second = (line.split() for line in shown.splitlines()[-3:])
    assert "points" in header
    assert ("2.5" in first, "-" in second) == (True, True)


@pytest.mark.parametrize(
    ("outside", "arrived", "expected"),
    [
        (3, 2, "3 tasks finished, 2 of them created after the sprint began"),
        (1, 0, "1 task finished, 0 of them created after the sprint began"),
        (3, None, "3 tasks finished"),
        (0, 0, "0 tasks finished"),
        (None, None, None),
    ],
)
def test_closed_sprint_shows_what_arrived_apart_from_what_was_planned(
    outside: int | None, arrived: int | None, expected: str | None
) -> None:
    closed = sprint(
        status="closed_with_pending_tasks",
        ended_on=date(2016, 10, 12),
        completed_outside=outside,
        completed_arrived=arrived,
    )
    shown = dict(rows(closed))
    assert shown.get("beside it") == expected
    assert shown["days"] == "2016-10-03 to 2016-10-16, ended on 2016-10-12"
    assert shown["status"] == "closed with pending tasks"
