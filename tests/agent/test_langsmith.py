"""LangSmith gets nothing of a project, whatever its variables say, unless a setting allows it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import langsmith
import pytest
from langchain_core.tracers.langchain import wait_for_all_tracers
from langsmith.utils import get_env_var

from tests.agent.conftest import System, until
from tests.agent.conftest import system as system

PARTS = ("project", "backlog", "chronicle", "sprint")


@pytest.fixture
def langsmith_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Receive what a process sends to LangSmith whose environment asks for tracing."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            self.send_response(202)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("LANGSMITH_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("LANGSMITH_API_KEY", "not-a-key")
    cast(Any, get_env_var).cache_clear()
    yield received
    server.shutdown()
    thread.join()
    server.server_close()
    cast(Any, get_env_var).cache_clear()
    langsmith.configure(enabled=None, client=None)


async def decide(system: System, **settings: Any) -> None:
    await system.start(*PARTS)
    await system.start("orchestrator", **settings)
    await system.make_project("P-SECRET", tasks=3)
    answer = await system.orchestrate("P-SECRET")
    assert answer.status_code == 200, answer.text
    wait_for_all_tracers()


async def test_variables_of_langsmith_alone_send_nothing(
    system: System, langsmith_server: list[bytes]
) -> None:
    await decide(system)
    assert langsmith_server == []


async def test_the_setting_allows_what_the_variables_ask_for(
    system: System, langsmith_server: list[bytes]
) -> None:
    await decide(system, tracing_langsmith=True)

    async def arrived() -> bool:
        return any(b"P-SECRET" in body for body in langsmith_server)

    assert await until(arrived)
