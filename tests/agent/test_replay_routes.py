"""Inputs of decisions over the routes, the command that replays them, and a sprint by what-if."""

import json
from typing import Any
from uuid import UUID

import pytest

from agent.replay.many import replay_all
from agent.replay.schema import RunInputsPage
from graphs.adjustable import parse
from tests.agent.conftest import get
from tests.golden.story import rows
from tests.graphs.conftest import System


async def test_inputs_are_listed_newest_first_in_pages(whole: System) -> None:
    await whole.make_project("ONE", 4)
    await whole.make_project("TWO", 4)
    runs = [
        (await whole.orchestrate(project, dry_run=True)).json()["run_id"]
        for project in ("ONE", "TWO", "ONE")
    ]
    first = await get(whole, "/runs/inputs?limit=2")
    assert [line["run_id"] for line in first["runs"]] == runs[:0:-1]
    rest = await get(whole, f"/runs/inputs?limit=2&before={first['next_before']}")
    assert ([line["run_id"] for line in rest["runs"]], rest["next_before"]) == (runs[:1], None)
    of_one = await get(whole, "/runs/inputs?project_id=ONE")
    assert {line["project_id"] for line in of_one["runs"]} == {"ONE"}
    assert of_one["first_at"] == of_one["runs"][-1]["decided_at"]
    later = await get(whole, "/runs/inputs?since=2999-01-01T00:00:00Z")
    assert (later["runs"], later["first_at"]) == ([], rest["first_at"])


async def test_look_that_is_not_recorded_leaves_no_inputs(whole: System) -> None:
    await whole.make_project("LOOK", 4)
    await whole.orchestrate("LOOK", dry_run=True, record=False)
    assert (await get(whole, "/runs/inputs"))["runs"] == []


async def test_run_without_inputs_is_named(whole: System) -> None:
    url = f"{whole.urls['orchestrator']}/runs/{UUID(int=1)}"
    missing = await whole.http.get(f"{url}/inputs")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    assert "DSM_KEEP_INPUTS_DAYS" in missing.json()["detail"]
    assert (await whole.http.post(f"{url}/what-if", json={})).status_code == 404


async def test_what_if_answers_by_other_numbers_and_stores_nothing(whole: System) -> None:
    await whole.make_project("IF", 12)
    run = (await whole.orchestrate("IF")).json()["run_id"]
    before = await _stored(whole)
    url = f"{whole.urls['orchestrator']}/runs/{run}/what-if"
    few = (await whole.http.post(url, json={"tasks": 3})).json()
    many = (await whole.http.post(url, json={"tasks": 12, "weeks": 3})).json()
    assert (few["tasks"], few["weeks"], many["tasks"], many["weeks"]) == (3, 2, 12, 3)
    assert few["before"] == many["before"]
    assert few["after"]["odds"][0]["probability"] > few["before"]["odds"][0]["probability"]
    assert await _stored(whole) == before


@pytest.mark.parametrize(
    "body",
    [{"tasks": 0}, {"weeks": 9}, {"away": 3}, {"certainty": 55}, {"no_such": 1}],
    ids=lambda body: next(iter(body)),
)
async def test_numbers_that_cannot_be_are_refused(whole: System, body: dict[str, Any]) -> None:
    await whole.make_project("BAD", 4)
    run = (await whole.orchestrate("BAD")).json()["run_id"]
    url = f"{whole.urls['orchestrator']}/runs/{run}/what-if"
    refused = await whole.http.post(url, json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid"), refused.text


async def test_replayed_plan_is_judged_by_the_outcome_of_its_sprint(whole: System) -> None:
    """Plan five tasks, complete two, and replay with a limit of two."""
    await whole.make_project("DONE", 5)
    answer = (await whole.orchestrate("DONE")).json()
    sprint = answer["created"]["sprint_id"]
    for task in answer["created"]["tasks"][:2]:
        path = f"/tasks/{task['task_id']}/progress"
        await whole.post("sprint", path, {"progress_percentage": 100})
    await whole.post("sprint", f"/sprints/{sprint}/close")
    await _until_known(whole)
    page = RunInputsPage.model_validate(await get(whole, "/runs/inputs"))
    same = replay_all([page], parse([]), None)
    assert (same.decisions, same.same, same.lines) == (1, 1, ())
    less = replay_all([page], parse(["max_tasks=2"]), None)
    assert (less.changed, less.nothing) == (1, 0)
    assert (less.judged.plans, less.judged.nearer, less.judged.error_after) == (1, 1, 0)
    assert less.lines[0].outcome and less.lines[0].outcome.completed_tasks == 2


async def _until_known(whole: System) -> None:
    from tests.agent.conftest import until

    async def known() -> bool:
        page = await get(whole, "/runs/inputs")
        return page["runs"][0]["outcome"] is not None

    await until(known)


async def _stored(whole: System) -> str:
    tables = ("runs", "run_inputs", "deliveries", "calibrations", "decision_modes")
    counts = [
        await rows(whole, "orchestrator", f"SELECT count(*) FROM {table}") for table in tables
    ]
    return json.dumps(counts)
