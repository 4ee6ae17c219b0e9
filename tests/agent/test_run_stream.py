"""POST /orchestrate as a stream: its events, its refusals, and a reader that leaves."""

from typing import Any

import pytest

from agent.client import OrchestratorClient
from agent.decision_stream import watch_decision
from agent.schema import OrchestrationRequest
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.client.streaming import ServerEvent, parse
from tests.agent.conftest import get, until
from tests.graphs.conftest import System

EVENTS = {"Accept": "text/event-stream"}


async def _stream(system: System, project_id: str, **headers: str) -> list[ServerEvent]:
    url = f"{system.urls['orchestrator']}/orchestrate/project/{project_id}"
    async with system.http.stream("POST", url, json={}, headers=EVENTS | headers) as answer:
        assert answer.status_code == 200
        return [event async for event in parse(answer.aiter_lines())]


async def test_a_stream_tells_run_steps_and_calls_before_the_answer(whole: System) -> None:
    await whole.make_project("LIVE", 4)
    events = await _stream(whole, "LIVE")
    names = [event.name for event in events]
    assert (names[0], names[-1]) == ("run", "answer")
    steps = [event.data["node"] for event in events if event.name == "step"]
    assert steps[0] == "analyse"
    assert steps[-3:] == ["gate", "act", "record"]
    calls = [event.data for event in events if event.name == "call"]
    assert [(call["name"], call["state"]) for call in calls] == [
        ("create_sprint", "begun"),
        ("create_sprint", "made"),
        ("create_cronjob", "begun"),
        ("create_cronjob", "made"),
    ]
    answer = events[-1].data
    assert events[0].data == {"run_id": answer["run_id"], "run_url": answer["run_url"]}
    assert (await get(whole, answer["run_url"]))["answer"] == answer


async def test_a_reader_that_leaves_after_the_first_step_cancels_nothing(whole: System) -> None:
    await whole.make_project("LEFT", 4)
    url = f"{whole.urls['orchestrator']}/orchestrate/project/LEFT"
    async with whole.http.stream("POST", url, json={}, headers=EVENTS) as answer:
        events = parse(answer.aiter_lines())
        run_url = (await anext(events)).data["run_url"]
        assert (await anext(events)).name == "step"

    async def ended() -> Any:
        run = await get(whole, run_url)
        return run if run["ended_at"] else None

    run = await until(ended)
    assert (run["status"], run["answer"]["created"]["sprint_id"]) == ("done", "LEFT-S01")
    sprints = await get(whole, "/sprints/by-project/LEFT", "sprint")
    assert len(sprints) == 1


async def test_a_repeated_stream_gets_the_first_answer_and_makes_no_second_sprint(
    whole: System,
) -> None:
    await whole.make_project("TWICE", 4)
    first = await _stream(whole, "TWICE", **{"Idempotency-Key": "one"})
    again = await _stream(whole, "TWICE", **{"Idempotency-Key": "one"})
    assert [event.name for event in again] == ["run", "answer"]
    assert again[-1] == first[-1]
    plain = await whole.http.post(
        f"{whole.urls['orchestrator']}/orchestrate/project/TWICE",
        json={},
        headers={"Idempotency-Key": "one"},
    )
    assert plain.json() == first[-1].data


async def test_refusals_before_the_run_are_plain_problems(whole: System) -> None:
    url = f"{whole.urls['orchestrator']}/orchestrate/project/P1"
    options = {"options": {"schedule": "0 0 30 2 *"}}
    for body, headers in (
        ({"options": {"sprint_duration_weeks": 99}}, EVENTS),
        (options, EVENTS),
        ({}, EVENTS | {"Idempotency-Key": "two words"}),
    ):
        refusal = await whole.http.post(url, json=body, headers=headers)
        assert refusal.status_code == 400
        assert refusal.headers["content-type"] == "application/problem+json"


async def test_a_failure_after_the_first_event_is_an_event_and_the_clients_problem(
    whole: System,
) -> None:
    events = await _stream(whole, "NOBODY")
    assert [event.name for event in events] == ["run", "error"]
    assert (events[-1].data["status"], events[-1].data["code"]) == (404, "not_found")
    client = OrchestratorClient(whole.http, whole.urls["orchestrator"])
    watched: list[str] = []
    with pytest.raises(PeerRefused) as refused:
        await watch_decision(
            client, "NOBODY", OrchestrationRequest(), lambda event: watched.append(event.name)
        )
    assert (refused.value.peer_status, watched) == (404, ["run"])


async def test_a_streamed_look_leaves_nothing_behind(whole: System) -> None:
    await whole.make_project("PEEK", 4)
    client = OrchestratorClient(whole.http, whole.urls["orchestrator"])
    watched: list[ServerEvent] = []
    answer = await watch_decision(
        client, "PEEK", OrchestrationRequest(dry_run=True, record=False), watched.append
    )
    assert (answer.run_id, watched[0].data["run_id"]) == (None, None)
    assert [event.name for event in watched[1:]] == ["step"] * 5
    assert (await get(whole, "/runs?project_id=PEEK"))["runs"] == []
