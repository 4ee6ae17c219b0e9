"""A model comments on a finished decision after its answer; a failure is only logged."""

from typing import Any

from tests.agent.conftest import System, get, until
from tests.agent.conftest import system as system
from tests.conftest import serving
from tests.ports import free_port
from tests.recorded.ollama_double import CHAT_MODEL, OllamaDouble, Reply

PARTS = ("project", "backlog", "chronicle", "sprint")


async def decide(system: System, *replies: Reply) -> tuple[OllamaDouble, str]:
    """Decide with an advisor; return its model and the id of the run."""
    ollama, port = OllamaDouble(replies=replies), free_port()
    url = await system.stack.enter_async_context(serving(ollama.app, port))
    await system.start(*PARTS)
    await system.start("orchestrator", advisor={"model": CHAT_MODEL, "ollama_url": url})
    await system.make_project("P-ADVICE", tasks=3)
    answer = await system.orchestrate("P-ADVICE")
    assert answer.status_code == 200, answer.text
    return ollama, answer.json()["run_id"]


async def test_a_comment_stands_beside_the_run_under_the_name_of_its_model(
    system: System,
) -> None:
    ollama, run_id = await decide(system, Reply("<think>hm</think>Three tasks are little.\u202e"))

    async def commented() -> Any:
        return (await get(system, f"/runs/{run_id}"))["model_comment"]

    comment = await until(commented)
    assert comment["model"] == CHAT_MODEL
    assert comment["comment"] == "Three tasks are little.\ufffd"
    assert "Task 0" not in str(ollama.chats.requests), "titles are no part of the question"


async def test_a_model_that_fails_is_passed_over_and_the_run_stays_as_it_is(
    system: System,
) -> None:
    ollama, run_id = await decide(system, Reply(error="out of memory"))

    async def tried() -> bool:
        return bool(ollama.chats.requests)

    await until(tried)
    run = await get(system, f"/runs/{run_id}")
    assert (run["status"], run["model_comment"]) == ("done", None)
