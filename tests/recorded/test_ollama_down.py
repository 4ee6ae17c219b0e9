"""A server that is not there has no recording: nobody listens, and both clients say so."""

import httpx
import pytest
from langchain_ollama import ChatOllama

from domain_services.embedding.engines.ollama import Ollama
from domain_services.embedding.engines.port import EngineFailed
from tests.ports import free_port


async def test_chat_without_a_server_is_a_connection_error() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    model = ChatOllama(model="qwen3:4b", base_url=url, client_kwargs={"trust_env": False})
    with pytest.raises(httpx.ConnectError):
        await model.ainvoke("Is the sprint at risk?")
    await model._async_client.close()  # pyright: ignore[reportPrivateUsage] - it has no other way
    model._client.close()  # pyright: ignore[reportPrivateUsage]


async def test_embedding_without_a_server_is_a_failure() -> None:
    adapter = Ollama(f"http://127.0.0.1:{free_port()}", budget_seconds=5)
    with pytest.raises(EngineFailed):
        await adapter.probe()
    await adapter.close()
