"""The decision graph on the cassette of a whole orchestration, with no database and no socket."""

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from langgraph.runtime import Runtime

from agent.opening import make_clients
from agent.settings import AgentSettings
from domain_services.kernel.client.http_client import open_http, tls
from graphs.decision import build
from graphs.deps import Deps
from graphs.evidence.shipped import shipped
from graphs.nodes.timing import Node
from graphs.report import build_response
from graphs.rules.base import RequestOptions
from graphs.state import Mode, Order, State
from memory.recall import Recall
from tests.conftest import ADMIN_KEY, AUTH
from tests.recorded.conversation import Conversation
from tests.recorded.test_orchestration import CASSETTE, PEERS, PROJECT
from tools.cronjobs import CronJob
from tools.registry import Toolbox

Closed = tuple[Conversation, Any]
RUN = UUID("0193a3f0-8c5e-7000-8000-000000000001")


class EmptyMemory:
    """Memory of an installation that has decided nothing yet."""

    async def recall(self, *_: Any, **__: Any) -> Recall:
        return Recall.nothing("there are no episodes")

    async def read(self, *_: Any, **__: Any) -> tuple[()]:
        return ()

    async def of_project(self, *_: Any) -> Mapping[str, Any]:
        return {}


class Schedules:
    """Schedules in this process."""

    def __init__(self) -> None:
        self.jobs: list[CronJob] = []

    async def list_jobs(self, project_id: str | None) -> list[CronJob]:
        return [job for job in self.jobs if job.project_id == project_id]

    async def create(self, job: CronJob) -> CronJob:
        self.jobs.append(job)
        return job


def answering(node: Node) -> Node:
    """Replace `record`, which stores the run, by the answer alone."""
    if node.__name__ != "record":
        return node

    @functools.wraps(node)
    async def answer(state: State, runtime: Runtime[Deps]) -> State:
        return State(response=build_response(state))

    return answer


async def may_call() -> None:
    """Let every call pass: nothing is paused."""


@pytest.fixture
def closed(record_mode: str, socket_disabled: None) -> Iterator[Closed]:
    """Play the cassette of an orchestration to clients of addresses that are nobody's."""
    if record_mode != "none":
        pytest.skip("test_orchestration.py records this cassette")
    urls = {name: f"http://{name}.invalid:1" for name in PEERS}
    conversation = Conversation(urls, ADMIN_KEY)
    with conversation.on_cassette(CASSETTE, record_mode) as cassette:
        yield conversation, cassette


async def test_plan_is_decided_and_carried_out_without_a_database_or_a_socket(
    closed: Closed,
) -> None:
    conversation, cassette = closed
    tls()
    settings = AgentSettings.model_validate(
        {"port": 1, "peers": dict(conversation.urls), "auth": AUTH | {"service_key": ADMIN_KEY}}
    )
    schedules: Any = Schedules()
    memory: Any = EmptyMemory()
    nothing: Any = None
    async with open_http(settings) as http:
        clients = make_clients(http, settings)
        parts = (clients.project, clients.backlog, clients.sprint, clients.chronicle)
        deps = Deps(
            *parts,
            schedules,
            memory,
            patience=10,
            tools=Toolbox(*parts, schedules).acting,
            may_call=may_call,
            recaller=memory,
            ended_decisions=memory,
            runs=nothing,
            calibration=shipped(),
            agent_version="0.0.0",
            run=nothing,
        )
        mode = Mode("intelligence_enhanced", 0.75, True, True)
        state = State(
            project_id=PROJECT, run_id=str(RUN), order=Order(RequestOptions(), mode, dry_run=False)
        )
        graph: Any = build(patience=10, bind=answering)
        end: State = await graph.ainvoke(state, context=deps)
    answer = end["response"]
    assert answer.actions_taken[0] == f"Created sprint {PROJECT}-S09 with 3 tasks"
    assert [job.sprint_id for job in schedules.jobs] == [f"{PROJECT}-S09"]
    # The decision is the one that the live orchestrator sent to the chronicle.
    [created] = conversation.bodies("POST", f"sprint.test/sprints/{PROJECT}")
    assert created["task_ids"] == [f"{PROJECT}-TASK{number:03d}" for number in (1, 4, 7)]
    [audit] = [json.loads(call.body) for call in cassette.requests if "/decision_audit" in call.uri]
    assert answer.decisions.reasoning == audit["reasoning"]
    assert answer.decisions.tasks_to_assign == audit["decision"]["tasks_to_assign"]
