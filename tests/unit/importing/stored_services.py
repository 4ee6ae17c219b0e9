"""Services of an import that keep texts alone, so that a process can be measured beside them."""

import base64
import json
import zlib
from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import httpx

PROJECT = "BIG"
URLS = {
    name: f"http://{name}" for name in ("project", "backlog", "sprint", "chronicle", "orchestrator")
}
NOW = "2026-06-01T00:00:00Z"
DAY = "2026-06-01"
_COUNTS = {"project_id": PROJECT, "replaced": 0, "unchanged": 0, "removed": 0}


class StoredServices:
    """Answers of the project, backlog and sprint services, the chronicle and the orchestrator."""

    def __init__(self) -> None:
        self.exists = False
        self.rows: bytes | None = None
        self._tasks: list[bytes] = []
        self._sprints: list[bytes] = []

    def client(self) -> httpx.AsyncClient:
        """Open a client of these services."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._answer))

    def known_tasks(self) -> int:
        """Count the tasks of the known rows."""
        return len(json.loads(zlib.decompress(self.rows or b""))["tasks"])

    def _answer(self, request: httpx.Request) -> httpx.Response:
        method, path = request.method, request.url.path
        for (own_method, end), answer in self._routes().items():
            if method == own_method and path.endswith(end):
                return answer(request)
        raise AssertionError(f"{method} {path} is no request of an import")

    def _routes(self) -> dict[tuple[str, str], Callable[[httpx.Request], httpx.Response]]:
        project, teams = f"/projects/{PROJECT}", f"/projects/{PROJECT}/team-members"
        backlog = f"/backlogs/{PROJECT}"
        fixed = partial(partial, _json)
        return {
            ("POST", "/projects"): self._create_project,
            ("GET", f"by-project/{PROJECT}"): fixed([]),
            ("PUT", "/numbering"): fixed({"project_id": PROJECT, "last_number": 1}),
            ("GET", "/autonomy"): fixed(_autonomy()),
            ("POST", "/autonomy"): fixed(_autonomy()),
            ("GET", "/teams"): fixed([]),
            ("POST", "/employees"): fixed({"message": "", "employee_id": "one"}),
            ("POST", f"{teams}-assign"): self._assign,
            ("GET", teams): fixed({"project_id": PROJECT, "team_members": []}),
            ("GET", "/availability/check"): self._availability,
            ("POST", f"{backlog}/tasks"): self._create_tasks,
            ("PUT", "/past-tasks"): fixed({"project_id": PROJECT, "tasks": 0}),
            ("GET", f"{backlog}/order"): fixed({"project_id": PROJECT, "task_ids": []}),
            ("PUT", f"{backlog}/order"): fixed({"project_id": PROJECT, "task_ids": []}),
            ("GET", backlog): self._list_tasks,
            ("GET", "/sprint_retrospective"): self._list_sprints,
            ("PUT", f"/sprint_retrospective/imported/{PROJECT}"): self._replace_sprints,
            ("PUT", f"/episodes/imported/{PROJECT}"): fixed({**_COUNTS, "created": 0}),
            ("PUT", "/rows"): self._save_rows,
            ("GET", "/rows"): self._read_rows,
            ("GET", project): self._project,
        }

    def _create_project(self, _: httpx.Request) -> httpx.Response:
        self.exists = True
        return httpx.Response(201, json={"message": "", "project_id": PROJECT})

    def _project(self, _: httpx.Request) -> httpx.Response:
        if not self.exists:
            return httpx.Response(404, json={"detail": "unknown"})
        project = {"id": PROJECT, "name": "", "description": "", "status": "active"}
        place = {"country": "DE", "subdivision": None, "timezone": "UTC", "as_of": None}
        days = {"clock": "live", "today": DAY, "created_at": NOW, "progress_mode": "reported"}
        return httpx.Response(200, json=project | place | days)

    def _assign(self, request: httpx.Request) -> httpx.Response:
        people = json.loads(request.content)["employee_ids"]
        return httpx.Response(
            200, json={"message": "", "project_id": PROJECT, "newly_assigned": people}
        )

    def _availability(self, request: httpx.Request) -> httpx.Response:
        window = {name: request.url.params[name] for name in ("start_date", "end_date")}
        first, last = map(date.fromisoformat, window.values())
        answer = {"project_id": PROJECT, "project_status": "active", "progress_mode": "reported"}
        answer |= {"timezone": "UTC", "clock": "live", "today": DAY, **window}
        answer |= {
            "working_days": (last - first).days,
            "team_working_days": 0,
            "status": "available",
        }
        answer |= {"conflicts": [], "work_days": [], "capacity": []}
        return httpx.Response(200, json=answer)

    def _create_tasks(self, request: httpx.Request) -> httpx.Response:
        tasks = json.loads(request.content)["tasks"]
        for task in tasks:
            own = {"task_id": f"T{len(self._tasks)}", "project_id": PROJECT, "version": 1}
            own |= {"status": "unassigned", "sprint_id": None, "progress_percentage": 0}
            own |= {"created_at": NOW, "updated_at": NOW}
            self._tasks.append(zlib.compress(json.dumps(task | own).encode()))
        return httpx.Response(
            201, json={"message": "", "project_id": PROJECT, "task_ids": ["T"] * len(tasks)}
        )

    def _list_tasks(self, request: httpx.Request) -> httpx.Response:
        after, limit = request.url.params["after"], int(request.url.params["limit"])
        first = int(after.removeprefix("T")) + 1 if after else 0
        return _joined(self._tasks[first : first + limit])

    def _replace_sprints(self, request: httpx.Request) -> httpx.Response:
        notes = json.loads(request.content).get("notes", [])
        for note in notes:
            identity = str(uuid5(NAMESPACE_URL, note["sprint_id"]))
            own = {"retrospective_id": identity, "completed_tasks": 0, "total_tasks": None}
            self._sprints.append(
                zlib.compress(json.dumps(note | own | {"created_at": NOW}).encode())
            )
        return httpx.Response(200, json={**_COUNTS, "created": len(notes)})

    def _list_sprints(self, request: httpx.Request) -> httpx.Response:
        if request.url.params.get("with_tasks") != "false":
            return _joined(self._sprints)
        notes = [json.loads(zlib.decompress(note)) for note in self._sprints]
        return httpx.Response(200, json=[note | {"tasks_summary": []} for note in notes])

    def _save_rows(self, request: httpx.Request) -> httpx.Response:
        self.rows = request.content
        return httpx.Response(200, json={"project_id": PROJECT, "bytes": len(self.rows)})

    def _read_rows(self, _: httpx.Request) -> httpx.Response:
        content = None if self.rows is None else base64.b64encode(self.rows).decode()
        return httpx.Response(200, json={"project_id": PROJECT, "content": content})


def _json(value: Any, _: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json=value)


def _joined(documents: list[bytes]) -> httpx.Response:
    texts = b",".join(map(zlib.decompress, documents))
    return httpx.Response(200, content=b"[" + texts + b"]")


def _autonomy() -> dict[str, object]:
    none: list[str] = []
    settings = {"project_id": PROJECT, "version": 1, "level": "act", "always_ask": none}
    return {**settings, "tools": none, "history": none}
