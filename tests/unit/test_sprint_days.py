"""First day of the next sprint, by working days and the end of the last one."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain_services.project.schema import Availability
from domain_services.sprint.schema import SprintStatus, SprintSummary
from graphs.sprint_days import ended_on, first_day

FRIDAY, SUNDAY, MONDAY = date(2016, 6, 17), date(2016, 6, 19), date(2016, 6, 20)


def window(today: date, *, holidays: tuple[date, ...] = (), days: int = 14) -> Availability:
    """Return a window from `today` on, of a project that works from Monday to Friday."""
    dates = [today + timedelta(days=number) for number in range(days)]
    work_days = [day for day in dates if day.weekday() < 5 and day not in holidays]
    return Availability(
        project_id="P1",
        project_status="active",
        progress_mode="reported",
        timezone="UTC",
        clock="held",
        today=today,
        start_date=today,
        end_date=dates[-1],
        status="available",
        conflicts=[],
        working_days=len(work_days),
        work_days=work_days,
        team_working_days=None,
        capacity=[],
    )


def sprint(end: date, closed: date | None, status: SprintStatus = "completed") -> SprintSummary:
    return SprintSummary(
        sprint_id="P1-S01",
        project_id="P1",
        sprint_name="Sprint 1",
        sprint_goal=None,
        status=status,
        start_date=end - timedelta(days=13),
        end_date=end,
        duration_weeks=2,
        requested_by=None,
        created_at=datetime(2016, 6, 6, tzinfo=UTC),
        closed_at=datetime.combine(closed, datetime.min.time(), UTC) if closed else None,
        total_tasks=0,
        completed_tasks=0,
        pending_tasks=0,
        progress_percentage=None,
    )


@pytest.mark.parametrize(
    ("today", "last", "start"),
    [
        pytest.param(MONDAY, None, MONDAY, id="a working day"),
        pytest.param(SUNDAY, None, MONDAY, id="a Sunday"),
        pytest.param(SUNDAY, sprint(SUNDAY, SUNDAY), MONDAY, id="the last day of a sprint"),
        pytest.param(MONDAY, sprint(SUNDAY, MONDAY), MONDAY, id="the day after a sprint"),
        pytest.param(FRIDAY, sprint(SUNDAY, FRIDAY), MONDAY, id="closed on Friday"),
        pytest.param(MONDAY, sprint(date(2016, 7, 3), MONDAY), date(2016, 6, 21), id="early"),
        pytest.param(
            MONDAY, sprint(date(2016, 7, 3), date(2026, 11, 29)), date(2016, 6, 21), id="held"
        ),
        pytest.param(
            MONDAY, sprint(date(2016, 7, 3), MONDAY, "cancelled"), MONDAY, id="cancelled today"
        ),
    ],
)
def test_a_sprint_begins_on_a_working_day_after_the_last_one(
    today: date, last: SprintSummary | None, start: date
) -> None:
    assert first_day(window(today), last) == start


def test_holidays_are_no_first_day() -> None:
    assert first_day(window(SUNDAY, holidays=(MONDAY,)), None) == date(2016, 6, 21)


def test_without_a_working_day_a_sprint_begins_as_early_as_it_may() -> None:
    assert first_day(window(SUNDAY, days=1), None) == SUNDAY
    assert first_day(window(SUNDAY, days=1), sprint(SUNDAY, SUNDAY)) == MONDAY


def test_a_sprint_ended_on_its_last_day_or_at_its_close() -> None:
    assert ended_on(sprint(SUNDAY, None), "UTC") == SUNDAY
    assert ended_on(sprint(SUNDAY, MONDAY), "UTC") == SUNDAY
    assert ended_on(sprint(SUNDAY, FRIDAY), "UTC") == FRIDAY
    stored = sprint(SUNDAY, FRIDAY).model_copy(update={"ended_on": date(2016, 6, 14)})
    assert ended_on(stored, "UTC") == date(2016, 6, 14)
    # Midnight in UTC is the evening before in New York.
    assert ended_on(sprint(SUNDAY, FRIDAY), "America/New_York") == date(2016, 6, 16)
