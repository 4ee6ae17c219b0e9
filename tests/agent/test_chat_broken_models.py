"""A model that breaks, thinks aloud or says nothing ends in words, and the conversation goes on."""

from typing import Any

import pytest

from agent.chat.thoughts import ThoughtFilter, without_thoughts
from tests.agent.chatting import PROJECT, Talk, start_talk
from tests.agent.conftest import System
from tests.agent.conftest import system as system
from tests.recorded.ollama_double import Reply

HOSTILE = "\x1b[31mred\x1b]0;title\x07\x9b31m\u202e"


@pytest.fixture
async def talk(system: System) -> Talk:
    return await start_talk(system)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply("Half", broken_by="<html>bad gateway"), "cannot be read"),
        (Reply("Half", broken_by="[1]"), "cannot be read"),
        (Reply("Half", broken_by='{"error": "CUDA out of memory"}'), "CUDA out of memory"),
        (Reply("Half", broken_by="cut"), "connection to Ollama was lost"),
        (Reply(calls=(("list_unassigned_tasks", '{"project_id": "P1"}'),)), "cannot be read"),
        (Reply(done_reason="load"), "cannot be read"),
    ],
    ids=["no_json", "no_object", "error", "cut", "arguments", "load"],
)
async def test_an_answer_that_breaks_off_says_why_and_the_next_one_comes(
    talk: Talk, reply: Reply, words: str
) -> None:
    first = await talk.say("Hello")
    talk.replies(reply)
    refused = await talk.post("And now?", thread_id=first["thread_id"])
    assert (refused.status_code, refused.json()["code"]) == (503, "chat_unavailable")
    assert words in refused.json()["detail"]
    talk.replies(Reply("Here I am"))
    assert (await talk.say("And now?", thread_id=first["thread_id"]))["answer"] == "Here I am"


async def test_what_a_model_thinks_aloud_is_no_part_of_its_answer(talk: Talk) -> None:
    talk.replies(Reply("<think>\nIs it P1-S99? Or P1-S98?\n</think>\n\nNothing is blocked."))
    events = [event async for event in talk.events("What is blocked?")]
    words = "".join(data["text"] for name, data in events if name == "token")
    answer = events[-1][1]
    assert (words, answer["answer"]) == ("Nothing is blocked.",) * 2
    assert answer["unconfirmed"] == []
    talk.replies(Reply("Still nothing."))
    await talk.say("And now?", thread_id=answer["thread_id"])
    assert "think" not in str(talk.requests[-1]["messages"][1:])


def test_thoughts_are_taken_out_however_a_text_is_cut() -> None:
    for text, answer in (
        ("<think>hm</think>Yes.", "Yes."),
        (" \n<think>hm", ""),
        ("a < b", "a < b"),
        ("<thin ice", "<thin ice"),
        ("Yes.", "Yes."),
    ):
        assert without_thoughts(text) == answer
        for size in (1, 2, 5, 100):
            cut = ThoughtFilter()
            parts = [text[start : start + size] for start in range(0, len(text), size)]
            assert "".join(map(cut.take, parts)) == answer
    # Some models begin in the middle of their thoughts.
    assert without_thoughts("hm, so\n</think>\nYes.") == "Yes."


async def test_an_answer_that_filled_the_context_is_marked(talk: Talk) -> None:
    talk.replies(Reply("The first half of", done_reason="length"))
    answer = await talk.say("Tell me all")
    assert "tokens that the model can hold at once were full" in answer["limit"]
    assert answer["answer"].startswith("The first half of\n\nI stopped: ")


async def test_a_model_that_only_thinks_has_said_nothing(talk: Talk) -> None:
    talk.replies(Reply(thinking="hm"))
    assert (await talk.say("Hello"))["answer"].startswith("The model said nothing; ask again")


async def test_a_model_that_is_deleted_amid_a_conversation_is_named(talk: Talk) -> None:
    talk.replies(Reply(error="model 'qwen3:4b' not found", status=404))
    refused = await talk.post("Hello")
    assert refused.json()["detail"].endswith("get it by: ollama pull qwen3:4b")


async def test_nothing_that_a_model_writes_acts_on_a_terminal(talk: Talk) -> None:
    calls: Any = ((HOSTILE, {HOSTILE: HOSTILE}),)
    talk.replies(Reply(HOSTILE, calls=calls), Reply(HOSTILE))
    events = [event async for event in talk.events("Hello")]
    talk.replies(Reply(error=HOSTILE))
    refused = (await talk.post("Hello")).json()
    for character in "\x1b\x07\x9b\u202e":
        assert character not in _texts(events) + refused["detail"]


async def test_of_many_calls_at_once_those_beyond_the_limit_are_refused(system: System) -> None:
    talk = await start_talk(system, max_tool_calls=3)
    calls = tuple(
        ("list_unassigned_tasks", {"project_id": PROJECT, "limit": limit}) for limit in range(1, 21)
    )
    talk.replies(Reply(calls=calls), Reply("Enough."))
    answer = await talk.say("What is free?")
    assert [use["refused"] for use in answer["tools"]] == [False] * 3 + [True] * 17
    assert answer["limit"] == "3 calls of tools were made"


def _texts(value: Any) -> str:
    """Join the texts of a JSON value, as they are."""
    if isinstance(value, dict):
        return "".join(_texts(name) + _texts(member) for name, member in value.items())
    if isinstance(value, list | tuple):
        return "".join(_texts(member) for member in value)
    return value if isinstance(value, str) else ""
