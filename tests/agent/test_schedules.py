"""Schedules over real services: the list, the routes, and what a due one does."""

from datetime import date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from tests.agent.conftest import get, until
from tests.conftest import OPERATOR_KEY
from tests.graphs.conftest import System

MORNINGS = "0 8 * * 1-5"
ALL = "/orchestrate/schedules"
LIST = "/orchestrate/project/AUTO/schedules"
ORCHESTRATION = f"{LIST}/run-orchestrate-auto"
SCRUM = f"{LIST}/run-dailyscrum-auto-s01"
# A day of the year that no sprint of these tests reaches.
OUTSIDE = f"0 8 {date.today() - timedelta(days=30):%d %m} *"


@pytest.fixture
async def auto(system: System) -> System:
    """Start the services with a project of twelve tasks; schedules are looked at all the time."""
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", schedule_poll_seconds=0.05)
    await system.make_project("AUTO", 12)
    return system


async def call(system: System, method: str, path: str, body: Any = None) -> httpx.Response:
    return await system.http.request(method, system.urls["orchestrator"] + path, json=body)


async def add(system: System, schedule: str = MORNINGS, **body: Any) -> httpx.Response:
    return await call(system, "POST", LIST, {"schedule": schedule} | body)


async def execute(system: System, statement: str) -> list[Any]:
    url = system.databases["orchestrator"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(statement)  # type: ignore[arg-type]
        return await cursor.fetchall() if cursor.description else []


async def make_due(system: System) -> None:
    """Let the schedule of AUTO be due once: this minute, which began before it was created."""
    await execute(
        system,
        "UPDATE cronjobs SET starts_at = now() - interval '2 h', schedule = '* * * * *',"
        " last_due_at = NULL WHERE name = 'run-orchestrate-auto'",
    )


async def last_result(system: System) -> Any:
    row = await get(system, ORCHESTRATION)
    return row if row["last_result"] is not None else None


async def complete_sprint(system: System, sprint_id: str) -> None:
    for task in await get(system, f"/sprints/{sprint_id}/tasks", "sprint"):
        body = {"progress_percentage": 100}
        answer = await system.post("sprint", f"/tasks/{task['task_id']}/progress", body)
        assert answer.status_code == 200, answer.text


async def test_schedule_is_added_listed_changed_paused_and_deleted(auto: System) -> None:
    added = await add(auto)
    assert added.status_code == 201, added.text
    row = added.json()
    assert (row["name"], row["kind"], row["state"]) == (
        "run-orchestrate-auto",
        "orchestrate",
        "active",
    )
    assert row["in_words"] == "Monday to Friday at 08:00, UTC"
    assert (row["created_by"], row["paused"]) == ("admin", False)
    assert datetime.fromisoformat(row["next_run"]).weekday() < 5
    assert await get(auto, LIST) == [row]
    assert await get(auto, ORCHESTRATION) == row

    changed = await call(auto, "PATCH", ORCHESTRATION, {"schedule": "30 9 * * 1"})
    assert changed.json()["in_words"] == "Every Monday at 09:30, UTC"
    paused = (await call(auto, "PATCH", ORCHESTRATION, {"paused": True})).json()
    assert (paused["state"], paused["state_reason"]) == ("paused", "paused by admin")
    assert (paused["paused_by"], paused["next_run"]) == ("admin", None)
    resumed = (await call(auto, "PATCH", ORCHESTRATION, {"paused": False})).json()
    assert (resumed["state"], resumed["paused_by"]) == ("active", None)

    deleted = await call(auto, "DELETE", ORCHESTRATION)
    assert deleted.status_code == 200
    assert "AUTO is decided only when somebody asks for it" in deleted.json()["message"]
    assert (await call(auto, "DELETE", ORCHESTRATION)).status_code == 404
    assert await get(auto, LIST) == []


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"schedule": "0 8 * * 7"}, 400, "write 0"),
        ({"schedule": "@daily"}, 400, "write five fields"),
        ({"schedule": "0 8 30 2 *"}, 422, "would never run: no day matches its schedule"),
        ({"schedule": MORNINGS, "kind": "daily_scrum"}, 409, "no sprint in progress"),
    ],
)
async def test_schedule_that_cannot_run_is_refused_and_not_created(
    auto: System, body: dict[str, str], status: int, detail: str
) -> None:
    refused = await call(auto, "POST", LIST, body)
    assert (refused.status_code, detail in refused.json()["detail"]) == (status, True), refused.text
    assert await get(auto, LIST) == []


async def test_refused_change_leaves_the_schedule_as_it_was(auto: System) -> None:
    before = (await add(auto)).json()
    assert (await add(auto, "0 9 * * *")).status_code == 409
    for body, status in (
        ({"schedule": "0 8 31 4 *", "paused": True}, 422),
        ({"schedule": "0 8 * * 1#2", "paused": True}, 400),
        ({}, 400),
    ):
        assert (await call(auto, "PATCH", ORCHESTRATION, body)).status_code == status
    assert await get(auto, ORCHESTRATION) == before
    unknown = "/orchestrate/project/NOWHERE/schedules"
    assert (await call(auto, "GET", unknown)).status_code == 404
    assert (await call(auto, "POST", unknown, {"schedule": MORNINGS})).status_code == 404
    assert (await call(auto, "PATCH", f"{LIST}/other", {"paused": True})).status_code == 404


async def test_the_installations_own_jobs_are_in_the_list_and_can_be_paused(auto: System) -> None:
    await add(auto)
    rows = await get(auto, ALL)
    assert [row["name"] for row in rows] == [
        "run-backfill",
        "run-learn",
        "run-retention",
        "run-orchestrate-auto",
    ]
    assert rows[1]["in_words"] == "Every day at 04:00, UTC"
    assert rows[1]["created_by"] == "the installation"

    learn = f"{ALL}/learn"
    changed = (await call(auto, "PATCH", learn, {"schedule": "30 5 * * *", "paused": True})).json()
    assert (changed["in_words"], changed["state"]) == ("Every day at 05:30, UTC", "paused")
    assert (await call(auto, "PATCH", learn, {"paused": False})).json()["state"] == "active"
    often = await call(auto, "PATCH", learn, {"schedule": "0 */2 * * *"})
    assert (often.status_code, "at most once a day" in often.json()["detail"]) == (400, True)
    assert (await call(auto, "PATCH", learn, {"schedule": "0 8 30 2 *"})).status_code == 422
    other = await call(auto, "PATCH", f"{ALL}/run-orchestrate-auto", {"paused": True})
    assert (other.status_code, "run-backfill, run-learn" in other.json()["detail"]) == (404, True)
    assert (await call(auto, "DELETE", learn)).status_code == 405
    as_operator = await auto.http.patch(
        auto.urls["orchestrator"] + learn,
        json={"paused": True},
        headers={"Authorization": f"Bearer {OPERATOR_KEY}"},
    )
    assert as_operator.status_code == 403


async def test_deleted_daily_scrum_stays_deleted_until_somebody_adds_it(auto: System) -> None:
    await auto.orchestrate("AUTO")
    old_route = "/orchestrate/project/AUTO/cronjob/run-dailyscrum-auto-s01"
    assert (await call(auto, "DELETE", old_route)).status_code == 200
    for options in ({}, {"schedule": "0 9 * * *"}):
        decision = (await auto.orchestrate("AUTO", options=options)).json()
        assert decision["actions_planned"] == []
        assert "because admin deleted it on" in decision["decisions"]["reasoning"]
    assert await get(auto, LIST) == []

    added = await add(auto, "0 9 * * *", kind="daily_scrum")
    assert added.status_code == 201, added.text
    assert (added.json()["sprint_id"], added.json()["created_by"]) == ("AUTO-S01", "admin")
    decision = (await auto.orchestrate("AUTO")).json()
    assert "deleted" not in decision["decisions"]["reasoning"]
    assert [row["name"] for row in await get(auto, LIST)] == ["run-dailyscrum-auto-s01"]


async def test_schedule_named_in_a_request_changes_the_running_sprint(auto: System) -> None:
    created = (await auto.orchestrate("AUTO")).json()["created"]["cronjob"]
    assert created["schedule"] == "0 14 * * 1-5"
    same = (await auto.orchestrate("AUTO")).json()
    assert same["actions_planned"] == []
    changed = (await auto.orchestrate("AUTO", options={"schedule": "30 9 * * *"})).json()
    assert [call["name"] for call in changed["actions_planned"]] == ["change_cronjob"]
    assert changed["actions_taken"] == [
        "Changed CronJob run-dailyscrum-auto-s01 (Every day at 09:30, UTC)"
    ]
    assert (await get(auto, SCRUM))["schedule"] == "30 9 * * *"
    never = (await auto.orchestrate("AUTO", options={"schedule": OUTSIDE})).json()
    assert never["actions_planned"] == []
    assert "is not changed as requested, because its schedule" in never["decisions"]["reasoning"]
    assert (await get(auto, SCRUM))["schedule"] == "30 9 * * *"


@pytest.mark.parametrize("way", ["route", "decision"])
async def test_changed_schedule_moves_to_the_time_zone_of_its_project(
    auto: System, way: str
) -> None:
    await auto.orchestrate("AUTO")
    calendar = auto.urls["project"] + "/projects/AUTO/calendar"
    assert (
        await auto.http.put(calendar, json={"country": "JP", "timezone": "Asia/Tokyo"})
    ).status_code == 200
    warning = (await get(auto, SCRUM))["warning"]
    assert warning.startswith("The project is in Asia/Tokyo now, and this schedule still in UTC")
    if way == "route":
        await call(auto, "PATCH", SCRUM, {"schedule": "30 9 * * *"})
    else:
        await auto.orchestrate("AUTO", options={"schedule": "30 9 * * *"})
    row = await get(auto, SCRUM)
    assert (row["in_words"], row["warning"]) == ("Every day at 09:30, Asia/Tokyo", None)


async def test_new_sprint_gets_no_schedule_that_does_not_come_in_it(auto: System) -> None:
    decision = (await auto.orchestrate("AUTO", options={"schedule": OUTSIDE})).json()
    assert decision["created"]["sprint_id"] == "AUTO-S01"
    assert decision["created"]["cronjob"] is None
    assert "gets no CronJob, because its schedule" in decision["decisions"]["reasoning"]


@pytest.mark.parametrize("schedule", ["0 9 31 2 *", "0 9 31 4,6,9,11 *", "0 9 * * 7"])
async def test_decision_with_a_schedule_of_no_day_is_refused_and_creates_nothing(
    auto: System, schedule: str
) -> None:
    refused = await auto.orchestrate("AUTO", options={"schedule": schedule})
    assert (refused.status_code, schedule in refused.json()["detail"]) == (400, True), refused.text
    assert await get(auto, "/sprints/by-project/AUTO", "sprint") == []
    assert await get(auto, LIST) == []


async def test_sprint_closed_by_hand_loses_its_cronjob(auto: System) -> None:
    await auto.orchestrate("AUTO")
    assert len(await get(auto, LIST)) == 1
    assert (await auto.post("sprint", "/sprints/AUTO-S01/close")).status_code == 200

    async def cronjob_vanished() -> bool:
        return await get(auto, LIST) == []

    await until(cronjob_vanished)


async def test_finished_sprint_is_closed_and_the_next_one_begun_without_a_person(
    auto: System,
) -> None:
    await auto.orchestrate("AUTO", options={"sprint_duration_weeks": 3})
    await complete_sprint(auto, "AUTO-S01")
    await add(auto)
    await make_due(auto)

    async def closed() -> bool:
        sprints = await get(auto, "/sprints/by-project/AUTO", "sprint")
        return sprints[-1]["status"] != "in_progress"

    await until(closed)
    await execute(auto, "UPDATE cronjobs SET schedule = '0 0 1 1 *' WHERE kind = 'orchestrate'")

    async def next_sprint() -> Any:
        # The released tasks would be waited for.
        await execute(auto, "UPDATE follow_up_runs SET created_at = now() - interval '6 s'")
        sprints = await get(auto, "/sprints/by-project/AUTO", "sprint")
        return sprints[0] if len(sprints) == 2 else None

    sprint = await until(next_sprint)
    assert (sprint["status"], sprint["duration_weeks"]) == ("in_progress", 3)

    async def settled() -> Any:
        waiting = await execute(auto, "SELECT 1 FROM follow_up_runs")
        return not waiting and await last_result(auto)

    row = await until(settled)
    assert "Created sprint AUTO-S02" in row["last_result"]
    assert row["last_run_id"] is not None
    assert [job["name"] for job in await get(auto, LIST)] == [
        "run-dailyscrum-auto-s02",
        "run-orchestrate-auto",
    ]


async def test_due_schedule_of_an_inactive_project_says_that_it_did_nothing(auto: System) -> None:
    await add(auto)
    url = auto.urls["project"] + "/projects/AUTO/status"
    assert (await auto.http.put(url, json={"status": "inactive"})).status_code == 200
    await make_due(auto)
    row = await until(lambda: last_result(auto))
    assert (
        row["last_result"] == "Nothing was done: the project is inactive; set it active to go on."
    )
    assert (row["last_run_id"], row["state"]) == (None, "resting")
    assert await get(auto, "/sprints/by-project/AUTO", "sprint") == []


async def test_shadow_mode_records_and_does_nothing(auto: System) -> None:
    path = "/orchestrate/project/AUTO/decision-mode"
    assert (await call(auto, "POST", path, {"mode": "shadow"})).status_code == 200
    await add(auto)
    await make_due(auto)
    row = await until(lambda: last_result(auto))
    assert row["last_result"].startswith("Shadow mode, recorded and nothing done: A sprint of")
    assert row["last_run_id"] is not None
    assert await get(auto, "/sprints/by-project/AUTO", "sprint") == []


async def test_schedules_of_a_paused_project_rest_and_say_so(auto: System) -> None:
    await auto.orchestrate("AUTO", options={"schedule": "* * * * *"})
    body = {"project_id": "AUTO", "reason": "a fair"}
    assert (await call(auto, "POST", "/orchestrate/pause", body)).status_code == 200
    await add(auto)
    await make_due(auto)
    row = await until(lambda: last_result(auto))
    assert row["last_result"].startswith("Nothing was done: AUTO is paused by admin since")
    assert row["last_result"].endswith("(a fair); dsm pause AUTO --end ends the pause.")
    assert row["last_run_id"] is None

    async def scrum_rested() -> Any:
        scrum = await get(auto, SCRUM)
        return scrum if scrum["last_result"] else None

    await execute(auto, "UPDATE cronjobs SET starts_at = now() - interval '2 h'")
    assert "AUTO is paused by admin" in (await until(scrum_rested))["last_result"]
    notes = "/v1/notes/daily_scrum_report?sprint_id=AUTO-S01"
    assert (await auto.http.get(auto.urls["chronicle"] + notes)).status_code == 404


async def test_schedules_of_a_held_project_rest_and_say_so(system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", schedule_poll_seconds=0.05)
    held_at = date.today() - timedelta(days=3)
    body = {"id": "AUTO", "name": "AUTO", "as_of": held_at.isoformat()}
    assert (await system.post("project", "/projects", body)).status_code == 201
    new = [{"title": f"Task {number}"} for number in range(12)]
    await system.post("backlog", "/backlogs/AUTO/tasks", {"tasks": new})
    await system.orchestrate("AUTO", options={"schedule": "* * * * *"})
    await add(system)
    await make_due(system)
    row = await until(lambda: last_result(system))
    text = f"the project is held at {held_at.isoformat()}"
    assert (row["state"], text in row["state_reason"]) == ("resting", True)
    assert (row["next_run"], text in row["last_result"]) == (None, True)

    async def scrum_rested() -> Any:
        scrum = await get(system, SCRUM)
        return scrum if scrum["last_result"] else None

    await execute(system, "UPDATE cronjobs SET starts_at = now() - interval '2 h'")
    scrum = await until(scrum_rested)
    assert "moving its day holds the scrum" in scrum["state_reason"]
    assert "Nothing was done" in scrum["last_result"]
    assert scrum["next_run"].startswith(max(scrum["starts_on"], held_at.isoformat()))
    notes = "/v1/notes/daily_scrum_report?sprint_id=AUTO-S01"
    assert (await system.http.get(system.urls["chronicle"] + notes)).status_code == 404


async def test_a_scrum_due_before_its_sprint_begins_is_passed_over(auto: System) -> None:
    first = (date.today() + timedelta(days=3)).isoformat()
    started = await auto.post("sprint", "/sprints/AUTO", {"start_date": first})
    assert started.status_code == 201, started.text
    added = (await add(auto, "* * * * *", kind="daily_scrum")).json()
    assert (added["starts_on"], added["next_run"]) == (first, f"{first}T00:00:00Z")
    # The row of an earlier release names no first day: the sprint service knows it.
    await execute(auto, "UPDATE cronjobs SET starts_on = NULL, starts_at = now() - interval '2 h'")

    async def passed_over() -> Any:
        scrum = await get(auto, SCRUM)
        return scrum if scrum["last_result"] else None

    scrum = await until(passed_over)
    assert scrum["last_result"].startswith(f"Nothing was done: AUTO-S01 begins on {first}, after ")
    # It counts as no firing: the days before the sprint have none.
    assert await execute(auto, "SELECT last_due_at FROM cronjobs WHERE kind = 'daily_scrum'") == [
        (None,)
    ]


async def test_sprint_cancelled_by_hand_loses_its_cronjob(auto: System) -> None:
    await auto.orchestrate("AUTO")
    assert len(await get(auto, LIST)) == 1
    cancelled = await auto.post("sprint", "/sprints/AUTO-S01/cancel", {"reason": "planned twice"})
    assert cancelled.status_code == 200, cancelled.text

    async def cronjob_vanished() -> bool:
        return await get(auto, LIST) == []

    await until(cronjob_vanished)
