"""A plan whose sprint lost or won days of work since its proposal is refused in words."""

from collections.abc import Sequence
from typing import Any

import pytest

from agent.runs import decisions
from domain_services.project.client import ProjectClient
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change
from tests.graphs.waiting import (
    JSON,
    answer,
    approvals,
    decide_again,
    details,
    sprints,
    start_asking,
)

TUESDAY, FRIDAY, SATURDAY = "2016-09-06", "2016-09-09", "2016-09-10"
TEAM = ("E1", "E2", "E3", "E4")


async def wait_for_sprint(
    system: System, today: str = TUESDAY, team: Sequence[str] = TEAM, holiday: str | None = None
) -> JSON:
    """Return a waiting run that creates a sprint of two weeks, from the next working day on."""
    await start_asking(system)
    project = {"id": "ASKS", "name": "ASKS", "progress_mode": "reported", "as_of": today}
    await post(system, "project", "/projects", project)
    for person in team:
        await post(system, "project", "/employees", {"id": person, "name": person})
    if team:
        people = {"employee_ids": list(team)}
        await post(system, "project", "/projects/ASKS/team-members-assign", people)
    if holiday:
        await add_holiday(system, holiday)
    tasks = [{"title": f"Task {number}"} for number in range(4)]
    await post(system, "backlog", "/backlogs/ASKS/tasks", {"tasks": tasks})
    return await decide_again(system)


async def post(system: System, service: str, path: str, body: JSON) -> None:
    response = await system.post(service, path, body)
    assert response.is_success, response.text


async def add_holiday(system: System, day: str) -> None:
    url = f"{system.urls['project']}/projects/ASKS/calendar/holidays/{day}"
    response = await system.http.put(url, json={"type": "holiday", "name": "Company day"})
    assert response.is_success, response.text


def edited(run: JSON, **arguments: Any) -> list[JSON]:
    """Return an answer that changes the sprint of a plan."""
    _, *others = approvals(run)
    return [{"step": 0, "type": "edit", "arguments": arguments}, *others]


async def changes_of(system: System, run: JSON, answers: list[JSON] | None = None) -> Any:
    """Answer a run that is refused because its facts have changed; return the differences."""
    response = await answer(system, run, answers)
    assert (response.status_code, response.json()["code"]) == (409, "plan_changed"), response.text
    assert (await sprints(system), (await details(system, run))["status"]) == ([], "waiting")
    return response.json()["changes"]


def days_of_work(proposed: str, now: str) -> JSON:
    return {"what": "days of work in the sprint", "proposed": proposed, "now": now}


async def test_holiday_in_the_planned_sprint_is_named_and_nothing_is_done(system: System) -> None:
    run = await wait_for_sprint(system)
    await add_holiday(system, "2016-09-14")
    assert await changes_of(system, run) == [days_of_work("40 person-days", "36 person-days")]
    again = await decide_again(system)
    assert (await answer(system, again)).status_code == 200


async def test_leave_in_the_planned_sprint_is_named_and_nothing_is_done(system: System) -> None:
    run = await wait_for_sprint(system)
    leave = {"start_date": "2016-09-14", "end_date": "2016-09-16", "reason": "a trip"}
    await post(system, "project", "/projects/ASKS/calendar/pto?employee_id=E2", leave)
    assert await changes_of(system, run) == [days_of_work("40 person-days", "37 person-days")]


async def test_holiday_of_a_project_without_people_is_counted_in_working_days(
    system: System,
) -> None:
    run = await wait_for_sprint(system, team=())
    await add_holiday(system, "2016-09-14")
    assert await changes_of(system, run) == [days_of_work("10 working days", "9 working days")]


@pytest.mark.parametrize("day", ["2016-09-20", "2016-09-11"])
async def test_holiday_after_the_sprint_or_on_its_weekend_is_no_difference(
    system: System, day: str
) -> None:
    run = await wait_for_sprint(system)
    await add_holiday(system, day)
    assert (await answer(system, run)).status_code == 200
    [sprint] = await sprints(system)
    assert (sprint["start_date"], sprint["end_date"]) == (TUESDAY, "2016-09-19")


async def test_midnight_before_the_first_day_of_the_sprint_is_no_difference(
    system: System,
) -> None:
    # From the Friday, a window of two weeks has a working day less than from the Saturday.
    run = await wait_for_sprint(system, FRIDAY, holiday=FRIDAY)
    path = "/orchestrate/project/ASKS/clock"
    await post(system, "orchestrator", path, {"to": SATURDAY})
    assert (await answer(system, run)).status_code == 200
    [sprint] = await sprints(system)
    assert sprint["start_date"] == "2016-09-12"


# The holiday is in the sprint of the person, and not in the proposed one.
@pytest.mark.parametrize(
    ("edit", "holiday"),
    [
        ({"duration_weeks": 1}, None),
        ({"duration_weeks": 3}, "2016-09-21"),
        ({"start_date": "2016-09-13"}, "2016-09-21"),
    ],
)
async def test_other_dates_of_a_person_are_no_difference(
    system: System, edit: JSON, holiday: str | None
) -> None:
    run = await wait_for_sprint(system)
    if holiday:
        await add_holiday(system, holiday)
    response = await answer(system, run, edited(run, **edit))
    assert response.status_code == 200, response.text


async def test_edited_plan_rests_on_the_days_of_the_proposed_one(system: System) -> None:
    run = await wait_for_sprint(system)
    await add_holiday(system, "2016-09-19")
    differences = await changes_of(system, run, edited(run, duration_weeks=1))
    assert differences == [days_of_work("40 person-days", "36 person-days")]


async def test_proposal_of_an_earlier_release_is_not_refused_for_its_days(system: System) -> None:
    run = await wait_for_sprint(system)
    await change(system, "UPDATE runs SET rests_on = rests_on - 'capacity'")
    await add_holiday(system, "2016-09-14")
    assert (await answer(system, run)).status_code == 200


@pytest.mark.parametrize(("today", "reads"), [(TUESDAY, 1), (SATURDAY, 2)])
async def test_approval_reads_no_window_of_days_twice(
    system: System, monkeypatch: pytest.MonkeyPatch, today: str, reads: int
) -> None:
    run = await wait_for_sprint(system, today)
    check, read, count = ProjectClient.check_availability, decisions.read_basis, 0
    reads_of_basis: list[int] = []

    async def check_and_count(self: ProjectClient, *arguments: Any, **options: Any) -> Any:
        nonlocal count
        count += 1
        return await check(self, *arguments, **options)

    async def read_and_count(*arguments: Any, **options: Any) -> Any:
        before, basis = count, await read(*arguments, **options)
        reads_of_basis.append(count - before)
        return basis

    monkeypatch.setattr(ProjectClient, "check_availability", check_and_count)
    monkeypatch.setattr(decisions, "read_basis", read_and_count)
    assert (await answer(system, run)).status_code == 200
    assert reads_of_basis == [reads]
