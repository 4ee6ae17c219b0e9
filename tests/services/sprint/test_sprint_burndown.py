"""Burndown: tasks left at the end of each day, counted from the recorded changes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain_services.kernel.client.http_client import PeerRefused
from domain_services.sprint.logic.burndown import Change, KnownDays, compute
from domain_services.sprint.schema import ProgressReport, SprintCreate, SprintSummary
from tests.services.sprint.conftest import MONDAY, Town


def day(number: int) -> date:
    """Days of the sprint, the first being 1."""
    return MONDAY + timedelta(days=number - 1)


def week_of(tasks: int) -> SprintSummary:
    return SprintSummary(
        sprint_id="P1-S01",
        project_id="P1",
        sprint_name="Sprint 1",
        sprint_goal=None,
        status="in_progress",
        start_date=day(1),
        end_date=day(7),
        duration_weeks=1,
        requested_by=None,
        created_at=datetime(2025, 3, 3, tzinfo=UTC),
        closed_at=None,
        total_tasks=tasks,
        completed_tasks=0,
        pending_tasks=tasks,
        progress_percentage=0.0,
    )


def remaining_counts(changes: list[Change], first: int = 1, last: int = 7) -> list[int | None]:
    days = compute(week_of(3), changes, KnownDays(day(first), day(last)), [])
    return [entry.remaining_tasks for entry in days]


def test_ideal_line_falls_on_working_days_only() -> None:
    """Tuesday is a holiday and Saturday is worked."""
    working_days = [day(1), day(3), day(4), day(5), day(6)]
    days = compute(week_of(10), [], KnownDays(day(1), day(7)), working_days)
    assert [entry.ideal_remaining for entry in days] == [8, 8, 6, 4, 2, 0, 0]
    assert [entry.day for entry in days] == [day(number) for number in range(1, 8)]


def test_ideal_line_of_a_sprint_without_a_working_day_falls_every_day() -> None:
    days = compute(week_of(14), [], KnownDays(day(1), day(7)), [])
    assert [entry.ideal_remaining for entry in days] == [12, 10, 8, 6, 4, 2, 0]


def test_completed_task_leaves_the_count_and_reopened_task_returns() -> None:
    changes = [
        Change(day(2), 1, "A", completed=True),
        Change(day(3), 2, "B", completed=True),
        Change(day(5), 3, "A", completed=False),
    ]
    assert remaining_counts(changes) == [3, 2, 1, 1, 2, 2, 2]


def test_future_days_and_days_before_the_record_have_no_count() -> None:
    changes = [Change(day(3), 1, "A", completed=True)]
    assert remaining_counts(changes, first=2, last=4) == [None, 3, 2, 2, None, None, None]


def test_work_before_the_first_day_counts_on_the_first_day() -> None:
    assert remaining_counts([Change(day(-3), 1, "A", completed=True)])[0] == 2


def test_later_report_for_an_earlier_day_counts() -> None:
    changes = [
        Change(day(2), 9, "A", completed=True),
        Change(day(3), 8, "A", completed=False),
    ]
    assert remaining_counts(changes) == [3, 2, 2, 2, 2, 2, 2]


async def test_burndown_follows_daily_scrums(town: Town) -> None:
    await town.create_project("P1", "E1", "E2")
    await town.plan("P1", 4)
    await town.sprint.create_sprint("P1", SprintCreate(duration_weeks=1))
    remaining: list[int | None] = []
    for number in range(1, 6):
        await town.sprint.run_daily_scrum("P1-S01", day(number))
        remaining.append((await town.sprint.get_task_summary("P1-S01")).pending_tasks)
    shown = await town.sprint.get_burndown("P1-S01")
    assert [entry.remaining_tasks for entry in shown.days] == [*remaining, None, None]
    assert shown.remaining_tasks == remaining[-1] < 4
    assert (shown.total_tasks, shown.reason, shown.timezone) == (4, None, "UTC")
    assert shown.days[-1].ideal_remaining == 0


async def test_burndown_has_the_scope_of_the_start_and_stays_after_the_close(town: Town) -> None:
    await town.create_project("P1", "E1")
    ids = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate(duration_weeks=1))
    await town.plan("P1", 3)
    await town.sprint.report_progress(ids[0], ProgressReport(progress_percentage=100))
    await town.sprint.close_sprint("P1-S01")
    shown = await town.sprint.get_burndown("P1-S01")
    assert (shown.status, shown.total_tasks) == ("closed_with_pending_tasks", 2)
    assert [entry.remaining_tasks for entry in shown.days] == [1, *[None] * 6]


async def test_days_before_the_sprint_was_created_are_null_with_the_reason(town: Town) -> None:
    await town.create_project("P1", "E1", as_of=None)
    await town.plan("P1", 1)
    today = (await town.project.get_project("P1")).today
    begun = today - timedelta(days=3)
    await town.sprint.create_sprint("P1", SprintCreate(duration_weeks=1, start_date=begun))
    shown = await town.sprint.get_burndown("P1-S01")
    assert [entry.remaining_tasks for entry in shown.days] == [
        None,
        None,
        None,
        1,
        None,
        None,
        None,
    ]
    assert shown.reason == f"P1-S01 was created on {today}: nothing is recorded of earlier days"


async def test_unknown_sprint_has_no_burndown(town: Town) -> None:
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.get_burndown("P1-S09")
    assert refused.value.peer_status == 404
