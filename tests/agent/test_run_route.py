"""A run is read at the path that its answer names."""

from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from tests.agent.conftest import get
from tests.graphs.conftest import System


async def test_a_finished_run_shows_its_request_decision_and_answer(whole: System) -> None:
    await whole.make_project("RUN", 4)
    answer = (await whole.orchestrate("RUN")).json()
    run = await get(whole, answer["run_url"])
    assert (run["run_id"], run["project_id"]) == (answer["run_id"], "RUN")
    assert (run["status"], run["effect"], run["error"]) == ("done", "acted", None)
    assert run["request"]["dry_run"] is run["dry_run"] is False
    assert run["decision"]["tasks"] == answer["decisions"]["tasks_to_assign"]
    assert run["answer"] == answer
    assert run["started_at"] <= run["decided_at"] <= run["ended_at"]


async def test_a_run_says_how_long_it_and_its_inputs_are_kept(whole: System) -> None:
    await whole.make_project("KEPT", 4)
    run = await get(whole, (await whole.orchestrate("KEPT")).json()["run_url"])
    ended = datetime.fromisoformat(run["ended_at"])
    assert datetime.fromisoformat(run["kept_until"]) == ended + timedelta(days=90)
    assert datetime.fromisoformat(run["inputs_kept_until"]) > ended + timedelta(days=399)
    assert (await get(whole, run["inputs_url"]))["run_id"] == run["run_id"]
    assert (await whole.orchestrate("NOBODY")).status_code == 404
    page = await get(whole, "/runs?project_id=NOBODY")
    failed = await get(whole, f"/runs/{page['runs'][0]['run_id']}")
    assert (failed["inputs_url"], failed["inputs_kept_until"]) == (None, None)
    assert failed["kept_until"] is not None


async def test_a_dry_run_and_a_shadow_decision_show_that_they_did_not_act(whole: System) -> None:
    await whole.make_project("DRY", 4)
    dry = await get(whole, (await whole.orchestrate("DRY", dry_run=True)).json()["run_url"])
    assert (dry["status"], dry["effect"], dry["dry_run"]) == ("done", "dry_run", True)
    await whole.post("orchestrator", "/orchestrate/project/DRY/decision-mode", {"mode": "shadow"})
    shadow = await get(whole, (await whole.orchestrate("DRY")).json()["run_url"])
    assert (shadow["effect"], shadow["decision_mode"]) == ("shadow", "shadow")
    assert shadow["decision"] is None
    assert shadow["answer"]["actions_planned"]


async def test_a_failed_run_shows_its_error(whole: System) -> None:
    assert (await whole.orchestrate("NOBODY")).status_code == 404
    url = whole.urls["orchestrator"]
    unknown = await whole.http.get(f"{url}/runs/{UUID(int=1)}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert "there is no run" in unknown.json()["detail"]
    assert (await whole.http.get(f"{url}/runs/first")).status_code == 400


async def test_a_decided_run_is_named_while_its_calls_wait(whole: System) -> None:
    await whole.make_project("WAIT", 4)
    url = whole.databases["sprint"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION shut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'the database goes down' USING ERRCODE = '57P01'; END $$"
        )
        connection.execute("CREATE TRIGGER shut BEFORE INSERT ON sprints EXECUTE FUNCTION shut()")
    problem = await whole.orchestrate("WAIT")
    assert (problem.status_code, problem.json()["code"]) == (503, "unavailable")
    run = await get(whole, problem.json()["run_url"])
    assert (run["run_id"], run["status"]) == (problem.json()["run_id"], "decided")
    assert (run["effect"], run["answer"], run["ended_at"]) == ("acted", None, None)
    assert run["decision"]["tasks"] == 4
