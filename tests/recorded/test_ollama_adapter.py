"""Requests of the Ollama adapter, and its results from recorded answers."""

import math
from typing import Any

import pytest

from domain_services.embedding.engines.ollama import MODEL, TEXTS_PER_CALL, Ollama
from domain_services.embedding.engines.port import EngineFailed
from tests.recorded.conftest import RecordingTransport
from tests.recorded.ollama_double import vector_of

pytestmark = pytest.mark.vcr

TEXTS = ["18 open tasks, velocity falling", "no sprint yet, team of five"]


def _unit(vector: list[float]) -> Any:
    norm = math.hypot(*vector)
    return pytest.approx([number / norm for number in vector])


def _inputs(transport: RecordingTransport) -> list[list[str]]:
    """Check that calls go to /api/embed with the model, and return the texts of each."""
    for method, path, body in transport.sent:
        assert (method, path, body["model"]) == ("POST", "/api/embed", MODEL)
        assert set(body) <= {"model", "input", "options", "truncate", "keep_alive", "dimensions"}
        assert not [name for name, value in body.get("options", {}).items() if value is not None]
    return [body["input"] for _, _, body in transport.sent]


async def test_texts_go_in_one_call_and_come_back_in_order(
    ollama: Ollama, transport: RecordingTransport
) -> None:
    first, second = await ollama.embed(TEXTS)
    assert _inputs(transport) == [TEXTS]
    assert first == _unit(vector_of(TEXTS[0]))
    assert second == _unit(vector_of(TEXTS[1]))


async def test_more_texts_than_a_call_takes_go_in_several(
    ollama: Ollama, transport: RecordingTransport
) -> None:
    texts = [f"text {number}" for number in range(TEXTS_PER_CALL + 1)]
    vectors = await ollama.embed(texts)
    assert _inputs(transport) == [texts[:TEXTS_PER_CALL], texts[TEXTS_PER_CALL:]]
    assert vectors == [_unit(vector_of(text)) for text in texts]


async def test_a_probe_embeds_a_word_and_asks_nothing_else(
    ollama: Ollama, transport: RecordingTransport
) -> None:
    await ollama.probe()
    assert _inputs(transport) == [["probe"]]


@pytest.mark.parametrize("ollama", [None], indirect=True, ids=["not_installed"])
async def test_a_model_that_is_not_installed_is_a_failure(
    ollama: Ollama, transport: RecordingTransport
) -> None:
    with pytest.raises(EngineFailed, match="404") as failed:
        await ollama.embed(TEXTS[:1])
    assert failed.value.reason == "error"
    assert _inputs(transport) == [TEXTS[:1]]


@pytest.mark.parametrize("ollama", [768], indirect=True, ids=["768"])
async def test_vectors_of_other_dimensions_are_refused(
    ollama: Ollama, transport: RecordingTransport
) -> None:
    with pytest.raises(EngineFailed, match="768 dimensions, not 1024") as failed:
        await ollama.embed(TEXTS[:1])
    assert failed.value.reason == "bad_vector"
    assert _inputs(transport) == [TEXTS[:1]]
