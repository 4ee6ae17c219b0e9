"""Remembered decisions: listed, read, corrected as versions, forgotten, and never brought back."""

import asyncio
from typing import Any
from uuid import UUID

import psycopg

from tests.agent.conftest import get, give_history, until
from tests.graphs.conftest import System

HOSTILE = "'; DROP TABLE episodes; -- <script>alert(1)</script> \u202e"


def imported(number: int, completed: int = 7, project: str = "IMPORTED") -> dict[str, Any]:
    return {
        "episode_id": str(UUID(int=number)),
        "project_id": project,
        "origin": "import",
        "decided_at": f"2026-02-{number:02}T00:00:00Z",
        "agent_version": "importer 1",
        "decision_source": "rule_based_only",
        "sprint_id": f"{project}-S{number:02}",
        "perception": {
            "project_id": project,
            "day": f"2026-02-{number:02}",
            "backlog_tasks": 20,
            "unassigned_tasks": 14,
            "sprint_days": 14,
            "past_sprints": 3,
            "completed": [6, 7, 5],
        },
        "reasoning": {"text": f"imported {number} {HOSTILE}"},
        "action": {"create_sprint": True, "tasks": 8, "duration_days": 14},
        "outcome": {
            "completed_tasks": completed,
            "planned_tasks": 8,
            "completion_rate": completed / 8,
            "spill_over": 8 - completed,
            "duration_days": 14,
        },
    }


async def remember_imported(system: System, *documents: dict[str, Any]) -> Any:
    answer = await system.post("orchestrator", "/memory/episodes", {"episodes": [*documents]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _correct(system: System, number: int, **body: Any) -> Any:
    path = f"/memory/episodes/{UUID(int=number)}/corrections"
    return await system.post("orchestrator", path, {"base": 1, "reason": HOSTILE} | body)


async def _forget(system: System, number: int, base: int = 1) -> Any:
    path = f"/memory/episodes/{UUID(int=number)}/forget"
    return await system.post("orchestrator", path, {"base": base, "reason": HOSTILE})


async def test_pages_stay_where_they_are_and_filters_choose(whole: System) -> None:
    await remember_imported(whole, *(imported(number) for number in (1, 2, 3)))
    first = await get(whole, "/memory/episodes?limit=2")
    await remember_imported(whole, imported(9), imported(4, project="OTHER"))
    second = await get(whole, f"/memory/episodes?limit=2&cursor={first['next_cursor']}")
    days = [row["day"] for row in first["episodes"] + second["episodes"]]
    assert days == ["2026-02-03", "2026-02-02", "2026-02-01"]
    assert second["next_cursor"] is None
    assert (await get(whole, "/memory/episodes?limit=5"))["next_cursor"] is None
    row = first["episodes"][0]
    assert row["perception"]["completed"] == [6, 7, 5]
    assert (row["outcome"]["completed_tasks"], row["known_on"]) == (7, "2026-02-17")
    assert HOSTILE in row["text"]
    for query, count in (
        ("project_id=OTHER", 1),
        ("origin=run", 0),
        ("has_outcome=false", 0),
        ("forgotten=true", 0),
        ("since=2026-02-04T00:00:00Z", 2),
        ("text=imported-S0", 4),
        ("text=DROP TABLE", 5),
        ("text=%25", 0),
    ):
        page = await get(whole, f"/memory/episodes?{query}")
        assert len(page["episodes"]) == count, query
    url = whole.urls["orchestrator"] + "/memory/episodes?"
    for bad in ("cursor=first", f"cursor={10**16}9-{'0' * 32}", "limit=0", "limit=201"):
        assert (await whole.http.get(url + bad)).status_code == 400, bad


async def test_a_correction_is_a_version_and_one_of_two_at_once_wins(whole: System) -> None:
    await remember_imported(whole, imported(1))
    answers = await asyncio.gather(
        _correct(whole, 1, completed_tasks=4), _correct(whole, 1, completed_tasks=5)
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["version"]) == ("episode_changed", 2)
    stored = await get(whole, f"/memory/episodes/{UUID(int=1)}")
    outcome = stored["episode"]["outcome"]
    assert outcome["completed_tasks"] in (4, 5)
    assert outcome["spill_over"] == 8 - outcome["completed_tasks"]
    assert [version["version"] for version in stored["versions"]] == [2, 1]
    assert stored["versions"][0]["reason"] == HOSTILE.strip()
    assert stored["versions"][0]["changed_by"]
    assert stored["versions"][1]["outcome"]["completed_tasks"] == 7
    # It says nothing of the team: nothing recalls it any more.
    assert (await _correct(whole, 1, base=2, worked=False)).status_code == 201
    unworked = await get(whole, f"/memory/episodes/{UUID(int=1)}")
    assert (unworked["episode"]["recallable"], unworked["episode"]["version"]) == (False, 3)
    same = {"completed_tasks": unworked["episode"]["outcome"]["completed_tasks"], "worked": False}
    for bad in ({}, {"completed_tasks": -1}, {"duration_days": 0}, {"worked": "no"}, same):
        assert (await _correct(whole, 1, base=3, **bad)).status_code == 400, bad
    assert (await _correct(whole, 8, completed_tasks=1)).status_code == 404


async def test_later_imports_bring_back_neither_a_corrected_nor_a_forgotten_episode(
    whole: System,
) -> None:
    await remember_imported(whole, *(imported(number) for number in (1, 2, 3)))
    assert (await _correct(whole, 1, completed_tasks=2)).status_code == 201
    assert (await _forget(whole, 2)).status_code == 200
    again = await remember_imported(whole, *(imported(number) for number in (1, 2, 3)))
    assert again == {"created": 0, "existing": 3}
    path = f"{whole.urls['orchestrator']}/memory/episodes/imported/IMPORTED"
    body = {
        "episodes": [imported(number, completed=6) for number in (1, 2, 3)],
        "keep": [str(UUID(int=number)) for number in (1, 2, 3)],
    }
    replaced = (await whole.http.put(path, json=body)).json()
    assert (replaced["created"], replaced["replaced"], replaced["removed"]) == (0, 1, 0)
    await whole.http.put(path, json={"keep": []})
    page = await get(whole, "/memory/episodes")
    remaining = {row["episode_id"]: row for row in page["episodes"]}
    assert remaining.keys() == {str(UUID(int=1)), str(UUID(int=2))}
    assert remaining[str(UUID(int=1))]["outcome"]["completed_tasks"] == 2
    forgotten = remaining[str(UUID(int=2))]
    assert forgotten["outcome"] is forgotten["perception"] is forgotten["text"] is None
    assert forgotten["forgotten_by"]


async def test_episodes_with_ids_that_no_audit_can_name_are_refused(whole: System) -> None:
    other = imported(1)
    other["perception"]["project_id"] = "OTHER"
    for bad in (
        imported(1) | {"sprint_id": "OTHER-S01"},
        imported(1) | {"sprint_id": "sprint 1"},
        imported(1, project="shop floor"),
        other,
    ):
        answer = await whole.post("orchestrator", "/memory/episodes", {"episodes": [bad]})
        assert answer.status_code == 400, answer.text
    assert (await get(whole, "/memory/episodes"))["episodes"] == []


async def test_an_episode_whose_sprint_is_none_of_its_project_can_be_forgotten(
    whole: System,
) -> None:
    # Earlier releases took any text as the id of a sprint.
    await remember_imported(whole, imported(1))
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE episodes SET sprint_id = 'sprint 1'")
    assert (await _correct(whole, 1, completed_tasks=3)).status_code == 201
    assert (await _forget(whole, 1, base=2)).status_code == 200


async def test_text_and_vectors_of_a_forgotten_episode_are_gone_and_the_deed_is_audited(
    whole: System,
) -> None:
    await remember_imported(whole, imported(1))
    await _correct(whole, 1, completed_tasks=3)
    assert (await _forget(whole, 1, base=1)).status_code == 409
    assert (await _forget(whole, 1, base=2)).status_code == 200
    again = await _forget(whole, 1, base=3)
    assert (again.status_code, again.json()["code"]) == (409, "episode_changed")
    assert "was forgotten" in again.json()["detail"]
    url = whole.databases["orchestrator"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT perception, reasoning, action, features, embedding, completed_tasks,"
            " requires_embedding, recallable, episode_id FROM episodes"
        ).fetchone()
        versions = connection.execute("SELECT count(*) FROM episode_versions").fetchone()
    assert row == ({}, {}, {}, None, None, None, False, False, UUID(int=1))
    assert versions == (0,)

    async def audits() -> Any:
        path = "/v1/notes/decision_audit?project_id=IMPORTED"
        answer = await whole.http.get(whole.urls["chronicle"] + path)
        # Delivered one after the other; without any the chronicle answers 404.
        return answer.json() if answer.status_code == 200 and len(answer.json()) == 2 else None

    deeds = [audit["decision"] for audit in await until(audits)]
    assert {deed["deed"] for deed in deeds} == {"corrected", "forgotten"}
    assert {deed["episode_id"] for deed in deeds} == {str(UUID(int=1))}


async def test_a_decision_shows_what_it_recalled_and_the_effect_of_forgetting_it(
    whole: System,
) -> None:
    await whole.make_project("USER", 12)
    await give_history(whole, "USER", [5, 6, 5, 7, 6, 5])
    await remember_imported(whole, *(imported(number) for number in range(1, 9)))
    run = (await whole.orchestrate("USER")).json()
    recalled = await get(whole, f"{run['run_url']}/recalled")
    assert [item["rank"] for item in recalled["recalled"]] == list(range(1, 9))
    assert recalled["searched"] == 8
    assert recalled["recalled"][0]["words"].startswith("number 1 by similarity 0.")
    episode_id = recalled["recalled"][0]["episode_id"]

    async def used() -> Any:
        return (await get(whole, f"/memory/episodes/{episode_id}/uses"))["uses"]

    [use] = await until(used)
    assert (use["run_id"], use["rank"], use["project_id"]) == (run["run_id"], 1, "USER")
    effect = await get(whole, f"/memory/episodes/{episode_id}/effect")
    [decision] = effect["decisions"]
    assert decision["tasks"] == run["decisions"]["tasks_to_assign"]
    assert decision["change"] in ("same", "changed")
    assert "of the newest 1 decisions that recalled it" in effect["words"]
    assert (await _forget(whole, UUID(episode_id).int)).status_code == 200
    after = await get(whole, f"{run['run_url']}/recalled")
    assert after["recalled"][0]["words"] == "one forgotten episode, number 1 by similarity"
    assert after["recalled"][0]["outcome"] is None
    # The old decision still says so, and a new one recalls it no more.
    assert len((await get(whole, f"/memory/episodes/{episode_id}/uses"))["uses"]) == 1
    look = (await whole.orchestrate("USER", dry_run=True)).json()
    similar = look["intelligence_metadata"]["similar_episodes"]
    assert episode_id not in [item["episode_id"] for item in similar]
