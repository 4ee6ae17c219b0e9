"""Remote model: mxbai-embed-large on an Ollama server."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

import httpx
from httpx_aiohttp import AiohttpTransport

from domain_services.embedding.engines.port import EngineFailed, Vector, to_unit_length

if TYPE_CHECKING:
    from langchain_ollama import OllamaEmbeddings

MODEL = "mxbai-embed-large"
# The time budget is one call's, whatever the size of the batch.
TEXTS_PER_CALL = 8
# A server that takes longer to connect is away.
CONNECT_SECONDS = 1.0
# Ollama abandons loading a model when the caller leaves, so a probe stays.
LOAD_SECONDS = 60.0


class Ollama:
    """Client of the model through langchain-ollama; each call has `budget_seconds`."""

    name = f"{MODEL}:latest"

    def __init__(
        self,
        url: str,
        *,
        budget_seconds: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = url
        self._budget_seconds = budget_seconds
        self._transport = transport or AiohttpTransport()
        self._opening = asyncio.Lock()
        self._model: OllamaEmbeddings | None = None

    async def embed(self, texts: Sequence[str]) -> list[Vector]:
        """Embed `texts`. Raises: `EngineFailed`."""
        vectors: list[Vector] = []
        for start in range(0, len(texts), TEXTS_PER_CALL):
            part = list(texts[start : start + TEXTS_PER_CALL])
            vectors += await self._call(part, self._budget_seconds)
        return vectors

    async def probe(self) -> None:
        """Return once the model is loaded and answers. Raises: `EngineFailed`."""
        await self._call(["probe"], LOAD_SECONDS)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def _call(self, texts: list[str], seconds: float) -> list[Vector]:
        model = await self._open()
        answer = await _answer(model, texts, seconds)
        if len(answer) != len(texts):
            raise EngineFailed(
                "bad_vector", f"Ollama gave {len(answer)} vectors for {len(texts)} texts"
            )
        # Checked here: a vector without direction or of another length must never be stored.
        return [to_unit_length(vector) for vector in answer]

    async def _open(self) -> "OllamaEmbeddings":
        async with self._opening:
            if self._model is None:
                self._model = await asyncio.to_thread(_open_model, self._url, self._transport)
        return self._model


def _open_model(url: str, transport: httpx.AsyncBaseTransport) -> "OllamaEmbeddings":
    # Imported here, because it takes 1.2 s and a service without Ollama does not need it.
    from langchain_ollama import OllamaEmbeddings

    return OllamaEmbeddings(
        model=MODEL,
        base_url=url,
        async_client_kwargs={
            "transport": transport,
            "timeout": httpx.Timeout(None, connect=CONNECT_SECONDS),
        },
    )


async def _answer(model: "OllamaEmbeddings", texts: list[str], seconds: float) -> list[Vector]:
    # Imported here as OllamaEmbeddings is.
    from ollama import ResponseError

    try:
        async with asyncio.timeout(seconds):
            return await model.aembed_documents(texts)
    except TimeoutError as error:
        raise EngineFailed("timeout", f"Ollama did not answer within {seconds:g} s") from error
    except ResponseError as error:
        raise EngineFailed("error", f"Ollama answered {error.status_code}") from error
    except (httpx.HTTPError, OSError) as error:
        raise EngineFailed("unreachable", "Ollama cannot be reached") from error
    # Not JSON, or not an embedding answer.
    except (ValueError, TypeError) as error:
        raise EngineFailed("error", "Ollama's answer is not of its contract") from error
