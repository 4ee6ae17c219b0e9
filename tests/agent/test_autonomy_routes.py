"""Autonomy is set by project and version; a pause has an author, an end and an audit."""

import asyncio
from typing import Any

import pytest

from tests.agent.conftest import get, until
from tests.conftest import OPERATOR_KEY
from tests.graphs.conftest import System

PATH = "/orchestrate/project/{}/autonomy"
PAUSE = "/orchestrate/pause"


async def change(system: System, project_id: str, **body: Any) -> Any:
    return await system.post("orchestrator", PATH.format(project_id), body)


async def end(system: System, **params: Any) -> Any:
    url = system.urls["orchestrator"] + PAUSE
    return await system.http.delete(url, params=params)


async def attention(system: System) -> list[str]:
    answer = await system.http.get(system.urls["orchestrator"] + "/health/ready")
    return answer.json().get("attention", [])


async def deeds(system: System, project_id: str, count: int) -> list[Any]:
    """Wait for the audits of deeds in a chain, and return their decisions."""
    url = f"{system.urls['chronicle']}/v1/notes/decision_audit?project_id={project_id}"

    async def delivered() -> Any:
        answer = await system.http.get(url)
        audits: list[Any] = answer.json() if answer.status_code == 200 else []
        bodies = [audit["decision"] for audit in audits if audit["decision"].get("kind") == "deed"]
        return bodies if len(bodies) == count else None

    return await until(delivered)


async def test_changed_autonomy_has_a_version_an_author_and_an_audit(whole: System) -> None:
    await whole.make_project("AUTO", 1)
    before = await get(whole, PATH.format("AUTO"))
    assert (before["version"], before["level"], before["always_ask"]) == (0, "act", [])
    assert {"create_sprint", "close_sprint", "create_cronjob"} <= set(before["tools"])
    assert not [name for name in before["tools"] if name.startswith(("get", "list"))]

    await change(whole, "AUTO", level="approve", always_ask=["close_sprint", "close_sprint"])
    after = (await change(whole, "AUTO", level="act")).json()
    assert (after["version"], after["level"]) == (2, "act")
    assert after["always_ask"] == ["close_sprint"]
    assert [version["level"] for version in after["history"]] == ["act", "approve"]
    assert {version["changed_by"] for version in after["history"]} == {"admin"}
    newest = max(await deeds(whole, "AUTO", 2), key=lambda deed: deed["version"])
    assert newest["before"] == {"level": "approve", "always_ask": ["close_sprint"]}
    assert newest["after"] == {"level": "act", "always_ask": ["close_sprint"]}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name level or always_ask"),
        ({"level": "wild"}, "'observe', 'approve' or 'act'"),
        ({"always_ask": ["close_sprnt"]}, "name some of cancel_sprint, change_cronjob"),
        ({"always_ask": ["get_project"]}, "is no tool that changes something"),
    ],
)
async def test_wrong_autonomy_is_refused_with_what_may_be_named(
    whole: System, body: Any, words: str
) -> None:
    await whole.make_project("AUTO", 1)
    refused = await change(whole, "AUTO", **body)
    assert refused.status_code == 400
    assert words in refused.json()["detail"]
    assert (await change(whole, "NOBODY", level="act")).status_code == 404


async def test_changes_at_once_are_all_stored(whole: System) -> None:
    await whole.make_project("AUTO", 1)
    answers = await asyncio.gather(
        *(change(whole, "AUTO", level=level) for level in ("act", "approve", "observe")),
        *(change(whole, "AUTO", always_ask=[tool]) for tool in ("close_sprint", "create_sprint")),
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["version"] for answer in answers)[-1] == 5
    history = (await get(whole, PATH.format("AUTO")))["history"]
    assert [version["version"] for version in history] == [5, 4, 3, 2, 1]
    # Each has changed what it named, and nothing else.
    for older, newer in zip(reversed(history[1:]), reversed(history[:-1]), strict=True):
        same = [older[name] == newer[name] for name in ("level", "always_ask")]
        assert any(same)


async def test_pause_is_begun_once_shown_and_ended(whole: System) -> None:
    await whole.make_project("AUTO", 1)
    body = {"project_id": "AUTO", "reason": "a fair"}
    first = (await whole.post("orchestrator", PAUSE, body)).json()
    assert (first["project_id"], first["reason"], first["paused_by"]) == ("AUTO", "a fair", "admin")
    again = (await whole.post("orchestrator", PAUSE, {"project_id": "AUTO"})).json()
    assert again == first
    everywhere = (await whole.post("orchestrator", PAUSE, {})).json()
    assert (await get(whole, PAUSE))["pauses"] == [everywhere, first]
    [sentence] = [text for text in await attention(whole) if "paused" in text]
    assert "all projects are paused since" in sentence

    assert (await end(whole, project_id="AUTO")).json()["ended_by"] == "admin"
    refused = await end(whole, project_id="AUTO")
    assert refused.status_code == 404
    assert "dsm pause --end" in refused.json()["detail"]
    assert (await end(whole)).status_code == 200
    assert (await end(whole)).status_code == 404
    assert not [text for text in await attention(whole) if "paused" in text]
    assert (await get(whole, PAUSE))["pauses"] == []
    assert {deed["deed"] for deed in await deeds(whole, "AUTO", 2)} == {"paused", "pause_ended"}
    assert len(await deeds(whole, "ALL-PROJECTS", 2)) == 2
    verified = await get(whole, "/orchestrate/audits/verification")
    assert verified["verified"], verified


async def test_pause_of_all_projects_needs_an_admin(whole: System) -> None:
    await whole.make_project("AUTO", 1)
    url = whole.urls["orchestrator"] + PAUSE
    headers = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    refused = await whole.http.post(url, json={}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "pause one project by its project_id" in refused.json()["detail"]
    own = await whole.http.post(url, json={"project_id": "AUTO"}, headers=headers)
    assert (own.status_code, own.json()["paused_by"]) == (200, "operator")
    assert (await whole.http.delete(url, headers=headers)).status_code == 403


async def test_no_project_takes_the_id_of_all(whole: System) -> None:
    refused = await whole.post("project", "/projects", {"id": "ALL-PROJECTS", "name": "x"})
    assert refused.status_code in (400, 422)
    assert "choose another id" in refused.json()["detail"]
