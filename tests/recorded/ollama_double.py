"""Server in Ollama's place, from which the cassettes are recorded.

`POST /api/embed` with the fields and errors of Ollama 0.12; its vectors are made up from the text.
"""

import hashlib
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

MODEL = "mxbai-embed-large"


def vector_of(text: str, dimensions: int = 1024) -> list[float]:
    """Make a vector of zeros and eight numbers, at places that the text's hash names."""
    vector = [0.0] * dimensions
    digest = hashlib.sha256(text.encode()).digest()
    for place, value in zip(digest[:8], digest[8:16], strict=True):
        vector[place] = (value - 100) / 256
    return vector


class OllamaDouble:
    """One server; with `dimensions` None its model is not installed."""

    def __init__(self, dimensions: int | None = 1024) -> None:
        self.app = FastAPI()
        self.app.post("/api/embed")(self.embed)
        self.dimensions = dimensions
        self.headers: list[dict[str, str]] = []

    async def embed(self, request: Request) -> JSONResponse:
        self.headers.append(dict(request.headers))
        body: dict[str, Any] = await request.json()
        if self.dimensions is None or body["model"] != MODEL:
            error_text = f'model "{body["model"]}" not found, try pulling it first'
            return JSONResponse({"error": error_text}, 404)
        vectors = [vector_of(text, self.dimensions) for text in body["input"]]
        return JSONResponse(
            {
                "model": body["model"],
                "embeddings": vectors,
                "total_duration": 14_143_917,
                "load_duration": 1_019_500,
                "prompt_eval_count": sum(len(text.split()) for text in body["input"]),
            }
        )
