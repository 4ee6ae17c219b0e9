"""Server in Ollama's place, from which the cassettes are recorded.

`POST /api/embed`, `POST /api/chat` and `GET /api/tags` with the fields and errors of Ollama 0.12.
Vectors are made up from the text; a chat answers with the replies that it was given, in turn.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

MODEL = "mxbai-embed-large"
CHAT_MODEL = "qwen3:4b"
_WRITTEN_AT = "2026-11-30T12:00:00Z"


def vector_of(text: str, dimensions: int = 1024) -> list[float]:
    """Make a vector of zeros and eight numbers, at places that the text's hash names."""
    vector = [0.0] * dimensions
    digest = hashlib.sha256(text.encode()).digest()
    for place, value in zip(digest[:8], digest[8:16], strict=True):
        vector[place] = (value - 100) / 256
    return vector


@dataclass(frozen=True)
class Reply:
    """One answer of the chat model."""

    text: str = ""
    """Words of the answer, which are streamed one by one."""
    calls: tuple[tuple[str, dict[str, Any] | str], ...] = ()
    """Calls of tools: names and arguments."""
    error: str = ""
    """Refusal in place of an answer."""
    status: int = 400
    """Status of the refusal."""
    seconds: float = 0
    """Pause after the first word."""
    thinking: str = ""
    """Thoughts before the words, which newer models send in a field of their own."""
    done_reason: str = "stop"
    """Reason of the end: `stop`, `length` when the context is full, or `load`."""
    broken_by: str = ""
    """Line in place of the end, as Ollama sends an error amid an answer; `cut` hangs up."""


@dataclass
class Chats:
    """Replies of the chat model, and the requests that it got."""

    replies: list[Reply] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    cut_off: int = 0
    """Answers whose reader left before their end."""


class OllamaDouble:
    """One server; with `dimensions` None its model of embeddings is not installed."""

    def __init__(self, dimensions: int | None = 1024, replies: tuple[Reply, ...] = ()) -> None:
        self.app = FastAPI()
        self.app.post("/api/embed")(self.embed)
        self.app.post("/api/chat")(self.chat)
        self.app.get("/api/tags")(self.tags)
        self.dimensions = dimensions
        self.headers: list[dict[str, str]] = []
        self.models = [CHAT_MODEL]
        """Models of chats that are installed."""
        self.chats = Chats(list(replies))

    async def tags(self) -> dict[str, Any]:
        """List the installed models."""
        return {"models": [{"name": name, "model": name} for name in self.models]}

    async def chat(self, request: Request) -> Response:
        """Answer with the next reply, or the last one again; streamed unless refused."""
        self.headers.append(dict(request.headers))
        body: dict[str, Any] = await request.json()
        self.chats.requests.append(body)
        model, replies = body["model"], self.chats.replies
        if model not in self.models:
            return JSONResponse({"error": f"model '{model}' not found"}, 404)
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if reply.error:
            return JSONResponse({"error": reply.error}, reply.status)
        lines = self._lines(model, reply, len(str(body["messages"])) // 4)
        if body.get("stream", True):
            return StreamingResponse(lines, media_type="application/x-ndjson")
        parts = [json.loads(line) async for line in lines]
        content = "".join(part["message"]["content"] for part in parts)
        parts[-1]["message"] = parts[0]["message"] | {"content": content}
        return JSONResponse(parts[-1])

    async def _lines(self, model: str, reply: Reply, prompt_tokens: int) -> AsyncIterator[bytes]:
        words = [word for word in reply.text.replace(" ", "\0 ").split("\0") if word]
        calls = [
            {"function": {"name": name, "arguments": arguments}} for name, arguments in reply.calls
        ]
        head = {"model": model, "created_at": _WRITTEN_AT}
        try:
            if reply.thinking:
                message = {"role": "assistant", "content": "", "thinking": reply.thinking}
                yield _line({**head, "message": message, "done": False})
            if calls:
                message = {"role": "assistant", "content": "", "tool_calls": calls}
                yield _line({**head, "message": message, "done": False})
            for number, word in enumerate(words):
                message = {"role": "assistant", "content": word}
                yield _line({**head, "message": message, "done": False})
                if number == 0 and reply.seconds:
                    await asyncio.sleep(reply.seconds)
        except (asyncio.CancelledError, GeneratorExit):
            self.chats.cut_off += 1
            raise
        if reply.broken_by == "cut":
            raise ConnectionResetError
        if reply.broken_by:
            yield reply.broken_by.encode() + b"\n"
            return
        yield _line(
            {
                **head,
                "message": {"role": "assistant", "content": ""},
                "done": True,
                "done_reason": reply.done_reason,
                "total_duration": 174_560_334,
                "load_duration": 101_397_084,
                "prompt_eval_count": prompt_tokens,
                "prompt_eval_duration": 13_074_791,
                "eval_count": max(len(words), 1),
                "eval_duration": 52_479_709,
            }
        )

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


def _line(part: dict[str, Any]) -> bytes:
    return json.dumps(part).encode() + b"\n"
