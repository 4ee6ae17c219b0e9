"""The daily scrum of reported and simulated projects."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.project.schema import CalendarChange, CalendarDayPut, PtoCreate
from domain_services.sprint.schema import ProgressReport, SprintCreate, SprintTask
from domain_services.sprint.simulation import work
from tests.services.sprint.conftest import MONDAY, Town, eventually

StartChronicle = Callable[[], Awaitable[ChronicleClient]]
SUNDAY = date(2025, 3, 9)
LABOR_DAY = date(2025, 9, 1)
LONG = "\a" * 9_800  # JSON takes six bytes for each letter


async def start(
    town: Town, *, start_date: date | None = None, **project: object
) -> list[SprintTask]:
    await town.create_project("P1", "E1", "E2", **project)
    await town.plan("P1", 4)
    return (await town.sprint.create_sprint("P1", SprintCreate(start_date=start_date))).tasks


async def progress_of(town: Town) -> dict[str, int]:
    tasks = await town.sprint.list_tasks("P1-S01")
    return {task.task_id: task.progress_percentage for task in tasks}


async def test_simulated_day_moves_one_task_of_everybody_at_work(town: Town) -> None:
    tasks = await start(town)
    ran = await town.sprint.run_daily_scrum("P1-S01")
    expected = {
        task.task_id: report.progress_percentage or 0
        for task, report in work(tasks, ["E1", "E2"], MONDAY)
    }
    assert ran.updated_tasks_count == len(expected) == 2
    after = await progress_of(town)
    assert {i: percentage for i, percentage in after.items() if i in expected} == expected
    assert all(percentage == 0 for i, percentage in after.items() if i not in expected)

    async def note_arrived() -> bool:
        backlog = await town.backlog_of("P1")
        return {i: task.progress_percentage for i, task in backlog.items()} == after

    await eventually(note_arrived)


async def test_same_day_always_goes_the_same_way(town: Town) -> None:
    tasks = await start(town)
    first, second = (work(tasks, ["E2", "E1"], MONDAY) for _ in range(2))
    assert first == second
    others = [
        [report.progress_percentage for _, report in work(tasks, ["E1", "E2"], date(2025, 3, day))]
        for day in range(4, 20)
    ]
    assert len({str(other) for other in others}) > 1


async def test_second_scrum_of_a_day_answers_the_first(town: Town) -> None:
    await start(town)
    answers = await asyncio.gather(*(town.sprint.run_daily_scrum("P1-S01") for _ in range(5)))
    assert len({(answer.report_id, answer.updated_tasks_count) for answer in answers}) == 1
    assert sum("was already held" in answer.message for answer in answers) == 4
    after = await progress_of(town)
    again = await town.sprint.run_daily_scrum("P1-S01")
    assert again.message == f"The daily scrum of {again.scrum_date} was already held."
    assert await progress_of(town) == after
    assert len(await town.rows("SELECT 1 FROM daily_scrums")) == 1


async def test_nobody_on_leave_works(town: Town) -> None:
    tasks = await start(town)
    leave = PtoCreate(start_date=MONDAY, end_date=MONDAY, reason="leave")
    await town.project.add_pto("P1", "E1", leave)
    await town.sprint.run_daily_scrum("P1-S01")
    holders = {task.task_id: task.assigned_to for task in tasks}
    reported = await town.rows("SELECT task_id FROM progress_history")
    assert {holders[row.task_id] for row in reported} == {"E2"}


@pytest.mark.parametrize("day", [SUNDAY, LABOR_DAY])
async def test_free_day_moves_nothing(town: Town, day: date) -> None:
    await start(town, as_of=day)
    ran = await town.sprint.run_daily_scrum("P1-S01")
    assert ran.updated_tasks_count == 0
    assert set((await progress_of(town)).values()) == {0}


async def test_scrum_of_a_sprint_that_does_not_run_is_refused(town: Town) -> None:
    await start(town)
    await town.sprint.close_sprint("P1-S01")
    for sprint_id, status in (("P1-S01", 409), ("P1-S09", 404)):
        with pytest.raises(PeerRefused) as refused:
            await town.sprint.run_daily_scrum(sprint_id)
        assert refused.value.peer_status == status


async def test_reported_project_compiles_and_changes_nothing(
    town: Town, chronicle: StartChronicle
) -> None:
    client = await chronicle()
    tasks = await start(town, progress_mode="reported")
    first, second = tasks[0].task_id, tasks[1].task_id
    report = ProgressReport(
        progress_percentage=30,
        yesterday_work="Wrote it",
        today_work="Test it",
        impediments="No data",
        employee_id="E2",
    )
    await town.sprint.report_progress(first, report)
    await town.sprint.report_progress(second, ProgressReport(progress_percentage=100))
    before = await town.sprint.list_tasks("P1-S01")
    ran = await town.sprint.run_daily_scrum("P1-S01")
    assert ran.updated_tasks_count == 2
    assert await town.sprint.list_tasks("P1-S01") == before

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    report = await client.get_daily_scrum_reports(sprint_id="P1-S01")
    (day,) = report.reports
    assert day == MONDAY
    entries = [
        (person.employee_id, task) for person in report.reports[day] for task in person.tasks
    ]
    assert [(who, task.id) for who, task in entries] == [("E2", first), ("E2", second)]
    assert (entries[0][1].yesterday_work, entries[0][1].impediments) == ("Wrote it", "No data")
    assert entries[1][1].yesterday_work == f"{second}: from 0% to 100%."
    assert report.summary_metrics is not None
    assert report.summary_metrics.completed_tasks == 1
    assert report.summary_metrics.total_team_members == 2


async def test_next_day_compiles_only_what_is_new(town: Town) -> None:
    tasks = await start(town, progress_mode="reported")
    tuesday = MONDAY + timedelta(days=1)
    await town.sprint.report_progress(tasks[0].task_id, ProgressReport(progress_percentage=30))
    assert (await town.sprint.run_daily_scrum("P1-S01")).updated_tasks_count == 1
    await town.sprint.report_progress(tasks[1].task_id, ProgressReport(progress_percentage=10))
    run = await town.sprint.run_daily_scrum("P1-S01", tuesday)
    assert (run.scrum_date, run.updated_tasks_count) == (tuesday, 1)


async def test_moment_after_the_last_day_of_a_running_sprint_gets_no_scrum(town: Town) -> None:
    await start(town, as_of=None, start_date=date(2025, 3, 3))
    late = datetime(2025, 3, 17, 9, tzinfo=UTC)
    with pytest.raises(PeerRefused, match="last day") as refused:
        await town.sprint.run_daily_scrum("P1-S01", late)
    assert refused.value.problem["code"] == "sprint_over"


async def test_day_is_that_of_the_scheduled_time(town: Town) -> None:
    """A scheduler that fires after midnight still holds the day that was due."""
    await start(town, as_of=None, timezone="Pacific/Kiritimati", start_date=date(2025, 3, 3))
    late = datetime(2025, 3, 4, 10, 30, tzinfo=UTC)  # in Kiritimati it is the 5th, 00:30
    run = await town.sprint.run_daily_scrum("P1-S01", late)
    assert run.scrum_date == date(2025, 3, 5)
    again = await town.sprint.run_daily_scrum("P1-S01", date(2025, 3, 5))
    assert (again.report_id, again.scrum_date) == (run.report_id, run.scrum_date)
    assert (await town.sprint.run_daily_scrum("P1-S01")).scrum_date > run.scrum_date
    moved = CalendarChange(country="US", timezone="Pacific/Pago_Pago")
    await town.project.change_calendar("P1", moved)
    assert (await town.sprint.run_daily_scrum("P1-S01", late)).scrum_date == date(2025, 3, 3)
    assert (await town.sprint.get_burndown("P1-S01")).timezone == "Pacific/Pago_Pago"


OUTSIDE: list[tuple[object, int]] = [
    ("2025-03-02", 409),
    ("2025-03-17", 422),
    ("9999-12-31", 422),
    ("2025-03-04T10:00:00", 422),
    ("9999-12-31T23:59:59-12:00", 422),
    (1741082400, 422),
    ("tomorrow", 422),
]


async def test_day_outside_the_sprint_is_refused(town: Town, http: httpx.AsyncClient) -> None:
    await start(town)
    url = f"{town.sprint_url}/sprints/P1-S01/run-daily-scrum"
    for scheduled_for, status in OUTSIDE:
        answer = await http.post(url, json={"scheduled_for": scheduled_for})
        assert (scheduled_for, answer.status_code) == (scheduled_for, status)
    assert await town.rows("SELECT 1 FROM daily_scrums") == []


async def test_sprint_that_has_not_begun_has_no_scrum(town: Town) -> None:
    await start(town, start_date=MONDAY + timedelta(days=7))
    with pytest.raises(PeerRefused) as refused:
        await town.sprint.run_daily_scrum("P1-S01")
    assert refused.value.problem["code"] == "sprint_not_started"


async def test_day_simulated_elsewhere_is_not_worked_twice(town: Town) -> None:
    tasks = await start(town)
    mine = next(task for task in tasks if task.assigned_to == "E1")
    values = "'P1-S01', :task_id, 'simulated', :day, 0, 10, 'in_progress', 9, 'E1'"
    columns = "sprint_id, task_id, source, day, previous_percentage, progress_percentage"
    insert = f"INSERT INTO progress_history ({columns}, status, version, employee_id)"
    await town.rows(f"{insert} VALUES ({values}) RETURNING 1", task_id=mine.task_id, day=MONDAY)
    await town.sprint.run_daily_scrum("P1-S01")
    worked = await town.rows("SELECT employee_id FROM progress_history ORDER BY 1")
    assert [row.employee_id for row in worked] == ["E1", "E2"]
    with pytest.raises(IntegrityError, match="one_simulated_day"):
        await town.rows(f"{insert} VALUES ({values}) RETURNING 1", task_id=mine.task_id, day=MONDAY)


async def test_report_names_leave_holidays_and_weekends(
    town: Town, chronicle: StartChronicle
) -> None:
    client = await chronicle()
    await start(town, as_of=date(2025, 8, 29))
    leave = PtoCreate(start_date=date(2025, 8, 29), end_date=date(2025, 8, 29), reason="leave")
    await town.project.add_pto("P1", "E1", leave)
    days = [date(2025, 8, 29), date(2025, 8, 31), LABOR_DAY, date(2025, 9, 2)]
    for day in days:
        await town.sprint.run_daily_scrum("P1-S01", day)

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    summaries = [
        (await client.get_daily_scrum_reports(sprint_id="P1-S01", daily_scrum_date=day)).summary
        for day in days
    ]
    expected = [
        "E1 is away.",
        "Sunday is not a working day.",
        "Labor Day is a holiday.",
        "No Holiday or PTO reported.",
    ]
    progress = [
        "Progress was simulated on 1 task.",
        "No progress was simulated.",
        "No progress was simulated.",
        "Progress was simulated on 2 tasks.",
    ]
    head = "Daily stand-up for sprint P1-S01."
    assert summaries == [
        f"{head} {sentence} {away}" for sentence, away in zip(progress, expected, strict=True)
    ]


async def test_days_of_the_projects_own_calendar_count(town: Town) -> None:
    await start(town)
    saturday, tuesday = MONDAY + timedelta(days=5), MONDAY + timedelta(days=1)
    await town.project.put_calendar_day("P1", tuesday, CalendarDayPut(name="Company day"))
    await town.project.put_calendar_day("P1", saturday, CalendarDayPut(type="working_day"))
    runs = [await town.sprint.run_daily_scrum("P1-S01", day) for day in (tuesday, saturday)]
    assert [run.updated_tasks_count for run in runs] == [0, 2]


async def say(town: Town, task_id: str, people: int, words: str, day: date = MONDAY) -> None:
    """Everybody says `words` three times of the task."""
    await town.rows(
        """
        INSERT INTO progress_history (sprint_id, task_id, source, day, previous_percentage,
               progress_percentage, status, version, employee_id, yesterday_work, today_work,
               impediments)
        SELECT 'P1-S01', :task_id, 'reported', :day, 0, 10, 'in_progress', 9, 'N' || each, :words,
               :words, :words
        FROM generate_series(1, :people) AS each RETURNING 1
        """,
        task_id=task_id,
        day=day,
        people=people,
        words=words,
    )


@pytest.mark.parametrize(("people", "words", "counts"), [(501, "x", [500, 1]), (10, LONG, [5, 5])])
async def test_what_does_not_fit_into_a_report_is_left_to_the_next(
    town: Town, chronicle: StartChronicle, people: int, words: str, counts: list[int]
) -> None:
    client = await chronicle()
    tasks = await start(town, progress_mode="reported")
    await say(town, tasks[0].task_id, people, words)
    days = [MONDAY, MONDAY + timedelta(days=1)]
    for day in days:
        await town.sprint.run_daily_scrum("P1-S01", day)

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    report = await client.get_daily_scrum_reports(sprint_id="P1-S01")
    assert [len(report.reports[day]) for day in days] == counts


async def test_scrum_of_an_earlier_day_has_no_words_of_later_ones(town: Town) -> None:
    tasks = await start(town, progress_mode="reported")
    tuesday = MONDAY + timedelta(days=1)
    await say(town, tasks[0].task_id, 1, "Said on Tuesday", tuesday)
    runs = [await town.sprint.run_daily_scrum("P1-S01", day) for day in (MONDAY, tuesday)]
    assert [run.updated_tasks_count for run in runs] == [0, 1]
