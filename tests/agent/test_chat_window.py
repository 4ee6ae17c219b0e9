"""Messages for a model fit its context: question and system prompt stay, no call is parted."""

import json
import random
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agent.chat.window import estimate_tokens, fit, message_tokens
from tests.agent.chatting import PROJECT, TASKS, start_talk
from tests.agent.conftest import System
from tests.agent.conftest import system as system
from tests.recorded.ollama_double import Reply

CONTEXT = 16_384
LEFT_OUT = "Earlier messages or parts of long results were left out"


# Counted with the vocabulary of Qwen (qwen.tiktoken), which gives each digit a token.
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Which tasks are open in the running sprint, and who could take them?", 15),
        ("Welche Aufgaben sind im laufenden Sprint noch offen?", 13),
        ("Какие задачи ещё открыты в текущем спринте и что нам мешает?", 21),
        ("当前冲刺中还有哪些任务未完成和有什么阻碍我们", 12),
        ('{"run_id": "0193a3f0-8c5e-7000-8000-000000000001", "at": "2026-11-30T12:04:09Z"}', 67),
        ('{"task_id": "P1-TASK003", "title": "Fix the login page", "assigned_to": null}', 28),
    ],
    ids=["english", "german", "russian", "chinese", "ids", "task"],
)
def test_an_estimate_is_no_lower_than_the_count_of_a_real_vocabulary(
    text: str, tokens: int
) -> None:
    assert tokens <= estimate_tokens(text) <= 3 * tokens


def conversation(chance: random.Random) -> list[AnyMessage]:
    """Make a conversation whose last message is still worked on; ids are places."""
    messages: list[AnyMessage] = []
    questions = chance.randrange(1, 8)
    for number in range(questions):
        messages.append(HumanMessage(f"Question {number} " + "why " * chance.randrange(1, 60)))
        for step in range(chance.randrange(4)):
            names = [f"{number}.{step}.{place}" for place in range(chance.randrange(1, 4))]
            calls: list[Any] = [{"name": "list_tasks", "args": {"q": n}, "id": n} for n in names]
            messages.append(AIMessage("Let me see.", tool_calls=calls))
            rows = "P1-TASK003 is open; "
            messages += [
                ToolMessage(rows * chance.randrange(1, 300), tool_call_id=name) for name in names
            ]
        if number < questions - 1:
            messages.append(AIMessage(f"Answer {number}."))
    for place, message in enumerate(messages):
        message.id = f"{place:03}"
    return messages


def assert_no_call_is_parted(messages: list[AnyMessage]) -> None:
    expected: list[str | None] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            assert message.tool_call_id == expected.pop(0)
            continue
        assert expected == []
        if isinstance(message, AIMessage):
            expected = [call["id"] for call in message.tool_calls]
    assert expected == []


@pytest.mark.parametrize("seed", range(40))
def test_what_is_kept_fits_and_is_in_order(seed: int) -> None:
    messages = conversation(random.Random(seed))
    question = [message for message in messages if isinstance(message, HumanMessage)][-1]
    least, whole = message_tokens(question), sum(map(message_tokens, messages))
    for room in (least, least + 100, least + 1_000, (least + whole) // 2, whole - 1, whole):
        window = fit(messages, max(room, least))
        selected = window.messages
        assert sum(map(message_tokens, selected)) <= max(room, least)
        assert question in selected
        assert isinstance(selected[0], HumanMessage)
        places = [message.id or "" for message in selected]
        assert places == sorted(set(places))
        assert window.is_whole == (selected == messages)
        assert window.is_whole == (max(room, least) >= whole)
        assert_no_call_is_parted(selected)


def test_a_result_that_is_too_long_is_cut_and_says_so() -> None:
    calls: list[Any] = [{"name": "list_tasks", "args": {}, "id": "1"}]
    result = ToolMessage("P1-TASK003 " * 800, tool_call_id="1")
    messages: list[AnyMessage] = [
        HumanMessage("Earlier"),
        AIMessage("So."),
        HumanMessage("Now?"),
        AIMessage("", tool_calls=calls),
        result,
    ]
    window = fit(messages, 1_500)
    assert not window.is_whole
    cut = window.messages[-1].text
    assert cut.startswith("P1-TASK003 P1-TASK003 ")
    assert "characters left out for want of room" in cut
    assert result.text == "P1-TASK003 " * 800


async def test_a_long_conversation_stays_within_the_context(system: System) -> None:
    talk = await start_talk(system, context_tokens=CONTEXT)
    words = "look into the log of the login page " * 5
    tasks = [{"title": f"Task {number}: {words}"} for number in range(60)]
    await system.post("backlog", f"/backlogs/{PROJECT}/tasks", {"tasks": tasks})
    answer: dict[str, Any] = {"thread_id": None}
    notes: list[list[str]] = []
    for number in range(6):
        talk.replies(Reply(calls=(TASKS,)), Reply(f"Answer {number}."))
        answer = await talk.say(f"Question {number}", thread_id=answer["thread_id"])
        notes.append(answer["notes"])
        for request in talk.requests:
            sent = json.dumps([request["messages"], request["tools"]], ensure_ascii=False)
            assert estimate_tokens(sent) < CONTEXT * 7 / 8
            assert request["messages"][0]["content"].startswith("You are the assistant")
            assert request["messages"][-1]["role"] in ("user", "tool")
        assert any(m.get("content") == f"Question {number}" for m in talk.requests[-1]["messages"])
    assert notes[0] == []
    assert [note.startswith(LEFT_OUT) for note in notes[-1]] == [True]
    assert answer["answer"].count(LEFT_OUT) == 1


async def test_a_context_that_is_too_small_for_the_tools_says_what_to_set(system: System) -> None:
    talk = await start_talk(system, context_tokens=1_024)
    refused = await talk.post("Hello")
    assert (refused.status_code, refused.json()["code"]) == (409, "chat_not_set")
    assert "set DSM_CHAT__CONTEXT_TOKENS to more" in refused.json()["detail"]
    assert talk.requests == []
