"""Whatever arrives, the answer is a 4xx with a problem document, and nothing is stored."""

import json
from typing import Any

import httpx
import pytest

from domain_services.backlog.client import BacklogClient

CHANGEABLE = [
    "title",
    "description",
    "status",
    "assigned_to",
    "priority",
    "type",
    "labels",
    "estimate",
    "depends_on",
    "story_id",
]
TEXTS = [
    "",
    "   ",
    "a\x00b",
    "x" * 10_001,
    "\ud800",
    "'; DROP TABLE tasks; --",
    "{{7*7}}${7*7}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "\u202eabc",
    "Ω" * 300,
]
VALUES = [
    *TEXTS,
    "0",
    "20240101",
    "2024-02-30",
    None,
    True,
    -1,
    0,
    101,
    10**18,
    10**30,
    1e308,
    1.5,
    [],
    {},
    [[]],
    {"a": {}},
]
PATHS = [
    "%00",
    "a",
    "SUMMARY",
    "A" * 33,
    "P1%0A",
    "%F0%9F%98%80",
    "%27%20OR%201=1",
    "..%2Fx",
    "%ff",
]
LISTS = ["class_borders", "task_ids", "limit"]
RAW = [
    b"",
    b"{",
    b"nul",
    b"\xff\xfe",
    b'{"title": NaN}',
    b'{"title": "a", "estimate": NaN}',
    b'{"title": "a", "estimate": Infinity}',
    b'{"title": "a", "estimate": 1e999}',
    b'{"title": "a", "priority": ' + b"9" * 5000 + b"}",
    b'{"title": "\\ud800"}',
    b'{"title": "\\u0000"}',
    b'{"\\ud800": 1, "title": "a"}',
    b'{"' + b"k" * 100_000 + b'": 1, "title": "a"}',
    b"[" * 100_000,
    b'{"tasks": ' * 20_000,
    b'{"tasks": []}',
    b'{"tasks": {}}',
    b'{"tasks": [1]}',
    b"[]",
    b'"title"',
]


def expect_answer_of_a_caller_at_fault(answer: httpx.Response, value: object) -> None:
    shown = repr(value)[:200]
    assert 400 <= answer.status_code < 500, (answer.status_code, shown)
    assert answer.headers["content-type"] == "application/problem+json", shown
    assert len(answer.content) < 50_000, shown


@pytest.mark.parametrize(
    "field",
    [*CHANGEABLE, "external_key", "created_on", "unknown"],
)
async def test_no_value_of_a_new_task_breaks_the_service(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient, field: str
) -> None:
    stored = 0
    for value in VALUES:
        body = {"title": "fine"} | {field: value}
        content = _json(body)
        answer = await http.post(
            f"{backlog_url}/backlogs/P1/tasks",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        if answer.status_code == 201:
            stored += 1
            task = await http.get(f"{backlog_url}/tasks/{answer.json()['task_ids'][0]}")
            if not isinstance(value, bool):
                assert task.json()[field] == value
        else:
            expect_answer_of_a_caller_at_fault(answer, content)
    assert len(await backlog.list_tasks("P1")) == stored


@pytest.mark.parametrize(
    "field",
    [*CHANGEABLE, "progress_percentage"],
)
async def test_no_value_of_a_change_breaks_the_service(
    backlog_url: str, http: httpx.AsyncClient, field: str
) -> None:
    await http.post(f"{backlog_url}/backlogs/P1/tasks", json={"title": "fine"})
    for value in VALUES:
        content = _json({field: value})
        answer = await http.put(
            f"{backlog_url}/tasks/P1-TASK001",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        if answer.status_code != 200:
            expect_answer_of_a_caller_at_fault(answer, content)


async def test_no_body_breaks_the_service(
    backlog: BacklogClient, backlog_url: str, http: httpx.AsyncClient
) -> None:
    await http.post(f"{backlog_url}/backlogs/P1/tasks", json={"title": "fine"})
    for content in RAW:
        for method, path in [
            ("POST", "/backlogs/P1/tasks"),
            ("PUT", "/tasks/P1-TASK001"),
            ("POST", "/backlogs/P1/reservations"),
        ]:
            answer = await http.request(
                method,
                backlog_url + path,
                content=content,
                headers={"Content-Type": "application/json"},
            )
            expect_answer_of_a_caller_at_fault(answer, content)
    [task] = await backlog.list_tasks("P1")
    assert task.version == 1


async def test_no_body_breaks_planning(backlog_url: str, http: httpx.AsyncClient) -> None:
    for content in RAW:
        for path in ("past-tasks", "order"):
            answer = await http.put(
                f"{backlog_url}/backlogs/P1/{path}",
                content=content,
                headers={"Content-Type": "application/json"},
            )
            # No past task at all is possible.
            if (path, content) != ("past-tasks", b'{"tasks": []}'):
                expect_answer_of_a_caller_at_fault(answer, content)


async def test_a_body_over_the_limit_is_too_large(
    backlog_url: str, http: httpx.AsyncClient
) -> None:
    async def chunks() -> Any:
        for _ in range(3):
            yield b" " * 512 * 1024

    for content in (b" " * 1_100_000, chunks()):
        answer = await http.post(
            f"{backlog_url}/backlogs/P1/tasks",
            content=content,
            headers={"Content-Type": "application/json"},
        )
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"


async def test_no_path_or_query_breaks_the_service(
    backlog_url: str, http: httpx.AsyncClient
) -> None:
    templates = ["/backlogs/{}", "/backlogs/{}/summary", "/tasks/{}"]
    templates += ["/tasks/{}/history", "/backlogs/P1?ready={}", "/backlogs/P1?story_id={}"]
    templates += ["/backlogs/{}/ages?day=2026-03-02", "/backlogs/P1/ages?day={}"]
    templates += ["/backlogs/P1/candidates?day={}", "/backlogs/{}/order"]
    templates += [f"/backlogs/P1/candidates?day=2026-03-02&{name}={{}}" for name in LISTS]
    templates += ["/backlogs/P1?status={}", "/backlogs/P1?limit={}", "/backlogs/P1?offset={}"]
    for template in templates:
        for path in PATHS:
            answer = await http.get(backlog_url + template.format(path))
            expect_answer_of_a_caller_at_fault(answer, (template, path))
    for path in PATHS[:1] + PATHS[3:]:
        answer = await http.get(f"{backlog_url}/backlogs/P1?assigned_to={path}")
        assert answer.status_code in (200, 422)
    answer = await http.delete(f"{backlog_url}/backlogs/P1/reservations/%00")
    expect_answer_of_a_caller_at_fault(answer, "sprint id")


def _json(body: dict[str, Any]) -> bytes:
    """As JSON that a careless client sends: surrogates escaped, big numbers spelled out."""
    return json.dumps(body).encode()
