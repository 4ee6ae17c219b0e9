"""What a retrospective says: only what happened."""

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
from domain_services.project.schema import Assignment, EmployeeCreate
from domain_services.sprint.app import create_app
from domain_services.sprint.client import SprintClient
from domain_services.sprint.logic.retrospective import Facts, Impediment, compose, is_impediment
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


def note(held: list[SprintTask], facts: Facts) -> SprintRetrospectiveCreate:
    done = sum(task.status == "completed" for task in held)
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
        total_tasks=len(held),
        completed_tasks=done,
        pending_tasks=len(held) - done,
        progress_percentage=None,
        tasks=held,
    )
    return compose(uuid4(), sprint, facts)


def test_all_done_in_time_leaves_nothing_to_improve() -> None:
    said = note(tasks(A=100, B=100), replace(NOTHING, started={"A": EARLY, "B": LAST_EARLY}))
    assert said.what_went_well == "2 of 2 tasks were completed."
    assert (said.what_could_be_improved, said.action_items) == ("", [])


def test_carry_over_is_told_in_both_directions() -> None:
    started = {"A": EARLY, "C": EARLY}
    held = tasks(A=100, B=0, C=40)
    said = note(held, replace(NOTHING, carried_in={"A", "C"}, started=started))
    assert said.what_went_well == (
        "1 of 3 tasks were completed, 1 of them carried over from an earlier sprint."
    )
    assert said.what_could_be_improved == (
        "2 of 3 tasks were not completed and carry over, 1 of them were never started, "
        "1 of them not for the first time (C)."
    )


def test_start_in_the_last_third_is_late_and_the_day_before_is_not() -> None:
    said = note(tasks(A=100, B=100), replace(NOTHING, started={"A": LAST_EARLY, "B": LATE}))
    assert said.what_could_be_improved == "Started in the last third of the sprint: B."


def test_blockers_are_counted_and_those_of_open_tasks_become_action_items() -> None:
    held = tasks(A=100, B=50)
    held[1] = held[1].model_copy(update={"status": "blocked"})
    met = [
        Impediment("A", "No reviewer"),
        Impediment("B", "None."),
        Impediment("B", "No data"),
        Impediment("B", "No data"),
    ]
    started = {"A": EARLY, "B": EARLY}
    said = note(held, replace(NOTHING, started=started, impediments=met))
    assert said.what_could_be_improved == (
        "1 of 2 tasks were not completed and carry over, 1 of them ended blocked (B). "
        "Impediments reported: 3, on A, B."
    )
    assert [item.description for item in said.action_items] == [
        "Remove the impediment: No data",
        "Decide about B, left at 50 %",
    ]
    subjects = [(item.impediment, item.task_id) for item in said.action_items]
    assert subjects == [("No data", None), (None, "B")]


def test_a_thousand_open_tasks_fit_into_the_note() -> None:
    held = tasks(**{f"{'P' * 32}-TASK{n:09}": 10 for n in range(1000)})
    ids = [task.task_id for task in held]
    course = replace(
        NOTHING,
        carried_in=set(ids),
        started=dict.fromkeys(ids, LATE),
        impediments=[Impediment(each, "x" * 10_000) for each in ids],
        attendees=[f"E{n}" for n in range(900)],
    )
    said = note(held, course)
    assert "and 990 more" in said.what_could_be_improved
    assert (len(said.action_items), len(said.attendees)) == (200, 500)


def test_a_thousand_tasks_with_the_longest_texts_fit_into_a_request() -> None:
    """JSON takes six bytes for each letter of these."""
    held = tasks(**{f"{'P' * 32}-TASK{n:09}": 10 for n in range(1000)})
    longest = {"title": "\a" * 300, "assigned_to": "E" * 64}
    held = [task.model_copy(update=longest) for task in held]
    met = [Impediment(each.task_id, each.task_id + "\a" * 9_900) for each in held]
    people = [f"{n:03}{'E' * 61}" for n in range(500)]
    said = note(held, replace(NOTHING, impediments=met, attendees=people))
    assert len(said.model_dump_json().encode()) < 1024 * 1024
    assert len(said.action_items) == 2
    assert said.action_items[0].description == f"Remove the impediment: {met[0].words}"


def test_only_titles_that_take_more_than_their_share_are_cut() -> None:
    held = [task.model_copy(update={"title": "x" * 300}) for task in tasks(A=100, B=100)]
    assert {each.description for each in note(held, NOTHING).tasks_summary} == {"x" * 300}


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
    said = [TaskReportCreate(id="P1-TASK001", impediments=words) for words in PHRASES]
    await client.create_daily_scrum_report(
        DailyScrumReportCreate(
            project_id="P1",
            sprint_id="P1-S01",
            report_date=EARLY,
            reports={EARLY: [EmployeeReportCreate(tasks=said)]},
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
        return await town.owed() == 0

    await eventually(arrived, seconds=40)
    (found,) = await client.list_sprint_retrospectives(sprint_id=sprint_id)
    return found


async def test_the_team_attends_also_who_held_no_task_or_came_later(
    town: Town, chronicle: Callable[[], Awaitable[ChronicleClient]]
) -> None:
    await town.found("P1", "E1", "E2", "E3")
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
    await town.found("P1", "E1", "E2", "E3")
    await town.plan("P1", 1)
    await town.sprint.create_sprint("P1", SprintCreate())
    peers = sprint_settings.peers.model_copy(update={"project": f"http://127.0.0.1:{free_port()}"})
    settings = sprint_settings.model_copy(update={"peers": peers, "port": free_port()})
    cut_off = SprintClient(http, await serve(create_app(settings), settings.port))
    await cut_off.close_sprint("P1-S01")
    found = await closed_note(town, chronicle, "P1-S01")
    assert found.attendees == ["E1", "E2", "E3"]


async def test_task_that_came_with_progress_was_started_and_not_late(town: Town) -> None:
    await town.found("P1", "E1", "E2")
    ids = await town.plan("P1", 3)
    await town.sprint.create_sprint("P1", SprintCreate())
    for task_id in ids[:2]:
        await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=40))
    await town.sprint.close_sprint("P1-S01")

    async def free() -> bool:
        found = (await town.backlog_of("P1")).values()
        return [(task.sprint_id, task.progress_percentage) for task in found] == [
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
    (told,) = await town.rows(query, id=closed.retrospective_report_id)
    assert told[0] == (
        "3 of 3 tasks were not completed and carry over, 1 of them were never started, "
        f"3 of them not for the first time ({', '.join(ids)})."
    )
