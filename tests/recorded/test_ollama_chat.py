"""Requests of ChatOllama as the chat opens it, and its answers from recordings."""

from collections.abc import AsyncIterator
from typing import Any

import ollama
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama
from pydantic import BaseModel, Field

from agent.chat.model import open_model
from tests.conftest import serving
from tests.ports import free_port
from tests.recorded.conftest import real_ollama
from tests.recorded.ollama_double import CHAT_MODEL, OllamaDouble, Reply

ASK = [SystemMessage("Answer in one sentence."), HumanMessage("Is the sprint at risk?")]
CALL = ("sprint_status", {"sprint_id": "P1-S46"})
WORDS = "Two of six tasks are open on the last day."

pytestmark = pytest.mark.vcr


class Risk(BaseModel):
    """Risk of a sprint."""

    at_risk: bool = Field(description="whether the sprint is at risk")
    open_tasks: int = Field(description="tasks that are open")


@tool
def sprint_status(sprint_id: str) -> str:
    """Read the status of a sprint by its id, such as P1-S46."""
    return f"{sprint_id}: two of six tasks are open"


@pytest.fixture
async def chat(request: pytest.FixtureRequest, record_mode: str) -> AsyncIterator[ChatOllama]:
    """Open the model on a cassette; while recording, on a double with the fixture's replies."""
    port, replies = free_port(), getattr(request, "param", (Reply(text=WORDS),))
    real = real_ollama(record_mode)
    async with open_model(real or f"http://127.0.0.1:{port}", CHAT_MODEL, 16_384) as model:
        assert isinstance(model, ChatOllama)
        if record_mode == "none" or real:
            yield model
        else:
            async with serving(OllamaDouble(replies=replies).app, port):
                yield model


@pytest.fixture
def bodies(vcr: Any) -> Any:
    """Return a function that reads the bodies that were played or recorded."""
    import json

    return lambda: [json.loads(request.body) for request in vcr.requests]


async def test_answer_in_one_piece_still_asks_for_a_stream(chat: ChatOllama, bodies: Any) -> None:
    answer = await chat.ainvoke(ASK)
    assert answer.text
    assert answer.response_metadata["done_reason"] == "stop"
    [body] = bodies()
    assert (body["model"], body["stream"]) == (CHAT_MODEL, True)
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["options"]["num_ctx"], body["options"]["temperature"]) == (16_384, 0)


async def test_streamed_answer_comes_word_by_word(chat: ChatOllama, bodies: Any) -> None:
    parts = [part.text async for part in chat.astream(ASK) if part.text]
    assert len(parts) > 3
    assert "".join(parts).strip()
    [body] = bodies()
    assert body["stream"]
    assert [message["content"] for message in body["messages"]] == [part.text for part in ASK]


@pytest.mark.parametrize(
    "chat", [(Reply(text='{"at_risk": true, "open_tasks": 2}'),)], indirect=True, ids=["schema"]
)
async def test_structured_answer_is_asked_for_by_a_schema(chat: ChatOllama, bodies: Any) -> None:
    answer: Any = await chat.with_structured_output(Risk, method="json_schema").ainvoke(ASK)
    assert isinstance(answer, Risk)
    [body] = bodies()
    assert body["format"]["required"] == ["at_risk", "open_tasks"]


@pytest.mark.parametrize(
    "chat", [(Reply(calls=(CALL,)), Reply(text=WORDS))], indirect=True, ids=["call"]
)
async def test_tool_is_called_with_arguments_and_its_result_is_sent_back(
    chat: ChatOllama, bodies: Any
) -> None:
    model = chat.bind_tools([sprint_status])
    answer = await model.ainvoke(ASK)
    [call] = answer.tool_calls
    assert (call["name"], set(call["args"])) == ("sprint_status", {"sprint_id"})
    # Ollama names no call; the client makes an id up, which is sent nowhere.
    call_message = AIMessage("", tool_calls=[call | {"id": "1"}])
    result = ToolMessage("P1-S46: two of six tasks are open", tool_call_id="1")
    end = await model.ainvoke([*ASK, call_message, result])
    assert end.text
    first, second = bodies()
    assert [entry["function"]["name"] for entry in first["tools"]] == ["sprint_status"]
    assert "by its id, such as P1-S46" in first["tools"][0]["function"]["description"]
    assert second["messages"][2]["tool_calls"][0]["function"]["name"] == "sprint_status"
    assert second["messages"][3]["role"] == "tool"


async def test_model_that_is_not_there_is_a_refusal_with_its_name(
    chat: ChatOllama, bodies: Any
) -> None:
    chat.model = "no-such-model"
    with pytest.raises(ollama.ResponseError, match="no-such-model") as refusal:
        await chat.ainvoke(ASK)
    assert refusal.value.status_code == 404
    assert [body["model"] for body in bodies()] == ["no-such-model"]


@pytest.mark.parametrize(
    "chat",
    [(Reply(error=f"{CHAT_MODEL} does not support tools"),)],
    indirect=True,
    ids=["no_tools"],
)
async def test_model_without_tools_says_so(chat: ChatOllama, bodies: Any, record_mode: str) -> None:
    if real_ollama(record_mode):
        pytest.skip("the real model can call tools")
    with pytest.raises(ollama.ResponseError, match="does not support tools"):
        await chat.bind_tools([sprint_status]).ainvoke(ASK)
    [body] = bodies()
    assert [entry["function"]["name"] for entry in body["tools"]] == ["sprint_status"]
