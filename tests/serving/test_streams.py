"""Streamed answers of a served process: pings, a reader that leaves, a process that leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from deploy.serving import config
from deploy.serving.start import listen
from domain_services.kernel.client.streaming import parse
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.web.draining import Draining
from domain_services.kernel.web.event_stream import wants_events
from tests.conftest import ADMIN_KEY, AUTH
from tests.ports import free_port
from tests.serving.services import create_slow


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[tuple[FastAPI, config.Server, httpx.AsyncClient]]:
    own = {"port": free_port(), "redis_url": f"unix://{folder}", "auth": AUTH}
    more = {"max_running_requests": 1, "max_wait_seconds": 60}
    settings = KernelSettings.model_validate(own | more)
    app = create_slow(settings)
    server = config.Server(config.uvicorn_config(app))
    serving = asyncio.create_task(server.serve([listen(settings.host, settings.port)]))
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    base_url = f"http://127.0.0.1:{settings.port}"
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60) as http:
        yield app, server, http
    server.should_exit = True
    await serving


async def test_a_stream_is_pinged_and_its_text_forges_no_event(tmp_path: Path) -> None:
    request = {"params": {"folder": str(tmp_path)}}
    async with (
        _served(tmp_path) as (_, _, http),
        http.stream("POST", "/stream", **request) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store, no-transform"
        lines: list[str] = []
        async for line in answer.aiter_lines():
            lines.append(line)
            if line == ": ping":
                (tmp_path / "go").touch()

        async def again() -> AsyncIterator[str]:
            for line in lines:
                yield line

        events = [event async for event in parse(again())]
        assert [event.name for event in events] == ["begun", "done"]
        assert events[0].data == {"title": "<script>\n\ndata: forged"}


@pytest.mark.parametrize(
    ("accepted", "events"),
    [
        (["text/event-stream"], True),
        (["TEXT/Event-Stream; charset=utf-8"], True),
        (["application/json, text/event-stream"], True),
        (["application/json;q=0.5, text/event-stream;q=0.9"], True),
        (["application/json", "text/event-stream"], True),
        (["text/event-stream, */*;q=0.1"], True),
        (["application/json, text/event-stream;q=0.5"], False),
        (["text/event-stream;q=0"], False),
        (["text/event-stream; q=0.000"], False),
        (["*/*"], False),
        (["text/*"], False),
        ([], False),
    ],
)
def test_events_are_for_those_who_prefer_no_json(accepted: list[str], events: bool) -> None:
    headers = [(b"accept", value.encode()) for value in accepted]
    assert wants_events(Request({"type": "http", "headers": headers})) == events


async def test_a_reader_that_leaves_cancels_nothing_and_keeps_its_place(tmp_path: Path) -> None:
    params = {"folder": str(tmp_path)}
    async with _served(tmp_path) as (app, _, http):
        draining: Draining = app.state.draining
        async with http.stream("POST", "/stream", params=params) as answer:
            assert await anext(answer.aiter_lines()) == "event: begun"
        # The only place is taken still: the next request waits for it.
        quick = asyncio.create_task(http.get("/quick"))
        async with asyncio.timeout(60):
            while draining.requests < 2:
                await asyncio.sleep(0.01)
        assert not (tmp_path / "stream done").exists()
        (tmp_path / "go").touch()
        assert (await quick).text == '"quick"'
        assert (tmp_path / "stream done").exists()
        assert await draining.finished(60)


async def test_a_leaving_process_ends_a_stream_in_words_and_gives_its_work_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "FINISH_SECONDS", 0)
    params = {"folder": str(tmp_path)}
    async with (
        _served(tmp_path) as (app, server, http),
        http.stream("POST", "/stream", params=params) as answer,
    ):
        events = parse(answer.aiter_lines())
        assert (await anext(events)).name == "begun"
        app.state.draining.begin()
        server.should_exit = True
        last = await anext(events)
        assert (last.name, last.data["code"]) == ("error", "unavailable")
        assert "this process ends" in last.data["detail"]
        assert [event async for event in events] == []
        assert (tmp_path / "stream given back").exists()
