"""Requests that are refused before any route get a problem document, and nothing is stored."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from domain_services.kernel.web.app import _field
from domain_services.kernel.web.json_depth import is_deeper
from tests.conftest import ADMIN_KEY, Databases, serving
from tests.kernel.box.app import create_app
from tests.kernel.conftest import BoxService, box_settings

JSON = {"Content-Type": "application/json"}


def nested(depth: int) -> bytes:
    """Make the body of a box that nests `depth` deep."""
    return b'{"label": "a", "inside": ' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def expect_problem(answer: httpx.Response, status: int, code: str) -> None:
    problem = answer.json()
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == problem["request_id"]


async def _chunks(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def _with_depth(depth: int, kind: str) -> bytes:
    opening, closing = {"arrays": (b"[", b"]"), "objects": (b'{"a":', b"}")}[kind]
    return opening * depth + b"1" + closing * depth


@pytest.mark.parametrize("kind", ["arrays", "objects"])
def test_depth_is_counted_without_parsing(kind: str) -> None:
    for depth in (0, 1, 31, 32):
        assert not is_deeper(_with_depth(depth, kind), 32), depth
    for depth in (33, 64, 100_000):
        assert is_deeper(_with_depth(depth, kind), 32), depth
    assert is_deeper(b"[" * 33, 32)


@pytest.mark.parametrize(
    "text", ["[" * 50, '"' + "{" * 50, "\\" + "[" * 50, '\\"' + "]" * 50, "\n[" * 50, '"]["' * 50]
)
def test_brackets_in_strings_are_no_depth(text: str) -> None:
    body = json.dumps({"a": text, text: [text]}).encode()
    assert not is_deeper(body, 32)
    assert not is_deeper(json.dumps([{"a": text}] * 50).encode(), 32)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_nests_at_most_32_deep(box: BoxService, chunked: bool) -> None:
    for depth, status in ((32, 201), (33, 422)):
        body = nested(depth)
        content: Any = _chunks([body[:40], body[40:]]) if chunked else body
        answer = await box.http.post(
            f"/shelves/deep-{chunked}/boxes", content=content, headers=JSON
        )
        assert answer.status_code == status, depth
    expect_problem(answer, 422, "invalid")
    assert "nested at most 32 deep" in answer.json()["detail"]
    assert await box.count(f"deep-{chunked}") == 1


async def test_a_body_over_the_limit_is_refused_as_it_comes(box: BoxService) -> None:
    large = b'{"label": "' + b"x" * 1024 * 1024 + b'"}'
    for content in (large, _chunks([large[:600_000], large[600_000:], b" "])):
        answer = await box.http.post("/shelves/large/boxes", content=content, headers=JSON)
        expect_problem(answer, 413, "too_large")
    assert await box.count("large") == 0


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "json"])
async def test_body_that_is_not_json_is_refused(box: BoxService, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = await box.http.post("/shelves/s/boxes", content=b'{"label": "a"}', headers=headers)
    expect_problem(answer, 415, "not_json")


async def test_unknown_addresses_and_methods_are_problems(box: BoxService) -> None:
    expect_problem(await box.http.get("/nowhere"), 404, "http_404")
    expect_problem(await box.http.get("/shelves/s/count/"), 404, "http_404")
    answer = await box.http.delete("/shelves/s/boxes")
    expect_problem(answer, 405, "http_405")
    assert answer.headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ["/shelves/%00/count", "/shelves/s/count?a=%00", "/%00"])
async def test_nul_in_an_address_is_invalid(box: BoxService, path: str) -> None:
    expect_problem(await box.http.get(path), 422, "invalid")


async def test_bug_is_answered_by_a_problem_without_details(box: BoxService) -> None:
    answer = await box.add("s", "break")
    expect_problem(answer, 500, "internal_error")
    assert "bug" not in answer.text
    assert await box.count("s") == 0


async def _raw(url: str, request: str) -> str:
    """Send bytes that no client would send; return head and body of the answer."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.replace("\n", "\r\n").encode("latin-1"))
    await writer.drain()
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return answer.decode("latin-1")


HEAD = f"""POST /shelves/raw/boxes HTTP/1.1
Host: x
Connection: close
Authorization: Bearer {ADMIN_KEY}
Content-Type: application/json
"""
BODY = '{"label": "a"}'


@pytest.mark.parametrize(
    "length",
    [
        "Content-Length: 14\nContent-Length: 15",
        "Content-Length: -1",
        "Content-Length: +14",
        "Content-Length: 1e1",
        "Content-Length: " + "9" * 5000,
        "Content-Length: 9999999999",
        "Content-Length: 14\nContent-Type: application/json",
        "Content-Length: 14\nIdempotency-Key: a\nIdempotency-Key: b",
    ],
)
async def test_odd_headers_are_refused(box: BoxService, length: str) -> None:
    answer = await _raw(box.url, f"{HEAD}{length}\n\n{BODY}")
    assert answer.split()[1] in ("400", "413", "422"), answer[:200]
    assert await box.count("raw") == 0


async def test_same_raw_request_without_odd_headers_is_accepted(box: BoxService) -> None:
    head = HEAD.replace("/raw/", "/right/")
    answer = await _raw(box.url, f"{head}Content-Length: 14\n\n{BODY}")
    assert answer.split()[1] == "201", answer
    chunked = await _raw(box.url, f"{head}Transfer-Encoding: chunked\n\ne\n{BODY}\n0\n\n")
    assert chunked.split()[1] == "201", chunked


@pytest.fixture
async def narrow(databases: Databases) -> AsyncIterator[BoxService]:
    """Start a service that runs two requests and queues two."""
    settings = box_settings(
        databases, max_running_requests=2, max_waiting_requests=2, max_wait_seconds=0.3
    )
    app = create_app(settings)
    headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
    async with (
        serving(app, settings.port) as url,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as http,
    ):
        yield BoxService(url, app, http)
        app.state.gate.open.set()
    assert settings.database_url is not None
    databases.drop(settings.database_url.get_secret_value())


async def test_request_over_the_queue_is_refused_with_retry_after(narrow: BoxService) -> None:
    gate = narrow.new_gate()
    running = [asyncio.create_task(narrow.add("s", "wait")) for _ in range(2)]
    await gate.reached.wait()
    late = await asyncio.gather(*(narrow.add("s", "late") for _ in range(5)))
    for answer in late:
        expect_problem(answer, 503, "overloaded")
        assert answer.headers["retry-after"] == "1"
    # Two had waited for a turn, the others were refused at once.
    details = sorted(answer.json()["detail"][:7] for answer in late)
    assert details == ["no turn"] * 2 + ["too man"] * 3
    for path in ("/health", "/health/ready", "/metrics"):
        assert (await narrow.http.get(path)).status_code == 200
    waiting = asyncio.create_task(narrow.add("s", "waiting"))
    gate.open.set()
    assert [(await answer).status_code for answer in [*running, waiting]] == [201] * 3
    assert await narrow.count("s") == 3
    metrics = (await narrow.http.get("/metrics")).text
    assert 'dsm_http_refused_total{reason="overloaded"} 5.0' in metrics
    assert "dsm_http_requests_running 0.0" in metrics


async def test_place_of_a_request_is_free_again_after_any_end(narrow: BoxService) -> None:
    for label in ("refuse", "break", "a") * 3:
        await narrow.add("s", label)
    gate = narrow.new_gate()
    with pytest.raises(httpx.ReadTimeout):
        await narrow.http.post("/shelves/s/boxes", json={"label": "wait"}, timeout=0.2)
    gate.open.set()
    assert (await narrow.add("s", "a")).status_code == 201


async def test_request_after_its_deadline_is_refused(box: BoxService) -> None:
    body = {"label": "a"}
    answer = await box.http.post(
        "/shelves/late/boxes", json=body, headers={"X-Request-Timeout-Ms": "0"}
    )
    expect_problem(answer, 503, "unavailable")
    for milliseconds in ("1000", "soon", "-1"):
        headers = {"X-Request-Timeout-Ms": milliseconds}
        answer = await box.http.post("/shelves/late/boxes", json=body, headers=headers)
        assert answer.status_code == 201
    assert await box.count("late") == 3


def test_error_names_its_field_without_the_validators_of_a_union() -> None:
    branch = "function-after[functools.partial(<function less_than at 0x7f2d89f09bc0>, b=1), date]"
    assert _field(("body", "scheduled_for", branch)) == "body.scheduled_for"
    assert _field(("body", "tasks", 0, "title")) == "body.tasks.0.title"
