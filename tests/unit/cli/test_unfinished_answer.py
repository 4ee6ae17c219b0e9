"""A command whose service could not finish says what became of it, in the service's words."""

from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from fastapi.responses import JSONResponse

from agent.cli.connect import NotReached, connect
from agent.cli.target import Target
from agent.decision_schema import RunDecision, StepAnswer
from tests.conftest import serving
from tests.ports import free_port

RUN = UUID("01a22ee5-afbd-7177-b024-49e56e8b04cf")
WORDS = "decided but not yet done: sprint_service answered 503; the run is resumed by itself"


@pytest.mark.parametrize("words", [WORDS, None])
async def test_person_who_approves_reads_what_becomes_of_the_run(words: str | None) -> None:
    app = FastAPI()

    @app.post("/runs/{run_id}/decision")
    async def decide(run_id: str) -> JSONResponse:  # pyright: ignore[reportUnusedFunction]
        document = {"detail": words, "run_id": run_id} if words else None
        return JSONResponse(document, status_code=503)

    body = RunDecision(fingerprint="f", decisions=[StepAnswer(step=0, type="approve")])
    async with serving(app, free_port()) as url:
        target = Target(Path("unused"), {"orchestrator": url}, "--url")
        with pytest.raises(NotReached) as caught:
            async with connect(target) as clients:
                await clients.orchestrator.decide(RUN, body)
    expected = f"answered 503 to POST /runs/{RUN}/decision{f': {words}' if words else ''};"
    assert expected in caught.value.detail
