"""The end of a sprint: its real last day, and whether it counts as history."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain_services.backlog.schema import FinishedOutside, TaskUpdate
from domain_services.events import ProgressSource
from domain_services.sprint.app import create_app
from domain_services.sprint.client import SprintClient
from domain_services.sprint.logic.peer_facts import PeerFacts
from domain_services.sprint.logic.sprint_end import judge
from domain_services.sprint.schema import ProgressReport, Sprint, SprintCreate
from domain_services.sprint.settings import SprintSettings
from tests.ports import free_port
from tests.services.sprint.conftest import MONDAY, Town


def day(number: int) -> date:
    """Days of the sprint, the first being 1."""
    return MONDAY + timedelta(days=number - 1)


def sprint(pending: int = 1, source: ProgressSource = "reported") -> Sprint:
    return Sprint(
        sprint_id="P1-S01",
        project_id="P1",
        sprint_name="Sprint 1",
        sprint_goal=None,
        status="in_progress",
        start_date=day(1),
        end_date=day(14),
        duration_weeks=2,
        requested_by=None,
        created_at=datetime(2025, 3, 3, tzinfo=UTC),
        closed_at=None,
        total_tasks=2,
        completed_tasks=2 - pending,
        pending_tasks=pending,
        progress_percentage=0.0,
        progress_source=source,
        tasks=[],
    )


@pytest.mark.parametrize(
    ("closed_on", "last_record", "ended_on"),
    [
        (day(5), None, day(5)),
        (day(14), None, day(14)),
        (day(40), None, day(14)),
        (day(-3), None, day(1)),
        (day(1), day(9), day(9)),
        (day(1), day(20), day(14)),
        (day(9), day(3), day(9)),
    ],
)
def test_sprint_ends_on_the_day_of_its_close_and_at_the_latest_on_its_last(
    closed_on: date, last_record: date | None, ended_on: date
) -> None:
    assert judge(sprint(), closed_on, last_record, None).ended_on == ended_on


@pytest.mark.parametrize(
    ("pending", "source", "closed_on", "worked"),
    [
        (1, "reported", day(5), True),
        (1, "reported", day(4), False),
        (0, "reported", day(1), True),
        (1, "simulated", day(5), True),
        (1, "none", day(14), False),
        (0, "none", day(14), False),
    ],
)
def test_sprint_was_worked_after_half_of_its_working_days_or_with_all_tasks_completed(
    pending: int, source: ProgressSource, closed_on: date, worked: bool
) -> None:
    assert judge(sprint(pending, source), closed_on, None, None).worked is worked


def test_working_days_of_the_projects_calendar_are_counted() -> None:
    """All of the second week and Friday are holidays: two of four days are half."""
    working_days = [day(1), day(2), day(3), day(4)]
    assert judge(sprint(), day(2), None, working_days).worked
    assert not judge(sprint(), day(1), None, working_days).worked


async def test_close_says_how_long_the_sprint_was_and_whether_it_was_worked(town: Town) -> None:
    await town.create_project("P1", "E1", progress_mode="reported")
    first, _ = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate())
    running = await town.sprint.get_sprint("P1-S01")
    assert (running.progress_source, running.worked, running.ended_on) == ("none", None, None)
    await town.sprint.report_progress(first, ProgressReport(status="blocked"))
    assert (await town.sprint.get_sprint("P1-S01")).progress_source == "reported"
    closed = await town.sprint.close_sprint("P1-S01")
    assert (closed.worked, closed.ended_on, closed.progress_source) == (False, MONDAY, "reported")
    (listed,) = await town.sprint.list_sprints("P1")
    assert (listed.worked, listed.ended_on, listed.progress_source) == (False, MONDAY, "reported")
    (row,) = await town.rows(
        "SELECT payload->'event_data' AS event FROM outbox"
        " WHERE payload->>'event_type' = 'SPRINT_CLOSED'"
    )
    assert (row.event["worked"], row.event["ended_on"]) == (False, "2025-03-03")
    assert (row.event["progress_source"], row.event["duration_days"]) == ("reported", 14)


async def test_one_simulated_entry_makes_the_sprint_simulated(town: Town) -> None:
    await town.create_project("P1", "E1")
    tasks = await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate())
    for task_id in tasks:
        await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=10))
    await town.sprint.run_daily_scrum("P1-S01")
    (row,) = await town.rows(
        "SELECT body ->> 'summary' AS summary FROM deliveries WHERE route LIKE '%daily_scrum%'"
    )
    assert "Progress was reported on 3 tasks and simulated on 1." in row.summary
    closed = await town.sprint.close_sprint("P1-S01")
    assert closed.progress_source == "simulated"


async def test_days_held_ahead_are_over_at_the_close(town: Town) -> None:
    await town.create_project("P1", "E1")
    await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.run_daily_scrum("P1-S01", day(5))
    closed = await town.sprint.close_sprint("P1-S01")
    assert (closed.ended_on, closed.worked) == (day(5), True)


async def test_close_counts_what_was_finished_outside_the_sprint(town: Town) -> None:
    await town.create_project("P1", "E1", progress_mode="reported")
    inside, outside, earlier = await town.plan("P1", 3, created_on=day(0))
    [arrived] = await town.plan("P1", 1, created_on=MONDAY)
    await town.sprint.create_sprint("P1", SprintCreate(task_ids=[inside]))
    await town.sprint.report_progress(inside, ProgressReport(progress_percentage=100))
    await town.backlog_is_up_to_date()
    assert (await town.backlog.get_task(inside)).finished_on == MONDAY
    for task_id, finished_on in ((outside, MONDAY), (arrived, MONDAY), (earlier, day(0))):
        done = TaskUpdate(status="completed", finished_on=finished_on)
        await town.backlog.update_task(task_id, done)
    closed = await town.sprint.close_sprint("P1-S01")
    assert (closed.completed_outside, closed.completed_arrived) == (2, 1)
    for sprint in (await town.sprint.get_sprint("P1-S01"), *await town.sprint.list_sprints("P1")):
        assert (sprint.completed_outside, sprint.completed_arrived) == (2, 1)
    (row,) = await town.rows(
        "SELECT payload -> 'event_data' AS announced, (SELECT body FROM deliveries"
        " WHERE route LIKE '%retrospective') AS noted"
        " FROM outbox WHERE payload ->> 'event_type' = 'SPRINT_CLOSED'"
    )
    for facts in (row.announced, row.noted):
        assert (facts["completed_outside"], facts["completed_arrived"]) == (2, 1)


async def test_close_goes_on_when_the_backlog_does_not_answer(
    town: Town, sprint_settings: SprintSettings, serve: Any, http: Any
) -> None:
    await town.create_project("P1", "E1")
    await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    peers = sprint_settings.peers.model_copy(update={"backlog": f"http://127.0.0.1:{free_port()}"})
    settings = sprint_settings.model_copy(update={"peers": peers, "port": free_port()})
    cut_off = SprintClient(http, await serve(create_app(settings), settings.port))
    closed = await cut_off.close_sprint("P1-S01")
    assert (closed.completed_outside, closed.completed_arrived) == (None, None)


def test_count_of_another_window_is_not_known() -> None:
    """The sprint got a day longer after the backlog was asked."""
    counted = FinishedOutside(project_id="P1", start_date=day(1), end_date=day(2), tasks=4)
    known = PeerFacts(finished_outside=counted)
    assert (known.completed_outside(day(2)), known.completed_outside(day(3))) == (4, None)
