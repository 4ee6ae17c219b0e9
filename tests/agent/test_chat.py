"""The chat answers from what tools read, names the ids, and stops in words at its limits."""

import asyncio
from typing import Any

import pytest

from agent.chat import agent
from agent.chat.schema import ChatRequest
from agent.chat.sources import SeenIds, in_words
from agent.chat.watching import watch_chat
from agent.client import OrchestratorClient
from domain_services.kernel.client.http_client import PeerRefused
from tests.agent.chatting import PROJECT, TASKS, Talk, start_talk, until_true
from tests.agent.conftest import System
from tests.agent.conftest import system as system
from tests.conftest import OPERATOR_KEY, VIEWER_KEY
from tests.recorded.ollama_double import Reply

SPRINT: Any = (
    "create_sprint",
    {
        "project_id": PROJECT,
        "duration_weeks": 2,
        "task_ids": ["X"],
        "start_date": "2030-01-07",
    },
)


@pytest.fixture
async def talk(system: System) -> Talk:
    return await start_talk(system)


async def test_an_answer_names_ids_that_come_from_the_results_of_tools(talk: Talk) -> None:
    listed = (
        await talk.system.http.get(f"{talk.system.urls['backlog']}/backlogs/{PROJECT}")
    ).json()
    task = _ids(listed)[0]
    talk.replies(Reply(calls=(TASKS,)), Reply(f"Begin with {task}, as in {PROJECT}-S99."))
    answer = await talk.say("What is free?")
    assert answer["rests_on"]["tasks"] == [task]
    assert answer["unconfirmed"] == [f"{PROJECT}-S99"]
    assert [(use["name"], use["refused"]) for use in answer["tools"]] == [
        ("list_unassigned_tasks", False)
    ]
    assert answer["tokens"] > 0
    assert answer["limit"] is None


async def test_an_answer_without_ids_is_told_what_it_rests_on(talk: Talk) -> None:
    talk.replies(Reply(calls=(TASKS,)), Reply("Three tasks are free."))
    answer = await talk.say("What is free?")
    assert len(answer["rests_on"]["tasks"]) == 3
    assert answer["answer"].startswith("Three tasks are free.\n\nThis rests on tasks ")
    assert all(task in answer["answer"] for task in answer["rests_on"]["tasks"])


async def test_a_stream_gives_tools_and_words_as_they_come(talk: Talk) -> None:
    talk.replies(Reply(calls=(TASKS,)), Reply("Three tasks are free."))
    events = [event async for event in talk.events("What is free?")]
    names = [name for name, _ in events]
    assert (names[0], names[-1]) == ("thread", "answer")
    assert [data["state"] for name, data in events if name == "tool"] == ["begun", "done"]
    words = [data["text"] for name, data in events if name == "token"]
    assert len(words) > 1
    assert "".join(words) == "Three tasks are free."


async def test_a_tool_that_is_not_there_is_refused_and_the_model_goes_on(talk: Talk) -> None:
    talk.replies(Reply(calls=(("delete_everything", {}),)), Reply("There is no such tool."))
    answer = await talk.say("Delete everything")
    assert answer["tools"][0]["refused"]
    refusal = talk.requests[-1]["messages"][-1]
    assert (refusal["role"], "unknown_tool" in refusal["content"]) == ("tool", True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("max_model_calls", "the model was called 3 times"), ("max_tokens", "tokens were used")],
)
async def test_a_model_in_a_loop_is_stopped_in_words(
    system: System, setting: str, words: str
) -> None:
    talk = await start_talk(system, **{setting: 3 if setting == "max_model_calls" else 100})
    talk.replies(Reply(calls=(TASKS,)))
    answer = await talk.say("What is free?")
    assert words in answer["limit"]
    assert f"I stopped: {answer['limit']}" in answer["answer"]


async def test_calls_of_tools_beyond_the_limit_are_not_made(system: System) -> None:
    talk = await start_talk(system, max_tool_calls=1)
    talk.replies(Reply(calls=(TASKS, TASKS)), Reply("That is all."))
    answer = await talk.say("What is free?")
    assert [use["refused"] for use in answer["tools"]] == [False, True]
    assert answer["limit"] == "1 calls of tools were made"


async def test_a_model_that_takes_too_long_is_stopped_in_words(system: System) -> None:
    talk = await start_talk(system, max_seconds=1)
    talk.replies(Reply("It is a long story", seconds=30))
    answer = await talk.say("Tell me")
    assert answer["limit"] == "1 seconds went by"
    assert answer["answer"].startswith("It")
    talk.replies(Reply("Shorter"))
    assert (await talk.say("Again", thread_id=answer["thread_id"]))["answer"] == "Shorter"


async def test_a_conversation_goes_on_and_belongs_to_its_key(talk: Talk) -> None:
    talk.replies(Reply("First answer."), Reply("Second answer."))
    first = await talk.say("First question")
    await talk.say("Second question", thread_id=first["thread_id"])
    contents = [message["content"] for message in talk.requests[-1]["messages"]]
    assert contents[1:] == ["First question", "First answer.", "Second question"]
    url = f"{talk.url}/threads"
    history = (await talk.system.http.get(f"{url}/{first['thread_id']}")).json()
    assert [message["role"] for message in history["messages"]] == ["person", "model"] * 2
    assert [thread["title"] for thread in (await talk.system.http.get(url)).json()["threads"]] == [
        "First question"
    ]
    other = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    assert (await talk.system.http.get(url, headers=other)).json()["threads"] == []
    refused = await talk.system.http.get(f"{url}/{first['thread_id']}", headers=other)
    assert refused.status_code == 404
    foreign = await talk.post("Let me in", OPERATOR_KEY, thread_id=first["thread_id"])
    assert foreign.status_code == 404


async def test_a_full_conversation_takes_no_further_message(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "MOST_STORED", 2)
    talk.replies(Reply("First answer."))
    first = await talk.say("First question")
    refused = await talk.post("Second question", thread_id=first["thread_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "thread_full")
    assert "begin another one" in refused.json()["detail"]
    assert len(talk.requests) == 1


async def test_a_viewer_chats_with_reading_tools_only(talk: Talk) -> None:
    talk.replies(Reply(calls=(SPRINT,)), Reply("I cannot."))
    answer = await talk.say("Begin a sprint", VIEWER_KEY)
    assert answer["tools"][0]["refused"]
    offered = {tool["function"]["name"] for tool in talk.requests[0]["tools"]}
    assert "list_unassigned_tasks" in offered
    assert not {name for name in offered if name.startswith(("create_", "close_", "delete_"))}


async def test_a_change_becomes_a_run_that_waits_and_changes_nothing(talk: Talk) -> None:
    sprint = await talk.system.post("sprint", f"/sprints/{PROJECT}", {"duration_weeks": 2})
    sprint_id = sprint.json()["sprint_id"]
    closing: Any = ("close_sprint", {"sprint_id": sprint_id})
    talk.replies(Reply(calls=(closing,)), Reply("It waits."))
    answer = await talk.say("Close the sprint", OPERATOR_KEY)
    (approval,) = answer["approvals"]
    assert approval["run_id"] in answer["answer"]
    url = f"{talk.system.urls['orchestrator']}/runs/{approval['run_id']}"
    run = (await talk.system.http.get(url)).json()
    assert (run["kind"], run["status"], run["project_id"]) == ("request", "waiting", PROJECT)
    # The person who decides learns that no person had the idea.
    assert run["approval"]["reason"] == "the chat (operator) asks for it"
    stored = await talk.system.http.get(f"{talk.system.urls['sprint']}/sprints/{sprint_id}")
    assert stored.json()["status"] == sprint.json()["status"]


async def test_a_person_who_leaves_ends_the_work_of_the_model(talk: Talk) -> None:
    talk.replies(Reply("It is a long story", seconds=60))
    reading = aiter(talk.events("Tell me"))
    async for name, data in reading:
        if name == "token":
            break
        thread = data["thread_id"]
    await reading.aclose()  # pyright: ignore[reportAttributeAccessIssue]
    await until_true(lambda: talk.ollama.chats.cut_off == 1)
    talk.replies(Reply("Welcome back"))
    async with asyncio.timeout(10):
        while (answer := await talk.post("Again", thread_id=thread)).status_code == 409:
            await asyncio.sleep(0.05)
    assert answer.json()["answer"] == "Welcome back"


async def test_a_busy_conversation_takes_no_second_message(talk: Talk) -> None:
    first = await talk.say("Hello")
    talk.replies(Reply("It is a long story", seconds=3))
    slow = asyncio.create_task(talk.say("Tell me", thread_id=first["thread_id"]))
    await until_true(lambda: len(talk.requests) == 2)
    refused = await talk.post("Quick", thread_id=first["thread_id"])
    assert (refused.status_code, refused.json()["code"]) == (409, "thread_busy")
    assert (await slow)["answer"] == "It is a long story"


async def test_without_a_model_one_sentence_says_what_to_set(system: System) -> None:
    talk = await start_talk(system, model=None)
    refused = await talk.post("Hello")
    assert (refused.status_code, refused.json()["code"]) == (409, "chat_not_set")
    assert "DSM_CHAT__MODEL=qwen3:4b" in refused.json()["detail"]
    assert "ollama pull qwen3:4b" in refused.json()["detail"]


async def test_a_missing_model_is_named_with_how_to_get_it(talk: Talk) -> None:
    talk.ollama.models = ["other:latest"]
    assert "ollama pull qwen3:4b" in (await talk.post("Hello")).json()["detail"]


async def test_ollama_that_is_away_is_named_with_its_address(system: System) -> None:
    talk = await start_talk(system, ollama_url="http://127.0.0.1:9")
    refused = await talk.post("Hello")
    assert refused.status_code == 503
    assert "http://127.0.0.1:9" in refused.json()["detail"]
    assert "ollama serve" in refused.json()["detail"]


async def test_a_command_gets_the_sentence_and_not_a_status(talk: Talk) -> None:
    talk.ollama.models = []
    client = OrchestratorClient(talk.system.http, talk.system.urls["orchestrator"])
    with pytest.raises(PeerRefused, match="ollama pull"):
        await watch_chat(client, ChatRequest(message="Hello"), lambda _: None)


async def test_a_model_that_cannot_call_tools_is_refused_in_words(talk: Talk) -> None:
    talk.replies(Reply(error="registry.ollama.ai/library/x does not support tools"))
    refused = await talk.post("Hello")
    assert refused.status_code == 503
    assert "cannot call tools" in refused.json()["detail"]


async def test_a_model_that_is_slow_before_a_call_still_gets_its_result(system: System) -> None:
    # The deadline of a request, which callers name or which is 30 s, is shorter than an answer.
    talk = await start_talk(system, request_seconds=0.2)
    talk.replies(Reply("Let me see", calls=(TASKS,), seconds=0.5), Reply("Three are free."))
    answer = await talk.say("What is free?")
    assert [use["refused"] for use in answer["tools"]] == [False]
    assert len(answer["rests_on"]["tasks"]) == 3


async def test_an_id_of_an_earlier_answer_is_no_invention(talk: Talk) -> None:
    task = (await talk.tasks())[0]
    talk.replies(Reply(calls=(TASKS,)), Reply("Three are free."), Reply(f"Begin with {task}."))
    first = await talk.say("What is free?")
    assert (await talk.say("Which first?", thread_id=first["thread_id"]))["unconfirmed"] == []
    assert (await talk.say("Which first?"))["unconfirmed"] == [task]


async def test_an_id_that_only_a_refusal_repeats_is_an_invention(talk: Talk) -> None:
    invented = f"{PROJECT}-S77"
    reading: Any = ("get_sprint", {"sprint_id": invented})
    talk.replies(Reply(calls=(reading,)), Reply(f"All is well in {invented}."))
    answer = await talk.say("How is the sprint?")
    assert answer["tools"][0]["refused"]
    assert invented in talk.requests[-1]["messages"][-1]["content"]
    assert answer["unconfirmed"] == [invented]


def test_only_ids_of_results_count_as_seen() -> None:
    ids = SeenIds()
    ids.add('{"sprints": [{"sprint_id": "P1-S02", "task_ids": ["P1-7"]}], "note": "P1-S03"}')
    assert ids.behind("P1-S02 and P1-S020").sprints == ["P1-S02"]
    assert ids.behind("nothing").tasks == ["P1-7"]
    assert ids.unconfirmed("P1-S02, P1-S04, P1-9 and P1-7", []) == ["P1-S04", "P1-9"]
    # Forms of tasks that are made here, and that come with an import; small letters too.
    assert ids.unconfirmed("P1-TASK003 P0-T5052 p1-s09 p1-task4 step-2", []) == [
        "P1-TASK003",
        "P0-T5052",
        "p1-s09",
        "p1-task4",
    ]
    assert in_words(ids.behind("P1-S02")) == "This rests on sprint P1-S02."


def _ids(value: Any) -> list[str]:
    if isinstance(value, list):
        return [task_id for member in value for task_id in _ids(member)]
    if isinstance(value, dict):
        own = [value["task_id"]] if "task_id" in value else []
        return own + [task_id for member in value.values() for task_id in _ids(member)]
    return []
