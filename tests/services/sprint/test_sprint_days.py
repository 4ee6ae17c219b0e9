"""Days of a sprint follow its project, which is held at a day or follows the clock."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.client import ProjectClient
from domain_services.project.schema import CalendarDayPut, ClockMove
from domain_services.sprint.app import create_app
from domain_services.sprint.client import SprintClient
from domain_services.sprint.logic.project_days import ProjectDays
from domain_services.sprint.schema import ProgressReport, SprintCreate
from domain_services.sprint.settings import SprintSettings
from tests.ports import free_port
from tests.services.sprint.conftest import MONDAY, Town, eventually

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
SOME = ProgressReport(progress_percentage=10)


async def start(town: Town, **project: object) -> list[str]:
    await town.create_project("P1", "E1", **({"progress_mode": "reported"} | project))
    ids = await town.plan("P1", 2)
    await town.sprint.create_sprint("P1", SprintCreate())
    return ids


async def move(town: Town, day: date) -> None:
    await town.project.move_clock("P1", ClockMove(to=day))


async def recorded_days(town: Town) -> list[date]:
    return [row.day for row in await town.rows("SELECT day FROM progress_history ORDER BY id")]


async def test_daily_scrums_of_two_days_of_a_held_project_are_two_reports(town: Town) -> None:
    first, second = await start(town)
    await town.sprint.report_progress(first, ProgressReport(progress_percentage=100))
    scrums = [await town.sprint.run_daily_scrum("P1-S01")]
    await move(town, TUESDAY)
    await town.sprint.report_progress(second, ProgressReport(progress_percentage=100))
    scrums.append(await town.sprint.run_daily_scrum("P1-S01"))
    assert [scrum.scrum_date for scrum in scrums] == [MONDAY, TUESDAY]
    assert scrums[0].report_id != scrums[1].report_id
    assert await recorded_days(town) == [MONDAY, TUESDAY]
    burndown = await town.sprint.get_burndown("P1-S01")
    assert (burndown.clock, burndown.today) == ("held", TUESDAY)
    assert [day.remaining_tasks for day in burndown.days[:3]] == [1, 0, None]
    tasks = await town.sprint.list_tasks("P1-S01")
    assert [task.finished_on for task in tasks] == [MONDAY, TUESDAY]


async def test_close_ends_on_the_day_to_which_the_project_was_moved(town: Town) -> None:
    first, _ = await start(town)
    await town.sprint.report_progress(first, SOME)
    await move(town, WEDNESDAY)
    assert (await town.sprint.close_sprint("P1-S01")).ended_on == WEDNESDAY
    await town.sprint.create_sprint("P1", SprintCreate(start_date=WEDNESDAY))
    await town.project.move_clock("P1", ClockMove(live=True))
    assert (await town.sprint.close_sprint("P1-S02")).ended_on == date(2025, 3, 18)


async def test_report_after_the_release_is_of_the_real_day(town: Town) -> None:
    first, second = await start(town)
    await town.project.move_clock("P1", ClockMove(live=True))
    await town.sprint.report_progress(first, SOME)
    today = (await town.project.get_project("P1")).today
    assert await recorded_days(town) == [today]
    (row,) = await town.rows("SELECT as_of FROM sprints")
    assert row.as_of is None
    await town.sprint.report_progress(second, SOME)
    assert (await town.sprint.get_burndown("P1-S01")).clock == "live"


async def test_held_project_that_does_not_answer_is_at_the_day_known_last(
    town: Town, sprint_settings: SprintSettings, serve: Any, http: Any
) -> None:
    first, second = await start(town)
    await move(town, TUESDAY)
    await town.sprint.report_progress(first, SOME)
    peers = sprint_settings.peers.model_copy(update={"project": f"http://127.0.0.1:{free_port()}"})
    settings = sprint_settings.model_copy(update={"peers": peers, "port": free_port()})
    cut_off = SprintClient(http, await serve(create_app(settings), settings.port))
    await cut_off.report_progress(second, SOME)
    assert await recorded_days(town) == [TUESDAY, TUESDAY]
    assert (await cut_off.get_burndown("P1-S01")).today == TUESDAY
    assert (await cut_off.close_sprint("P1-S01")).ended_on == TUESDAY


class Unasked:
    """Project service that must not be asked."""

    async def get_project(self, project_id: str) -> object:
        raise AssertionError(f"the project service was asked about {project_id}")


async def test_project_that_follows_the_clock_is_not_asked_about(town: Town) -> None:
    first, _ = await start(town, as_of=None)
    days = ProjectDays(town.database, cast(ProjectClient, Unasked()))
    assert await days.of_task(first) is None
    assert await days.of_sprint("P1-S01") is None
    assert await days.of_task("P1-TASK999") is None
    with pytest.raises(AssertionError, match="was asked"):
        await days.read("P1", None)


async def test_report_may_name_the_day_on_which_it_happened(town: Town) -> None:
    first, second = await start(town)
    await move(town, WEDNESDAY)
    done = ProgressReport(progress_percentage=100, day=TUESDAY)
    await town.sprint.report_progress(first, done)
    (task, _) = await town.sprint.list_tasks("P1-S01")
    assert (await recorded_days(town), task.finished_on) == ([TUESDAY], TUESDAY)
    for day in (MONDAY - timedelta(days=1), WEDNESDAY + timedelta(days=1)):
        with pytest.raises(PeerRefused) as refused:
            await town.sprint.report_progress(second, SOME.model_copy(update={"day": day}))
        assert refused.value.peer_status == 422
        assert "name a day from 2025-03-03 to 2025-03-05" in refused.value.detail
    assert len(await recorded_days(town)) == 1


async def test_a_named_day_before_the_sprint_begins_is_refused_in_words(town: Town) -> None:
    await town.create_project("P1", "E1", progress_mode="reported")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate(start_date=WEDNESDAY))
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.report_progress(task_id, SOME.model_copy(update={"day": TUESDAY}))
    assert refused.value.peer_status == 422
    assert "it begins on 2025-03-05; leave the day out, or report it then" in refused.value.detail
    assert await recorded_days(town) == []


async def test_reopened_task_is_not_finished(town: Town) -> None:
    first, _ = await start(town)
    await town.sprint.report_progress(first, ProgressReport(progress_percentage=100))
    await town.sprint.report_progress(first, ProgressReport(progress_percentage=90))
    (task, _) = await town.sprint.list_tasks("P1-S01")
    assert task.finished_on is None


async def test_named_day_is_held_ahead_up_to_the_last_also_by_the_clock(town: Town) -> None:
    await start(town, as_of=None)
    sprint = await town.sprint.get_sprint("P1-S01")
    ahead = await town.sprint.run_daily_scrum("P1-S01", sprint.end_date)
    assert ahead.scrum_date == sprint.end_date
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.run_daily_scrum("P1-S01", sprint.end_date + timedelta(days=1))
    assert refused.value.peer_status == 422


async def test_moment_of_a_scheduler_is_refused_in_a_held_project_and_after_the_last_day(
    town: Town,
) -> None:
    await start(town)
    for moment in (datetime(2025, 3, 4, 9, tzinfo=UTC), datetime(2026, 3, 4, 9, tzinfo=UTC)):
        with pytest.raises(PeerRefused, match="is held at 2025-03-03") as refused:
            await town.sprint.run_daily_scrum("P1-S01", moment)
        assert refused.value.problem["code"] == "project_held"
    assert (await town.sprint.run_daily_scrum("P1-S01", TUESDAY)).scrum_date == TUESDAY


async def test_daily_scrum_refreshes_the_working_days_of_the_sprint(town: Town) -> None:
    await start(town)
    (before,) = await town.rows("SELECT working_days FROM sprints")
    assert len(before.working_days) == 10
    await town.project.put_calendar_day("P1", WEDNESDAY, CalendarDayPut(name="Company day"))
    await town.sprint.run_daily_scrum("P1-S01")
    (after,) = await town.rows("SELECT working_days FROM sprints")
    assert set(before.working_days) - set(after.working_days) == {WEDNESDAY}


async def test_last_reports_carry_the_days_on_which_they_happened(
    town: Town, chronicle: Callable[[], Awaitable[ChronicleClient]]
) -> None:
    client = await chronicle()
    first, second = await start(town)
    await move(town, WEDNESDAY)
    monday = SOME.model_copy(update={"day": MONDAY, "impediments": "No data"})
    await town.sprint.report_progress(first, monday)
    await town.sprint.report_progress(second, SOME)
    await town.sprint.close_sprint("P1-S01")

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    report = await client.get_daily_scrum_reports(sprint_id="P1-S01")
    assert list(report.reports) == [MONDAY, WEDNESDAY]
    assert report.summary == (
        "Close of sprint P1-S01. Since the last daily scrum progress was reported on 2 tasks."
    )


async def test_more_days_than_one_report_takes_are_left_to_the_next(town: Town) -> None:
    first, _ = await start(town)
    await move(town, MONDAY + timedelta(days=40))
    for passed in range(35):
        day = MONDAY + timedelta(days=passed)
        await town.sprint.report_progress(first, SOME.model_copy(update={"day": day}))
    await town.sprint.close_sprint("P1-S01")
    rows = await town.rows(
        "SELECT body -> 'reports' AS reports FROM deliveries WHERE route LIKE '%daily_scrum%'"
        " ORDER BY body ->> 'report_date'"
    )
    assert [len(row.reports) for row in rows] == [31, 4]
