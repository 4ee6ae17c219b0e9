"""Retrospectives of closed sprints state facts only."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import (
    DailyScrumReportCreate,
    EmployeeReportCreate,
    SprintRetrospectiveCreate,
    TaskReportCreate,
)
from domain_services.events import ProgressSource
from domain_services.project.schema import Assignment, EmployeeCreate
from domain_services.sprint.app import create_app
from domain_services.sprint.client import SprintClient
from domain_services.sprint.logic.retrospective import Facts, Impediment, compose, is_impediment
from domain_services.sprint.logic.sprint_end import judge
from domain_services.sprint.schema import ProgressReport, Sprint, SprintCreate, SprintTask
from domain_services.sprint.settings import SprintSettings
from tests.ports import free_port
from tests.services.sprint.conftest import MONDAY, Town, eventually

NOW = datetime(2025, 3, 17, tzinfo=UTC)
NOTHING = Facts(carried_in=(), started={}, impediments=(), attendees=())
EARLY, LAST_EARLY, LATE = date(2025, 3, 4), date(2025, 3, 11), date(2025, 3, 12)


def tasks(**progress: int) -> list[SprintTask]:
    return [
        SprintTask(
            task_id=task_id,
            project_id="P1",
            sprint_id="P1-S01",
            title=f"Task {task_id}",
            status="completed" if percentage == 100 else "in_progress",
            progress_percentage=percentage,
            assigned_to="E1",
            priority=3,
            version=1,
            updated_at=NOW,
        )
        for task_id, percentage in progress.items()
    ]


def note(
    sprint_tasks: list[SprintTask],
    facts: Facts,
    source: ProgressSource = "reported",
    closed_on: date = date(2025, 3, 16),
) -> SprintRetrospectiveCreate:
    done = sum(task.status == "completed" for task in sprint_tasks)
    sprint = Sprint(
        sprint_id="P1-S01",
        project_id="P1",
        sprint_name="Sprint 1",
        sprint_goal=None,
        status="in_progress",
        start_date=date(2025, 3, 3),
        end_date=date(2025, 3, 16),
        duration_weeks=2,
        requested_by=None,
        created_at=NOW,
        closed_at=None,
        total_tasks=len(sprint_tasks),
        completed_tasks=done,
        pending_tasks=len(sprint_tasks) - done,
        progress_percentage=None,
        progress_source=source,
        tasks=sprint_tasks,
    )
    return compose(uuid4(), sprint, facts, judge(sprint, closed_on, None, None))


def test_sprint_completed_in_time_has_nothing_to_improve() -> None:
    composed = note(tasks(A=100, B=100), replace(NOTHING, started={"A": EARLY, "B": LAST_EARLY}))
    assert composed.what_went_well == "2 of 2 tasks were completed."
    assert (composed.what_could_be_improved, composed.action_items) == ("", [])


def test_simulated_sprint_and_one_that_nobody_worked_are_said_to_be_so() -> None:
    simulated = note(tasks(A=100), NOTHING, "simulated")
    assert simulated.what_could_be_improved == "The progress of this sprint was simulated."
    assert (simulated.progress_source, simulated.worked) == ("simulated", True)
    untouched = note(tasks(A=0), NOTHING, "none")
    assert untouched.what_could_be_improved.startswith(
        "Nobody reported progress, so this sprint does not count as history. 1 of 1 tasks"
    )
    assert (untouched.progress_source, untouched.worked) == ("none", False)
    short = note(tasks(A=40), NOTHING, closed_on=date(2025, 3, 6))
    assert short.what_could_be_improved.startswith(
        "It ended after 4 of 10 working days, too early to count as history. "
    )
    assert (short.ended_on, short.worked) == (date(2025, 3, 6), False)


def test_carry_over_from_and_to_other_sprints_is_named() -> None:
    started = {"A": EARLY, "C": EARLY}
    sprint_tasks = tasks(A=100, B=0, C=40)
    composed = note(sprint_tasks, replace(NOTHING, carried_in={"A", "C"}, started=started))
    assert composed.what_went_well == (
        "1 of 3 tasks were completed, 1 of them carried over from an earlier sprint."
    )
    assert composed.what_could_be_improved == (
        "2 of 3 tasks were not completed and carry over, 1 of them were never started, "
        "1 of them not for the first time (C)."
    )


def test_start_in_the_last_third_is_late_and_the_day_before_is_not() -> None:
    composed = note(tasks(A=100, B=100), replace(NOTHING, started={"A": LAST_EARLY, "B": LATE}))
    assert composed.what_could_be_improved == "Started in the last third of the sprint: B."


def test_blockers_are_counted_and_those_of_open_tasks_become_action_items() -> None:
    sprint_tasks = tasks(A=100, B=50)
    sprint_tasks[1] = sprint_tasks[1].model_copy(update={"status": "blocked"})
    impediments = [
        Impediment("A", "No reviewer"),
        Impediment("B", "None."),
        Impediment("B", "No data"),
        Impediment("B", "No data"),
    ]
    started = {"A": EARLY, "B": EARLY}
    composed = note(sprint_tasks, replace(NOTHING, started=started, impediments=impediments))
    assert composed.what_could_be_improved == (
        "1 of 2 tasks were not completed and carry over, 1 of them ended blocked (B). "
        "Impediments reported: 3, on A, B."
    )
    assert [item.description for item in composed.action_items] == [
        "Remove the impediment: No data",
        "Decide about B, left at 50 %",
    ]
    subjects = [(item.impediment, item.task_id) for item in composed.action_items]
    assert subjects == [("No data", None), (None, "B")]


def test_a_thousand_open_tasks_fit_into_the_note() -> None:
    sprint_tasks = tasks(**{f"{'P' * 32}-TASK{n:09}": 10 for n in range(1000)})
    ids = [task.task_id for task in sprint_tasks]
    facts = replace(
        NOTHING,
        carried_in=set(ids),
        started=dict.fromkeys(ids, LATE),
        impediments=[Impediment(task_id, "x" * 10_000) for task_id in ids],
        attendees=[f"E{n}" for n in range(900)],
    )
    composed = note(sprint_tasks, facts)
    assert "and 990 more" in composed.what_could_be_improved
    assert (len(composed.action_items), len(composed.attendees)) == (200, 500)


def test_a_thousand_tasks_with_the_longest_texts_fit_into_a_request() -> None:
    """JSON takes six bytes for each letter of these."""
    sprint_tasks = tasks(**{f"{'P' * 32}-TASK{n:09}": 10 for n in range(1000)})
    longest = {"title": "\a" * 300, "assigned_to": "E" * 64}
    sprint_tasks = [task.model_copy(update=longest) for task in sprint_tasks]
    impediments = [Impediment(task.task_id, task.task_id + "\a" * 9_900) for task in sprint_tasks]
    people = [f"{n:03}{'E' * 61}" for n in range(500)]
    composed = note(sprint_tasks, replace(NOTHING, impediments=impediments, attendees=people))
    assert len(composed.model_dump_json().encode()) < 1024 * 1024
    assert len(composed.action_items) == 2
    assert composed.action_items[0].description == f"Remove the impediment: {impediments[0].words}"


def test_only_titles_that_take_more_than_their_share_are_cut() -> None:
    sprint_tasks = [task.model_copy(update={"title": "x" * 300}) for task in tasks(A=100, B=100)]
    assert {task.description for task in note(sprint_tasks, NOTHING).tasks_summary} == {"x" * 300}


PHRASES = (
    "No blockers",
    "Nothing.",
    "Nil",
    "no issues so far!",
    "N/A",
    "None at the moment.",
    "  -  ",
    "No blocker today",
    "NO IMPEDIMENTS REPORTED...",
    "No data",
    "Nothing works",
    "None of the servers answer",
    "No blockers, but no data",
    "-1 reviewer",
)


async def test_chronicle_and_retrospective_agree_on_what_is_an_impediment(
    chronicle: Callable[[], Awaitable[ChronicleClient]],
) -> None:
    client = await chronicle()
    reports = [TaskReportCreate(id="P1-TASK001", impediments=words) for words in PHRASES]
    await client.create_daily_scrum_report(
        DailyScrumReportCreate(
            project_id="P1",
            sprint_id="P1-S01",
            report_date=EARLY,
            reports={EARLY: [EmployeeReportCreate(tasks=reports)]},
        )
    )
    counted = (await client.impediments("P1")).impediment_frequency
    assert {words for words in PHRASES if is_impediment(words)} == counted.keys()
    assert counted.keys() == set(PHRASES[-5:])


async def closed_note(
    town: Town, chronicle: Callable[[], Awaitable[ChronicleClient]], sprint_id: str
) -> Any:
    client = await chronicle()

    async def arrived() -> bool:
        return await town.unconfirmed_count() == 0

    await eventually(arrived, seconds=40)
    (retrospective,) = await client.list_sprint_retrospectives(sprint_id=sprint_id)
    return retrospective


async def test_the_team_attends_also_who_held_no_task_or_came_later(
    town: Town, chronicle: Callable[[], Awaitable[ChronicleClient]]
) -> None:
    await town.create_project("P1", "E1", "E2", "E3")
    (task_id,) = await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.project.create_employee(EmployeeCreate(id="E4", name="E4"))
    await town.project.assign_team_members("P1", Assignment(employee_ids=["E4"]))
    await town.sprint.close_sprint("P1-S01")

    async def free() -> bool:
        return (await town.backlog.get_task(task_id)).sprint_id is None

    await eventually(free)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=100))
    await town.sprint.close_sprint("P1-S02")
    second = await closed_note(town, chronicle, "P1-S02")
    assert second.attendees == ["E1", "E2", "E3", "E4"]
    assert second.what_went_well == (
        "1 of 1 tasks were completed, 1 of them carried over from an earlier sprint."
    )


async def test_silent_project_service_leaves_the_team_as_last_heard_of(
    town: Town,
    sprint_settings: SprintSettings,
    serve: Any,
    http: Any,
    chronicle: Callable[[], Awaitable[ChronicleClient]],
) -> None:
    await town.create_project("P1", "E1", "E2", "E3")
    await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    peers = sprint_settings.peers.model_copy(update={"project": f"http://127.0.0.1:{free_port()}"})
    settings = sprint_settings.model_copy(update={"peers": peers, "port": free_port()})
    cut_off = SprintClient(http, await serve(create_app(settings), settings.port))
    await cut_off.close_sprint("P1-S01")
    retrospective = await closed_note(town, chronicle, "P1-S01")
    assert retrospective.attendees == ["E1", "E2", "E3"]


async def test_task_that_came_with_progress_was_started_and_not_late(town: Town) -> None:
    await town.create_project("P1", "E1", "E2")
    ids = await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate())
    for task_id in ids[:2]:
        await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=40))
    await town.sprint.close_sprint("P1-S01")

    async def free() -> bool:
        tasks = (await town.backlog_of("P1")).values()
        return [(task.sprint_id, task.progress_percentage) for task in tasks] == [
            (None, 40),
            (None, 40),
            (None, 0),
        ]

    await eventually(free)
    await town.sprint.create_sprint("P1", SprintCreate())
    await town.sprint.report_progress(ids[1], ProgressReport(progress_percentage=60))
    late = "UPDATE progress_history SET day = :day WHERE sprint_id = 'P1-S02' RETURNING 1"
    await town.rows(late, day=MONDAY + timedelta(days=13))
    closed = await town.sprint.close_sprint("P1-S02")
    query = "SELECT body ->> 'what_could_be_improved' FROM deliveries WHERE id = :id"
    (row,) = await town.rows(query, id=closed.retrospective_report_id)
    assert row[0] == (
        "3 of 3 tasks were not completed and carry over, 1 of them were never started, "
        f"3 of them not for the first time ({', '.join(ids)})."
    )
