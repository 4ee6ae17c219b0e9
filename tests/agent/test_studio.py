"""The graph of LangGraph's development server loads offline; a run there is a look."""

import dataclasses
import importlib
import inspect
import json
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from langgraph_sdk.runtime import ServerRuntime

from agent import schema, studio
from agent.bootstrap import open_look
from agent.schema import Options
from agent.settings import AgentSettings
from graphs.decision import build
from graphs.rules.base import RequestOptions
from graphs.schema import MOST_TASKS, Context
from graphs.schema import Options as LookOptions
from graphs.state import Mode
from graphs.studio import LookFailed, build_look, order_of
from tests.agent.conftest import System, get
from tests.agent.conftest import system as system
from tests.conftest import AUTH

PARTS = ("project", "backlog", "chronicle", "sprint", "orchestrator")


class Access:
    """An access of the server that only reads the graph."""

    access_context = "assistants.read"
    execution_runtime = None


def test_the_file_of_langgraph_names_the_factory(repository: Path) -> None:
    graphs = json.loads((repository / "langgraph.json").read_text())["graphs"]
    assert list(graphs) == ["decision"]
    path, _, name = graphs["decision"]["path"].removeprefix("./").partition(":")
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    factory = getattr(module, name)
    assert factory is studio.decision
    # The server refuses a factory that takes anything but its runtime and a configuration.
    (parameter,) = inspect.signature(inspect.unwrap(factory)).parameters.values()
    hints = get_type_hints(inspect.unwrap(factory))
    assert hints[parameter.name] == ServerRuntime[Any]


async def test_the_factory_loads_without_a_stack_and_its_graph_is_the_one_of_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_disabled: None
) -> None:
    monkeypatch.setenv("DSM_DATA_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("DSM_DATABASE_URL", raising=False)
    runtime: Any = Access()
    async with studio.decision(runtime) as graph:
        assert graph.name == "decision"
        assert list(graph.get_input_jsonschema()["properties"]) == ["project_id", "options"]
        with pytest.raises(LookFailed, match="dsm up --detach --data-dir"):
            await graph.ainvoke({"project_id": "P1"})


async def test_a_run_there_is_a_look_that_leaves_nothing_behind(system: System) -> None:
    await system.start(*PARTS)
    await system.make_project("P-LOOK", tasks=4)
    settings = AgentSettings.model_validate(
        {
            "port": 1,
            "database_url": system.databases["orchestrator"],
            "peers": system.urls,
            "auth": {**AUTH, "service_key": _admin_key(system)},
        }
    )
    context = Context(confidence_threshold=0.5)
    async with open_look(settings) as open_deps:
        graph = build_look(open_deps)
        question: Any = {"project_id": "P-LOOK", "options": {"sprint_duration_weeks": 3}}
        answer = await graph.ainvoke(question, context=context)  # pyright: ignore[reportArgumentType]
        with pytest.raises(LookFailed, match="P-NONE"):
            await graph.ainvoke({"project_id": "P-NONE"})
    response = answer["response"]
    assert response.decisions.create_new_sprint
    assert response.decisions.sprint_duration_weeks == 3
    assert response.decisions.confidence_scores.minimum_threshold == 0.5
    assert (response.recorded, response.run_id, response.actions_taken) == (False, None, [])
    assert (await get(system, "/runs"))["runs"] == []
    assert await get(system, "/sprints/by-project/P-LOOK", "sprint") == []


@pytest.mark.parametrize(
    ("question", "context", "words"),
    [
        ({"project_id": "../../x"}, {}, "project_id: "),
        ({"project_id": 5}, {}, "project_id: "),
        ({"project_id": "P1", "options": {"sprint_duration_weeks": -3}}, {}, "weeks: "),
        ({"project_id": "P1", "options": {"weeks": 2}}, {}, "options.weeks: "),
        ({"project_id": "P1", "options": {"task_ids": ["../x"]}}, {}, "options.task_ids.0: "),
        ({"project_id": "P1", "options": {"schedule": "every day"}}, {}, "every day"),
        ({"project_id": "P1"}, {"confidence_threshold": 7}, "confidence_threshold: "),
        ({"project_id": "P1"}, {"treshold": 0.5}, "treshold: "),
    ],
)
async def test_a_wrong_question_fails_in_words_before_anything_is_called(
    question: Any, context: Any, words: str
) -> None:
    async def open_deps(_project_id: str) -> Any:
        raise AssertionError("nothing is opened for a wrong question")

    with pytest.raises(LookFailed, match=words):
        await build_look(open_deps).ainvoke(question, context=context)


def test_options_of_a_look_are_those_of_a_request_within_its_limits() -> None:
    assert set(LookOptions.__annotations__) == {
        field.name for field in dataclasses.fields(RequestOptions)
    }
    form = build().get_input_jsonschema()["$defs"]["Options"]["properties"]
    of_a_request = Options.model_json_schema()["properties"]
    weeks = ("minimum", "maximum")
    assert [form["sprint_duration_weeks"][name] for name in weeks] == [
        of_a_request["sprint_duration_weeks"][name] for name in weeks
    ]
    assert MOST_TASKS == schema.MOST_TASKS


def test_what_a_person_set_replaces_the_project_s_own() -> None:
    mode = Mode("shadow", 0.75, True, True, version=4, certainty=50)
    order = order_of({"project_id": "P1"}, Context(decision_mode="rule_based_only"), mode)
    assert (order.mode.name, order.mode.version, order.dry_run) == ("rule_based_only", 4, True)


def _admin_key(system: System) -> str:
    return system.http.headers["authorization"].removeprefix("Bearer ")
