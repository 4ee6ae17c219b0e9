"""Both services count decisions that acted, and mark dry runs and shadow decisions."""

from typing import Any

import psycopg

from tests.agent.conftest import get, until
from tests.graphs.conftest import System

SINCE = "?start_date=2000-01-01"
IMPACT = "/orchestrate/intelligence/decision-impact/"
TRAIL = "/orchestrate/intelligence/decision-audit/"


async def impacts(system: System, project_id: str) -> dict[str, tuple[int, int, int]]:
    """Read acting, shadow and dry decisions of both services' impact routes."""
    chronicle = await get(
        system, f"/v1/analytics/decisions/impact/{project_id}{SINCE}", "chronicle"
    )
    agent = await get(system, IMPACT + project_id)
    acted = agent["rule_based"]["decisions"] + agent["intelligence_enhanced"]["decisions"]
    return {
        "chronicle": (
            chronicle["total_decisions_analyzed"],
            chronicle["shadow_decisions"],
            chronicle["dry_runs"],
        ),
        "orchestrator": (acted, agent["shadow_decisions"], agent["dry_runs"]),
    }


def rows(system: System, *tables: str) -> dict[str, int]:
    """Count the rows of the agent's tables."""
    url = system.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]  # pyright: ignore[reportArgumentType]
            for table in tables
        }


STORED = ("runs", "episodes", "episode_journal", "deliveries", "checkpoints", "schedules")


async def test_both_impact_routes_count_the_same_decisions(whole: System) -> None:
    await whole.make_project("EFF", 12)
    for body in ({"dry_run": True}, {}, {}, {"dry_run": True}, {"dry_run": True}):
        assert (await whole.orchestrate("EFF", **body)).json()["effect"] == (
            "dry_run" if body else "acted"
        )
    mode = "/orchestrate/project/EFF/decision-mode"
    await whole.post("orchestrator", mode, {"mode": "shadow"})
    assert (await whole.orchestrate("EFF")).json()["effect"] == "shadow"
    assert (await whole.orchestrate("EFF", dry_run=True)).json()["effect"] == "dry_run"

    async def all_audited() -> bool:
        return not (await get(whole, TRAIL + "EFF"))["pending"]

    async def all_counted() -> Any:
        counts = await impacts(whole, "EFF")
        return counts if {sum(count) for count in counts.values()} == {7} else None

    await until(all_audited)
    counts = await until(all_counted)
    assert counts == {"chronicle": (2, 1, 4), "orchestrator": (2, 1, 4)}
    audits = (await get(whole, TRAIL + "EFF"))["audits"]
    expected = ["dry_run", "acted", "acted", "dry_run", "dry_run", "shadow", "dry_run"]
    assert [audit["effect"] for audit in audits] == expected


async def test_the_decision_of_a_cancelled_sprint_waits_for_no_outcome(whole: System) -> None:
    await whole.make_project("GONE", 12)
    created = (await whole.orchestrate("GONE")).json()["created"]["sprint_id"]

    async def audited() -> bool:
        return not (await get(whole, TRAIL + "GONE"))["pending"]

    await until(audited)
    await until_counted(whole, (1, 0))
    assert (await whole.post("sprint", f"/sprints/{created}/cancel", {})).status_code == 200
    await until_counted(whole, (0, 1))


async def until_counted(system: System, expected: tuple[int, int]) -> None:
    """Wait until both services count so many acting and cancelled decisions of GONE."""
    path = f"/v1/analytics/decisions/impact/GONE{SINCE}"

    async def counted() -> bool:
        acting = await impacts(system, "GONE")
        answers = (
            (acting["chronicle"][0], await get(system, path, "chronicle")),
            (acting["orchestrator"][0], await get(system, IMPACT + "GONE")),
        )
        return all((acted, answer["cancelled_decisions"]) == expected for acted, answer in answers)

    await until(counted)


async def test_an_unrecorded_dry_run_leaves_nothing_behind(whole: System) -> None:
    await whole.make_project("LOOK", 12)
    before = rows(whole, *STORED)
    answer = (await whole.orchestrate("LOOK", dry_run=True, record=False)).json()
    assert (answer["run_id"], answer["run_url"], answer["recorded"]) == (None, None, False)
    assert answer["decisions"]["tasks_to_assign"] == 8
    assert (answer["dry_run"], answer["effect"], answer["actions_taken"]) == (True, "dry_run", [])
    assert rows(whole, *STORED) == before
    recorded = (await whole.orchestrate("LOOK", dry_run=True)).json()
    assert recorded["decisions"] == answer["decisions"]
    assert recorded["recorded"] and recorded["run_id"]
    # A stored plan would be carried out by the recovery of runs, if the process died here.
    assert rows(whole, "checkpoints") == {"checkpoints": 0}


async def test_an_unrecorded_dry_run_sees_the_mode_of_its_project(whole: System) -> None:
    await whole.make_project("SEEN", 3)
    path = "/orchestrate/project/SEEN/decision-mode"
    await whole.post("orchestrator", path, {"mode": "rule_based_only"})
    answer = (await whole.orchestrate("SEEN", dry_run=True, record=False)).json()
    assert answer["intelligence_metadata"]["decision_mode"] == "rule_based_only"


async def test_only_a_dry_run_goes_unrecorded(whole: System) -> None:
    await whole.make_project("ACT", 3)
    refused = await whole.orchestrate("ACT", record=False)
    assert refused.status_code == 400
    assert "only a dry run can go unrecorded" in refused.json()["detail"]
    unknown = await whole.orchestrate("NOBODY", dry_run=True, record=False)
    assert unknown.status_code == 404
    assert rows(whole, "runs") == {"runs": 0}


async def test_an_unrecorded_dry_run_works_while_a_run_is_unfinished(whole: System) -> None:
    await whole.make_project("BUSY", 3)
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO runs (project_id, status, lease_seconds, lease_until, request)"
            " VALUES ('BUSY', 'running', 60, now() + interval '60 s', '{}')"
        )
    assert (await whole.orchestrate("BUSY", dry_run=True, record=False)).status_code == 200
    refused = (await whole.orchestrate("BUSY", dry_run=True)).json()
    assert (refused["code"], refused["run_url"]) == (
        "run_in_progress",
        f"/runs/{refused['run_id']}",
    )
    unfinished = await get(whole, refused["run_url"])
    assert (unfinished["status"], unfinished["effect"], unfinished["answer"]) == (
        "running",
        None,
        None,
    )


async def test_draft_with_tasks_that_are_not_free_is_refused_by_name(whole: System) -> None:
    await whole.make_project("DRAFT", 3)
    draft = {"task_ids": ["DRAFT-TASK001", "DRAFT-TASK999", "OTHER-TASK001"]}
    refusal = await whole.orchestrate("DRAFT", options=draft)
    assert refusal.status_code == 400
    assert refusal.json()["errors"] == [
        {"task_id": "DRAFT-TASK999"},
        {"task_id": "OTHER-TASK001"},
    ]
    assert "DRAFT-TASK999, OTHER-TASK001: not free to be planned" in refusal.json()["detail"]
    # As many as a request may name, and one more.
    names = [f"DRAFT-TASK{number:03d}" for number in range(1, 502)]
    for count, text in ((500, "not free to be planned"), (501, "at most 500 items")):
        refusal = await whole.orchestrate("DRAFT", options={"task_ids": names[:count]})
        assert (refusal.status_code, text in refusal.json()["detail"]) == (400, True)
    assert rows(whole, "episodes", "deliveries") == {"episodes": 0, "deliveries": 0}
