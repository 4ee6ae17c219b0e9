"""The stream of a decision: the run, its steps and calls as they are made, then the answer."""

from collections.abc import Mapping
from typing import Any, Protocol

from fastapi.responses import Response
from pydantic import JsonValue

from domain_services.kernel.web.event_stream import MEDIA_TYPE, Emit, stream
from graphs.answer import Orchestration
from graphs.steps import Observer

STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
}


class Decide(Protocol):
    """A request to decide."""

    async def __call__(self, *, observe: Observer) -> Orchestration: ...


async def stream_decision(decide: Decide) -> Response:
    """Decide, and return the stream of it. Raises: what `decide` raises before its run begins."""

    async def work(emit: Emit) -> None:
        def observe(event: Mapping[str, JsonValue]) -> None:
            emit(str(event["event"]), {name: event[name] for name in event if name != "event"})

        answer = await decide(observe=observe)
        emit("answer", answer.model_dump(mode="json"))

    return await stream(work)


async def stream_answer(answer: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    """Return the stream of a run that an earlier request began: its name and its answer."""

    async def work(emit: Emit) -> None:
        emit("run", {"run_id": answer.get("run_id"), "run_url": answer.get("run_url")})
        emit("answer", answer)

    return await stream(work, headers=headers)
