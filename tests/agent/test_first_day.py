"""First day and capacity of a new sprint, and projects that get none."""

from typing import Any

from tests.agent.conftest import get
from tests.graphs.conftest import System


async def make_held(system: System, as_of: str, **changes: Any) -> None:
    body = {"id": "DAY", "name": "held", "as_of": as_of, "progress_mode": "reported"} | changes
    assert (await system.post("project", "/projects", body)).status_code == 201
    new = [{"title": f"Task {number}"} for number in range(20)]
    await system.post("backlog", "/backlogs/DAY/tasks", {"tasks": new})


async def test_a_sprint_decided_on_a_sunday_begins_on_monday(whole: System) -> None:
    await make_held(whole, "2016-06-05")
    dry = (await whole.orchestrate("DAY", dry_run=True)).json()
    assert (dry["as_of"], dry["clock"]) == ("2016-06-05", "held")
    assert "It begins on 2016-06-06, the next working day." in dry["decisions"]["reasoning"]
    assert dry["actions_planned"][0]["arguments"]["start_date"] == "2016-06-06"
    # From the Sunday on, the same fortnight would have nine working days.
    assert dry["analysis"]["working_days"] == 10
    created = (await whole.orchestrate("DAY")).json()["created"]
    assert (created["start_date"], created["end_date"]) == ("2016-06-06", "2016-06-19")
    assert created["cronjob"]["ends_on"] == "2016-06-19"


async def test_a_sprint_begins_after_one_that_ended_today(whole: System) -> None:
    await make_held(whole, "2016-06-06")
    first = (await whole.orchestrate("DAY")).json()["created"]
    assert first["start_date"] == "2016-06-06"
    assert (await whole.post("sprint", "/sprints/DAY-S01/close")).status_code == 200
    second = (await whole.orchestrate("DAY")).json()
    assert second["created"]["start_date"] == "2016-06-07"
    assert "It begins on 2016-06-07" in second["decisions"]["reasoning"]


async def test_an_inactive_project_is_blocked_also_in_a_dry_run(whole: System) -> None:
    await make_held(whole, "2016-06-06", status="inactive")
    for dry_run in (True, False):
        answer = (await whole.orchestrate("DAY", dry_run=dry_run)).json()
        decisions = answer["decisions"]
        assert decisions["reasoning"].startswith("DAY is inactive, so that no sprint is created.")
        assert not decisions["create_new_sprint"]
        assert (answer["actions_planned"], answer["actions_taken"]) == ([], [])
    assert await get(whole, "/sprints/by-project/DAY", "sprint") == []


async def test_every_answer_that_shows_a_day_says_whether_it_moves_by_itself(
    whole: System,
) -> None:
    await make_held(whole, "2016-06-06")
    await whole.make_project("LIVE", 3)
    today = (await get(whole, "/projects/LIVE", "project"))["today"]
    for project_id, clock, day in (("DAY", "held", "2016-06-06"), ("LIVE", "live", today)):
        answer = (await whole.orchestrate(project_id)).json()
        assert (answer["clock"], answer["as_of"]) == (clock, day)
        for path in (
            f"/orchestrate/project/{project_id}/status",
            f"/orchestrate/intelligence/project/{project_id}/insights",
        ):
            shown = await get(whole, path)
            assert (shown["clock"], shown["today"]) == (clock, day), path
