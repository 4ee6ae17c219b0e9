"""Server in Ollama's place, with the faults that it can have."""

import asyncio
import json
import math
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response

from tests.ports import free_port

Vectors = list[list[float]]


def vector_of(text: str) -> list[float]:
    """Make a vector of norm 2 whose direction is the length of the text."""
    vector = [0.0] * 1024
    vector[len(text) % 1024] = 2.0
    return vector


def answer(vectors: Vectors) -> Response:
    """Answer vectors as Ollama does."""
    return Response(
        json.dumps({"model": "mxbai-embed-large", "embeddings": vectors}),
        media_type="application/json",
    )


class OllamaDouble:
    """Server of POST /api/embed that records the texts of requests, and fails on demand."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.app.post("/api/embed")(self.embed)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[dict[str, Any]] = []
        self.fault: Callable[[Vectors], Response | None] | None = None
        """Replaces the good answer to texts, not to a probe; None: answers are good."""
        self.hanging = False
        self.released = asyncio.Event()

    async def embed(self, request: Request) -> Response:
        body = await request.json()
        vectors = [vector_of(text) for text in body["input"]]
        is_probe = body["input"] == ["probe"]
        if not is_probe:
            self.requests.append(body)
        if self.hanging:
            await self.released.wait()
        if is_probe:
            return answer(vectors)
        return (self.fault and self.fault(vectors)) or answer(vectors)


# Reason under which the error is counted, and the bad answer in place of the good vectors.
FAULTS: dict[str, tuple[str, Callable[[Vectors], Response]]] = {
    "wrong dimensions": ("bad_vector", lambda good: answer([vector[:768] for vector in good])),
    "NaN": ("bad_vector", lambda good: answer([[math.nan, *vector[1:]] for vector in good])),
    "zero vector": ("bad_vector", lambda good: answer([[0.0] * 1024 for _ in good])),
    "one vector missing": ("bad_vector", lambda good: answer(good[1:])),
    "error 500": ("error", lambda _: Response('{"error": "out of memory"}', 500)),
    "not JSON": ("error", lambda _: Response("<html>")),
    "not an object": ("error", lambda _: Response("[1]", media_type="application/json")),
    "no embeddings": ("error", lambda _: Response("{}", media_type="application/json")),
}
