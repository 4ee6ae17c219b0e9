"""Forecast of a project: sprints ahead, dates of tasks, plans by certainty."""

from datetime import date, timedelta

import pytest

from agent.client import OrchestratorClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound
from tests.agent.conftest import get, give_history
from tests.graphs.conftest import System

FORECAST = "/orchestrate/intelligence/project/{}/forecast"
PACE = [6, 7, 5, 6, 7, 6, 8]


def client_of(system: System) -> OrchestratorClient:
    return OrchestratorClient(system.http, system.urls["orchestrator"])


@pytest.fixture
async def known(whole: System) -> System:
    """Create a project with a past of seven sprints and twelve open tasks."""
    await whole.make_project("OLD", 12)
    await give_history(whole, "OLD", PACE)
    return whole


async def test_more_sprints_complete_more_and_the_last_day_moves_with_them(known: System) -> None:
    answer = await client_of(known).forecast("OLD", sprints=4)
    assert answer.in_sprints is not None
    assert [row.sprints for row in answer.in_sprints] == [1, 2, 3, 4]
    for fewer, more in zip(answer.in_sprints, answer.in_sprints[1:], strict=False):
        assert fewer.all_work.expected < more.all_work.expected
        assert fewer.all_work.promise < more.all_work.promise
        assert more.last_day - fewer.last_day == timedelta(days=14)
    for row in answer.in_sprints:
        work = row.all_work
        assert work.low <= work.expected <= work.high
    assert answer.first_day >= date.today()
    assert answer.begins.startswith("The first sprint is the next one, from ")
    assert answer.in_sprints[0].last_day == answer.first_day + timedelta(days=13)
    assert answer.coverage is not None
    assert "of the last 4 sprints ended in the range" in answer.back_test
    assert (answer.rests_on or "").startswith("7 past sprints")


async def test_open_tasks_have_dates_and_the_promised_one_is_later(known: System) -> None:
    client = client_of(known)
    done = (await client.forecast("OLD")).tasks_done
    assert done is not None
    assert done.tasks == 12
    many = (await client.forecast("OLD", tasks=60)).tasks_done
    assert many is not None
    assert many.likely_sprints is not None
    assert many.promised_sprints is not None
    assert many.likely_day is not None
    assert many.promised_day is not None
    assert (done.likely_sprints or 0) < many.likely_sprints < many.promised_sprints
    assert many.likely_day < many.promised_day
    for part in (str(many.likely_day), str(many.promised_day), "60 tasks", "85%"):
        assert part in many.sentence
    never = (await client.forecast("OLD", tasks=10_000)).tasks_done
    assert never is not None
    assert (never.likely_day, never.promised_day) == (None, None)
    assert "not done in 200 sprints" in never.sentence


async def test_surer_plan_is_no_larger_and_the_one_in_force_is_marked(known: System) -> None:
    plans = (await client_of(known).forecast("OLD")).plans
    assert plans is not None
    assert [plan.certainty for plan in plans] == [50, 60, 70, 85]
    sizes = [plan.tasks for plan in plans]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1]
    assert [plan.certainty for plan in plans if plan.in_force] == [50]
    assert plans[0].all_done < plans[-1].all_done
    decision = (await known.orchestrate("OLD", dry_run=True)).json()
    assert decision["decisions"]["tasks_to_assign"] == sizes[0]


async def test_sprint_in_progress_is_the_first_one_and_its_done_tasks_count(known: System) -> None:
    created = (await known.orchestrate("OLD")).json()["created"]
    client = client_of(known)
    before = await client.forecast("OLD", tasks=20)
    assert before.first_day.isoformat() == created["start_date"]
    sprint = f"The first sprint is {created['sprint_id']}, in progress since"
    assert before.begins.startswith(sprint)
    assert before.in_sprints is not None
    assert before.in_sprints[0].last_day.isoformat() == created["end_date"]
    # The same numbers stand in the velocity of the project.
    trends = await client.velocity_trends("OLD")
    assert trends.expected == before.in_sprints[0].all_work.expected

    for task in created["tasks"][:3]:
        path = f"/tasks/{task['task_id']}/progress"
        done = await known.post("sprint", path, {"progress_percentage": 100})
        assert done.status_code == 200, done.text
    after = await client.forecast("OLD", tasks=20)
    assert f"with 3 of {len(created['tasks'])} tasks done" in after.begins
    same = await client.forecast("OLD", tasks=17)
    assert before.tasks_done is not None
    assert same.tasks_done is not None
    # Three done and 17 to do are as many as 20 to do at its start.
    assert same.tasks_done.promised_day == before.tasks_done.promised_day


async def test_unknown_past_has_nulls_with_reasons(whole: System) -> None:
    await whole.make_project("NEW", 3)
    answer = await client_of(whole).forecast("NEW")
    assert (answer.in_sprints, answer.tasks_done, answer.plans) == (None, None, None)
    assert answer.reasons.keys() == {"in_sprints", "tasks_done", "plans", "rests_on", "coverage"}
    assert "no past sprint" in answer.reasons["in_sprints"]
    assert answer.back_test == "Not tested: 0 past sprints are known, 6 are needed."


async def test_empty_backlog_has_no_date_and_says_what_to_do(whole: System) -> None:
    await whole.make_project("DONE", 0)
    await give_history(whole, "DONE", PACE)
    answer = await client_of(whole).forecast("DONE")
    assert answer.in_sprints is not None
    assert answer.tasks_done is None
    assert answer.reasons["tasks_done"].endswith("name a number of tasks.")
    assert (await client_of(whole).forecast("DONE", tasks=5)).tasks_done is not None


@pytest.mark.parametrize(
    ("name", "value"), [("sprints", 0), ("sprints", 27), ("tasks", 0), ("tasks", 10_001)]
)
async def test_number_out_of_range_is_refused_by_its_name(
    known: System, name: str, value: int
) -> None:
    url = known.urls["orchestrator"] + FORECAST.format("OLD")
    refused = await known.http.get(url, params={name: value})
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == [f"query.{name}"]


async def test_unknown_project_is_not_found(whole: System) -> None:
    with pytest.raises((NotFound, PeerRefused), match="no project NOBODY"):
        await client_of(whole).forecast("NOBODY")


async def test_longer_sprints_complete_more(known: System) -> None:
    short = await get(known, FORECAST.format("OLD") + "?weeks=1")
    long = await get(known, FORECAST.format("OLD") + "?weeks=4")
    assert (short["sprint_days"], long["sprint_days"]) == (7, 28)
    expected = [answer["in_sprints"][0]["all_work"]["expected"] for answer in (short, long)]
    assert expected[0] < expected[1]
