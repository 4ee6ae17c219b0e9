"""Imports by route over real services."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

import httpx
import pytest

from tests.agent.conftest import until
from tests.conftest import ADMIN_KEY
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system

HEADER = "id,project,created,finished,title,assignee,status\n"


def export(tasks: int, project: str = "SHOP", finished: int = 0, start: int = 1) -> str:
    """Write an export of tasks from January 2024 on; the first ones are finished."""
    rows = [
        f"{project}-{number},{project},2024-01-{number % 27 + 1:02d},"
        f"{'2024-02-10' if number < start + finished else ''},Item {number},Ann,"
        f"{'Done' if number < start + finished else 'Open'}"
        for number in range(start, start + tasks)
    ]
    return HEADER + "\n".join(rows) + "\n"


@dataclass
class Room:
    """The orchestrator's routes of imports, as one person calls them."""

    system: System
    key: str = ADMIN_KEY

    @property
    def url(self) -> str:
        return self.system.urls["orchestrator"] + "/imports"

    def headers(self, more: Mapping[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}", **more}

    async def upload(
        self,
        content: str | bytes | AsyncIterator[bytes],
        name: str = "export.csv",
        options: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Upload one file as the body."""
        body = content.encode() if isinstance(content, str) else content
        params = {"name": name, "options": dumps(options or {})}
        more = self.headers({"Content-Type": "application/octet-stream", **(headers or {})})
        return await self.system.http.post(
            self.url, params=params, content=body, headers=more, timeout=120
        )

    async def get(self, import_id: str, tail: str = "", **headers: str) -> httpx.Response:
        url = f"{self.url}/{import_id}{tail}"
        return await self.system.http.get(url, headers=self.headers(headers))

    async def post(
        self, import_id: str, tail: str, body: Any = None, **headers: str
    ) -> httpx.Response:
        url = f"{self.url}/{import_id}{tail}"
        return await self.system.http.post(
            url, json=body, headers=self.headers(headers), timeout=120
        )

    async def delete(self, import_id: str) -> httpx.Response:
        return await self.system.http.delete(f"{self.url}/{import_id}", headers=self.headers({}))

    async def ended(self, import_id: str) -> Any:
        """Wait for the end of the work on an import, and return it."""
        return await self.reaches(import_id, "previewed", "done", "failed", "cancelled")

    async def reaches(self, import_id: str, *states: str) -> Any:
        async def reached() -> Any:
            answer = (await self.get(import_id)).json()
            return answer if answer["state"] in states else None

        return await until(reached, 60)

    async def load(
        self, content: str, options: Mapping[str, Any] | None = None, name: str = "export.csv"
    ) -> Any:
        """Upload and import one file, and return the import at its end."""
        uploaded = await self.upload(content, name, options)
        assert uploaded.status_code == 201, uploaded.text
        import_id = uploaded.json()["import_id"]
        started = await self.post(import_id, "/start")
        assert started.status_code == 202, started.text
        return await self.ended(import_id)


@pytest.fixture
async def room(system: System) -> Room:
    await system.start("project", "backlog", "chronicle", "sprint")
    # A busy machine must not turn a preview into a 202.
    await system.start("orchestrator", imports={"answer_seconds": 120})
    return Room(system)
