"""Moves of a project's clock over real services: scrums, closes, refusals, repeats."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from agent.clock.mover import ClockMover
from agent.clock.schema import ClockMoveRequest
from agent.jobs.cronjob_table import CronJobTable
from domain_services.kernel.errors import Unavailable
from domain_services.project import schema as project_schema
from domain_services.project.client import ProjectClient
from domain_services.sprint import schema as sprint_schema
from domain_services.sprint.client import SprintClient
from memory.pool import open_pool
from memory.project_holds import ProjectHolds
from memory.runs import RunTable
from tests.agent.conftest import get
from tests.graphs.conftest import System

MONDAY = date(2016, 6, 6)
LAST_DAY = date(2016, 6, 19)
WEEKDAYS = [f"2016-06-{day:02d}" for day in (6, 7, 8, 9, 10, 13, 14, 15, 16, 17)]


async def move(system: System, status: int = 200, **body: Any) -> Any:
    answer = await system.post("orchestrator", "/orchestrate/project/CLOCK/clock", body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def make_held(
    system: System, tasks: int = 12, as_of: date = MONDAY, mode: str = "reported"
) -> None:
    """Create a project that is held at a day, with a team of one."""
    project = {"id": "CLOCK", "name": "held", "as_of": as_of.isoformat(), "progress_mode": mode}
    assert (await system.post("project", "/projects", project)).status_code == 201
    await system.post("project", "/employees", {"id": "E1", "name": "Ada"})
    team = "/projects/CLOCK/team-members-assign"
    await system.post("project", team, {"employee_ids": ["E1"]})
    new = [{"title": f"Task {number}"} for number in range(tasks)]
    await system.post("backlog", "/backlogs/CLOCK/tasks", {"tasks": new})


async def begin_sprint(system: System, **options: Any) -> list[str]:
    """Begin the sprint of the 6th to the 19th of June, and return its tasks."""
    answer = await system.orchestrate("CLOCK", options=options)
    assert answer.status_code == 200, answer.text
    created = answer.json()["created"]
    assert (created["start_date"], created["end_date"]) == ("2016-06-06", "2016-06-19")
    return [task["task_id"] for task in created["tasks"]]


async def everything(system: System) -> Any:
    """Read all that a move could change."""
    project = await get(system, "/projects/CLOCK", "project")
    sprints = await get(system, "/sprints/by-project/CLOCK", "sprint")
    status = await get(system, "/orchestrate/project/CLOCK/status")
    scrums = await system.http.get(
        system.urls["chronicle"] + "/v1/notes/daily_scrum_report?project_id=CLOCK"
    )
    reports = scrums.json() if scrums.status_code == 200 else []
    return project, sprints, status["cronjobs"], reports


async def report(system: System, task_id: str, percentage: int) -> None:
    body = {"progress_percentage": percentage}
    answer = await system.post("sprint", f"/tasks/{task_id}/progress", body)
    assert answer.status_code == 200, answer.text


async def test_the_scrums_of_the_days_that_are_left_are_held(whole: System) -> None:
    await make_held(whole)
    tasks = await begin_sprint(whole)
    await report(whole, tasks[0], 50)
    first = await move(whole, to="2016-06-09")
    assert (first["clock"], first["previous_day"], first["today"]) == (
        "held",
        "2016-06-06",
        "2016-06-09",
    )
    assert [scrum["day"] for scrum in first["daily_scrums"]] == WEEKDAYS[:3]
    assert [scrum["updated_tasks"] for scrum in first["daily_scrums"]] == [1, 0, 0]
    assert first["closed_sprint"] is None
    assert "moved from 2016-06-06 to 2016-06-09 and is held there" in first["message"]
    assert "3 daily scrums were held" in first["message"]
    second = await move(whole, to="2016-06-13")
    # The scrum of the 13th is held when that day is left.
    assert [scrum["day"] for scrum in second["daily_scrums"]] == WEEKDAYS[3:5]
    again = await move(whole, to="2016-06-13")
    assert (again["daily_scrums"], again["today"]) == ([], "2016-06-13")
    assert (await get(whole, "/projects/CLOCK", "project"))["today"] == "2016-06-13"


async def test_next_sprint_closes_the_sprint_and_goes_to_the_next_working_day(
    whole: System,
) -> None:
    await make_held(whole)
    tasks = await begin_sprint(whole)
    for task in tasks[:2]:
        await report(whole, task, 100)
    moved = await move(whole, to="next-sprint")
    assert moved["today"] == "2016-06-20"
    assert [scrum["day"] for scrum in moved["daily_scrums"]] == WEEKDAYS
    closed = moved["closed_sprint"]
    assert closed == {
        "sprint_id": "CLOCK-S01",
        "status": "closed_with_pending_tasks",
        "last_day": "2016-06-19",
        "completed_tasks": 2,
        "returned_tasks": len(tasks) - 2,
    }
    assert "CLOCK-S01 was closed after its last day 2016-06-19" in moved["message"]
    status = await get(whole, "/orchestrate/project/CLOCK/status")
    assert (status["cronjobs"], status["current_sprint"]) == ([], None)
    # The move leaves no run behind: the last one is still the decision.
    decision = (await whole.orchestrate("CLOCK")).json()
    assert decision["as_of"] == "2016-06-20"
    assert decision["created"]["start_date"] == "2016-06-20"


async def test_without_a_sprint_the_next_one_is_a_cadence_away(whole: System) -> None:
    await make_held(whole)
    holiday = "/projects/CLOCK/calendar/holidays/2016-06-20"
    url = whole.urls["project"] + holiday
    assert (await whole.http.put(url, json={"name": "Midsummer"})).status_code == 200
    moved = await move(whole, to="next-sprint")
    assert (moved["today"], moved["daily_scrums"]) == ("2016-06-21", [])


async def test_without_a_cronjob_no_scrum_is_held(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole, create_cronjob=False)
    moved = await move(whole, to="2016-06-27")
    assert (moved["daily_scrums"], moved["today"]) == ([], "2016-06-27")
    assert moved["closed_sprint"]["last_day"] == "2016-06-19"


async def test_a_released_project_follows_the_clock(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    released = await move(whole, live=True)
    assert (released["clock"], released["previous_day"]) == ("live", "2016-06-06")
    assert released["closed_sprint"]["last_day"] == "2016-06-19"
    assert len(released["daily_scrums"]) == len(WEEKDAYS)
    assert "it follows the clock now" in released["message"]
    project = await get(whole, "/projects/CLOCK", "project")
    assert (project["clock"], project["as_of"]) == ("live", None)
    again = await move(whole, live=True)
    assert "follows the clock already" in again["message"]


async def test_a_sprint_that_is_not_over_goes_on_after_the_release(whole: System) -> None:
    live = {"id": "LIVE", "name": "live"}
    await whole.post("project", "/projects", live)
    today = date.fromisoformat((await get(whole, "/projects/LIVE", "project"))["today"])
    # Four days: whatever the weekday, a working day lies in the sprint, and its end is to come.
    await make_held(whole, as_of=today - timedelta(days=4))
    answer = await whole.orchestrate("CLOCK")
    sprint_id = answer.json()["created"]["sprint_id"]
    released = await move(whole, live=True)
    assert (released["clock"], released["closed_sprint"]) == ("live", None)
    status = await get(whole, "/orchestrate/project/CLOCK/status")
    assert status["current_sprint"] == sprint_id
    assert len(status["cronjobs"]) == 1


async def test_a_refused_move_changes_nothing(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    before = await everything(whole)
    for body, status, code in (
        ({"to": "2016-06-05"}, 409, "clock_moves_back"),
        ({"to": "2100-12-31"}, 422, "day_not_reached"),
        ({"to": "2016-06-09", "live": True}, 400, "invalid"),
        ({"to": "next-week"}, 400, "invalid"),
        ({"to": 1465430400}, 400, "invalid"),
        ({"to": "2016-06-31"}, 400, "invalid"),
        ({"live": False}, 400, "invalid"),
        ({"to": "2016-06-09", "days": 3}, 400, "invalid"),
        ({}, 400, "invalid"),
    ):
        problem = await move(whole, status, **body)
        assert problem["code"] == code, body
        assert await everything(whole) == before


async def test_only_a_held_project_is_moved(whole: System) -> None:
    await whole.make_project("CLOCK", 3)
    before = await everything(whole)
    for to in ("2016-06-09", "2100-12-31", "next-sprint"):
        problem = await move(whole, 409, to=to)
        assert problem["code"] == "clock_is_live"
        assert await everything(whole) == before
    answer = await whole.post("orchestrator", "/orchestrate/project/NONE/clock", {"live": True})
    assert answer.status_code == 404


async def test_a_sprint_that_ends_in_the_future_is_not_passed(whole: System) -> None:
    today = date.today()
    await make_held(whole, as_of=today - timedelta(days=3))
    assert (await whole.orchestrate("CLOCK")).status_code == 200
    before = await everything(whole)
    problem = await move(whole, 422, to="next-sprint")
    assert problem["code"] == "day_not_reached"
    assert await everything(whole) == before


async def test_a_calendar_without_working_days_is_named(whole: System) -> None:
    await make_held(whole)
    for number in range(14, 74):
        day = MONDAY + timedelta(days=number)
        url = f"{whole.urls['project']}/projects/CLOCK/calendar/holidays/{day}"
        await whole.http.put(url, json={})
    problem = await move(whole, 409, to="next-sprint")
    assert problem["code"] == "no_working_day"


@asynccontextmanager
async def mover(
    system: System, project: type[ProjectClient], sprint: type[SprintClient]
) -> AsyncIterator[tuple[ClockMover, ProjectHolds]]:
    """Make a mover on the orchestrator's own database, with other clients."""
    async with open_pool(system.databases["orchestrator"]) as pool:
        holds = ProjectHolds(pool, RunTable(pool), 30)
        yield (
            ClockMover(
                project(system.http, system.urls["project"]),
                sprint(system.http, system.urls["sprint"]),
                CronJobTable(pool),
                holds,
            ),
            holds,
        )


class CountingProjects(ProjectClient):
    """Counts the steps of a move."""

    moves = 0

    async def move_clock(
        self, project_id: str, body: project_schema.ClockMove
    ) -> project_schema.ProjectClock:
        type(self).moves += 1
        return await super().move_clock(project_id, body)


async def test_days_without_a_scrum_are_passed_in_one_step(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole, schedule="0 9 * * 2")
    CountingProjects.moves = 0
    request = ClockMoveRequest(to=date(2019, 1, 7))
    async with mover(whole, CountingProjects, SprintClient) as (clock_mover, _):
        moved = await clock_mover.move("CLOCK", request)
    assert [scrum.day.day for scrum in moved.daily_scrums] == [7, 14]
    # To the two scrums, to the last day of the sprint, to the target.
    assert CountingProjects.moves == 4


class LostSprints(SprintClient):
    """Does not answer from the fourth daily scrum on."""

    answers = 3

    async def run_daily_scrum(
        self, sprint_id: str, scheduled_for: Any = None
    ) -> sprint_schema.DailyScrumRun:
        if type(self).answers == 0:
            raise Unavailable("sprint_service cannot be reached")
        type(self).answers -= 1
        return await super().run_daily_scrum(sprint_id, scheduled_for)

    async def close_sprint(
        self, sprint_id: str, *, key: str | None = None
    ) -> sprint_schema.SprintClosed:
        await super().close_sprint(sprint_id, key=key)
        raise Unavailable("sprint_service did not answer")


async def test_a_move_that_broke_off_is_completed_by_the_same_request(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    LostSprints.answers = 3
    request = ClockMoveRequest(to="next-sprint")
    async with mover(whole, ProjectClient, LostSprints) as (clock_mover, _):
        with pytest.raises(Unavailable, match=r"stopped at 2016-06-09.*send the same request"):
            await clock_mover.move("CLOCK", request)
    assert (await get(whole, "/projects/CLOCK", "project"))["today"] == "2016-06-09"
    moved = await move(whole, to="next-sprint")
    assert [scrum["day"] for scrum in moved["daily_scrums"]] == WEEKDAYS[3:]
    assert (moved["previous_day"], moved["today"]) == ("2016-06-09", "2016-06-20")


async def test_a_move_whose_close_was_not_answered_goes_to_the_same_day(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    LostSprints.answers = 100
    request = ClockMoveRequest(to="next-sprint")
    async with mover(whole, ProjectClient, LostSprints) as (clock_mover, _):
        with pytest.raises(Unavailable, match="stopped at 2016-06-19"):
            await clock_mover.move("CLOCK", request)
    moved = await move(whole, to="next-sprint")
    assert (moved["previous_day"], moved["today"]) == ("2016-06-19", "2016-06-20")
    sprints = await get(whole, "/sprints/by-project/CLOCK", "sprint")
    assert [sprint["status"] for sprint in sprints] == ["closed_with_pending_tasks"]


async def test_an_unfinished_run_and_a_move_exclude_each_other(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    before = await everything(whole)
    async with mover(whole, ProjectClient, SprintClient) as (_, holds):
        async with holds.hold("CLOCK", {}):
            problem = await move(whole, 409, to="2016-06-09")
            assert problem["code"] == "run_in_progress"
            assert (await whole.orchestrate("CLOCK")).status_code == 409
        assert await everything(whole) == before
        await move(whole, to="2016-06-07")


async def test_simultaneous_moves_hold_each_scrum_once(whole: System) -> None:
    await make_held(whole, mode="simulated")
    await begin_sprint(whole)
    url = whole.urls["orchestrator"] + "/orchestrate/project/CLOCK/clock"
    days = ("2016-06-08", "2016-06-10", "2016-06-14")
    answers: list[httpx.Response] = await asyncio.gather(
        *(whole.http.post(url, json={"to": day}) for day in days)
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    await move(whole, to="2016-06-14")
    burndown = await get(whole, "/sprints/CLOCK-S01/burndown", "sprint")
    remaining = [day["remaining_tasks"] for day in burndown["days"][:8]]
    assert remaining == sorted(remaining, reverse=True)


async def test_the_key_of_a_repeated_move_gets_the_first_answer(whole: System) -> None:
    await make_held(whole)
    await begin_sprint(whole)
    url = whole.urls["orchestrator"] + "/orchestrate/project/CLOCK/clock"
    headers = {"Idempotency-Key": "a move"}
    refused = await whole.http.post(url, json={"to": "2016-06-09"}, headers=headers)
    assert refused.status_code == 400  # keys hold no space
    headers = {"Idempotency-Key": "a-move"}
    first, second = [
        await whole.http.post(url, json={"to": "2016-06-09"}, headers=headers) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert len(first.json()["daily_scrums"]) == 3
