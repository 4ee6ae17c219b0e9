"""Requests that a leaving process cannot finish are answered as every other failure."""

import asyncio
from pathlib import Path

import httpx
import pytest

from deploy.serving import config
from deploy.serving.start import listen
from domain_services.kernel.settings import KernelSettings
from tests.conftest import ADMIN_KEY, AUTH
from tests.ports import free_port
from tests.serving.services import create_slow


@pytest.fixture
def settings(tmp_path: Path) -> KernelSettings:
    own = {"port": free_port(), "redis_url": f"unix://{tmp_path}", "auth": AUTH}
    return KernelSettings.model_validate(own | {"max_running_requests": 1, "max_wait_seconds": 60})


async def test_request_that_is_cut_short_gets_a_problem_that_says_to_try_again(
    settings: KernelSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request is under way, another waits for its turn."""
    monkeypatch.setattr(config, "FINISH_SECONDS", 0)
    app = create_slow(settings)
    server = config.Server(config.uvicorn_config(app))
    serving = asyncio.create_task(server.serve([listen(settings.host, settings.port)]))
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    base_url = f"http://127.0.0.1:{settings.port}"
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=60) as http:
        path = "/hold"
        requests = [
            asyncio.create_task(http.get(path, params={"folder": str(tmp_path)})) for _ in range(2)
        ]
        async with asyncio.timeout(60):
            while app.state.draining.requests < 2:
                await asyncio.sleep(0.01)
        app.state.draining.begin()
        server.should_exit = True
        answers = await asyncio.gather(*requests)
        await serving
    assert [answer.status_code for answer in answers] == [503, 503]
    for answer in answers:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["retry-after"] == "1"
        assert answer.headers["connection"] == "close"
        assert answer.json()["code"] == "unavailable"
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
