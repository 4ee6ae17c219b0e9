"""One whole orchestration, decided from cassettes alone: none of its peers runs.

The orchestrator itself and its own database are real.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import psycopg
import pytest

from agent.app import create_app
from agent.settings import AgentSettings
from graphs.answer import Orchestration
from tests.agent.conftest import until
from tests.conftest import ADMIN_KEY, AUTH, serving
from tests.golden.story import Story
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.ports import free_port
from tests.recorded.conversation import Conversation

PEERS = ("project", "backlog", "chronicle", "sprint")
CASSETTE = "test_orchestration/one_whole_decision"
PACE = [4, 5, 4, 5, 4, 5, 4, 5]
CHANGING = [2, 9, 4, 12, 1, 7, 10, 3, 8, 5, 2, 9, 4, 12, 1, 7, 10, 3, 8, 5]
PROJECT = "TAPE"


async def _prepare(system: System) -> None:
    """Start the peers, and give the project a past and a backlog of young and old tasks."""
    await system.start(*PEERS)
    story = Story(system, PROJECT)
    await story.create_project(0)
    await story.create_team("E1", "E2")
    await story.create_tasks(3, age_days=4)
    await story.create_tasks(11, age_days=200)
    await story.record_history(PACE, planned=10)
    await story.record_past_tasks(CHANGING)


@pytest.fixture
async def conversation(
    system: System, record_mode: str, database_url: Callable[[str], str]
) -> AsyncIterator[Conversation]:
    """Prepare peers while recording; otherwise nobody listens at their addresses."""
    if record_mode != "none":
        await _prepare(system)
    yield Conversation({name: system.urls[name] for name in PEERS}, ADMIN_KEY)


async def _orchestrate(system: System, url: str) -> tuple[Orchestration, dict[str, Any]]:
    """Decide by an orchestrator of its own, and return its answer and its stored run."""
    port = free_port()
    settings = AgentSettings.model_validate(
        {
            "port": port,
            "database_url": url,
            "peers": system.urls,
            "auth": AUTH | {"service_key": ADMIN_KEY},
        }
    )
    async with serving(create_app(settings), port) as address:
        answer = await system.http.post(f"{address}/orchestrate/project/{PROJECT}", json={})
        assert answer.status_code == 200, answer.text
        run = await system.http.get(address + answer.json()["run_url"])
        await until(lambda: _delivered(url))
    return Orchestration.model_validate_json(answer.text), run.json()


async def _delivered(url: str) -> bool:
    address = url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(address) as connection:
        cursor = await connection.execute("SELECT 1 FROM deliveries WHERE delivered_at IS NULL")
        return await cursor.fetchone() is None


async def test_orchestrator_decides_from_cassettes_with_no_service_running(
    system: System,
    conversation: Conversation,
    record_mode: str,
    database_url: Callable[[str], str],
) -> None:
    with conversation.on_cassette(CASSETTE, record_mode) as cassette:
        answer, run = await _orchestrate(system, database_url("memory"))
    decisions = answer.decisions
    assert (decisions.tasks_to_assign, decisions.decision_source) == (3, "intelligence_enhanced")
    assert answer.effect == "acted"
    assert [call.name for call in answer.actions_planned] == ["create_sprint", "create_cronjob"]
    assert answer.created and answer.created.sprint_id == f"{PROJECT}-S09"
    assert answer.created.cronjob and answer.created.cronjob.sprint_id == f"{PROJECT}-S09"
    assert run["status"] == "done"
    assert not [line for line in answer.performance_metrics.degraded if "history" in line]
    _assert_sent(conversation, answer)
    if record_mode == "none":
        assert cassette.all_played


def _assert_sent(conversation: Conversation, answer: Orchestration) -> None:
    """Check what left the orchestrator: a cassette shows what was sent once."""
    [created] = conversation.bodies("POST", f"sprint.test/sprints/{PROJECT}")
    assert created == {
        "start_date": "2026-03-02",
        "duration_weeks": 2,
        "task_ids": [f"{PROJECT}-TASK{number:03d}" for number in (1, 4, 7)],
        "sprint_name": None,
        "sprint_goal": None,
        "requested_by": "orchestrator",
    }
    [audit] = conversation.bodies("POST", "chronicle.test/v1/notes/decision_audit")
    assert (audit["project_id"], audit["sprint_id"]) == (PROJECT, f"{PROJECT}-S09")
    assert audit["audit_id"] == audit["run_id"]
    assert audit["decision"]["tasks_to_assign"] == 3
    assert audit["decision"]["actions_taken"] == answer.actions_taken
    assert audit["reasoning"] == answer.decisions.reasoning
    reads = {place.split("/")[0] for verb, place, _ in conversation.sent if verb == "GET"}
    assert reads == {"project.test", "backlog.test", "chronicle.test", "sprint.test"}


async def test_peers_of_the_cassette_really_do_not_run(
    system: System, conversation: Conversation, record_mode: str
) -> None:
    if record_mode != "none":
        pytest.skip("they run while recording")
    for name in PEERS:
        with pytest.raises(httpx.ConnectError):
            await system.http.get(f"{conversation.urls[name]}/health")
