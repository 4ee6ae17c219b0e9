"""The steps of a run are stored with what they led to, bounded, and none for a look."""

import json

import psycopg

from graphs.state import State
from graphs.steps import MOST_BYTES, make_step
from tests.agent.conftest import get
from tests.graphs.conftest import System

READING = {"analyse", "rules", "recall", "adjust", "gate"}


async def test_a_run_shows_the_update_and_the_time_of_each_node(whole: System) -> None:
    await whole.make_project("STEPS", 4)
    answer = (await whole.orchestrate("STEPS")).json()
    run = await get(whole, answer["run_url"])
    steps = {step["node"]: step for step in run["steps"]}
    assert [step["node"] for step in run["steps"]][-3:] == ["gate", "act", "record"]
    assert steps.keys() == READING | {"act", "record"}
    assert all(step["ms"] >= 0 for step in run["steps"])
    measured = answer["performance_metrics"]["steps_ms"]
    assert measured == {node: step["ms"] for node, step in steps.items() if node != "record"}
    assert steps["gate"]["update"]["decision"]["tasks"] == 4
    assert steps["act"]["update"]["actions"]["made"][0]["name"] == "create_sprint"
    recorded = steps["record"]["update"]["response"]
    assert recorded["actions_taken"] == answer["actions_taken"]
    assert (recorded["status"], recorded["created"]["sprint_id"]) == ("done", "STEPS-S01")
    assert steps["record"]["left_out"]["response"] > 0
    assert (run["kind"], run["reviewed_by"], run["undone_by"]) == ("decision", None, None)


async def test_a_dry_run_stores_its_steps_and_a_look_stores_none(whole: System) -> None:
    await whole.make_project("LOOK", 4)
    dry = await get(whole, (await whole.orchestrate("LOOK", dry_run=True)).json()["run_url"])
    assert {step["node"] for step in dry["steps"]} == READING
    await whole.orchestrate("LOOK", dry_run=True, record=False)
    assert _count(whole) == len(READING)


async def test_a_failed_run_shows_the_steps_that_it_made(whole: System) -> None:
    assert (await whole.orchestrate("NOBODY")).status_code == 404
    page = await get(whole, "/runs?project_id=NOBODY")
    failed = await get(whole, f"/runs/{page['runs'][0]['run_id']}")
    assert (failed["status"], failed["steps"]) == ("failed", [])


async def test_a_long_planning_order_is_cut_and_the_step_says_by_how_much(whole: System) -> None:
    await whole.make_project("LONG", 60)
    run = await get(whole, (await whole.orchestrate("LONG")).json()["run_url"])
    analyse = next(step for step in run["steps"] if step["node"] == "analyse")
    assert len(json.dumps(analyse)) < 2 * MOST_BYTES
    assert any(place.startswith("planning.order.plannable") for place in analyse["left_out"])


def test_no_step_is_larger_than_the_bound_whatever_a_node_wrote() -> None:
    huge = State(degraded=["x" * 5000] * 10_000, timings={"analyse": 1.0})
    step = make_step("analyse", huge)
    assert len(json.dumps(step)) <= MOST_BYTES
    assert step["left_out"]["degraded"] == 10_000 - len(step["update"]["degraded"])  # type: ignore[arg-type]


def test_text_that_postgresql_refuses_does_not_cost_the_run() -> None:
    step = make_step("recall", State(degraded=["a\x00b \ud800 <script>"]))
    assert step["update"] == {"degraded": ["ab ? <script>"]}


def _count(system: System) -> int:
    url = system.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM run_steps").fetchone()
    return row[0] if row else 0
