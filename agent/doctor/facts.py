"""Facts for `dsm doctor`: the answers of every service, each question with its own deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Generic, TypeVar, cast

import httpx

from agent.client import OrchestratorClient
from agent.schedules.schema import ScheduledJob
from domain_services.embedding.client import EmbeddingClient
from domain_services.embedding.schema import Health
from domain_services.kernel.client.dead_letters import DeadLettersClient
from domain_services.kernel.client.diagnosis import Diagnosis, DiagnosisClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Problem

# Above the 2 s that a service gives its own checks, and below what a person waits for.
QUESTION_SECONDS = 6.0
CONSUMERS = ("backlog", "sprint", "orchestrator")

T = TypeVar("T")


@dataclass(frozen=True)
class Page:
    """Answer to a GET without a key."""

    status: int | None = None
    """HTTP status; None without an answer."""
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """JSON object of the answer; empty for any other body."""
    problem: str = ""
    """Reason why there is no answer."""
    clock_offset_seconds: float | None = None
    """Clock of the service less that of this machine; None when it names no time."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """Answer to a question with a key."""

    value: T | None = None
    """The answer; None without one."""
    status: int | None = None
    """HTTP status of a refusal; None when there is an answer or none at all."""
    problem: str = ""
    """Reason why there is no answer."""


@dataclass(frozen=True)
class ServiceFacts:
    """Answers of one service."""

    name: str
    """Name in the catalogue."""
    url: str
    """Base URL of the service."""
    health: Page
    """GET /health."""
    serving: Page
    """GET /health/serving."""
    ready: Page
    """GET /health/ready."""
    diagnosis: Reply[Diagnosis]
    """GET /diagnosis."""


@dataclass(frozen=True)
class Facts:
    """Answers of all services, and of the installation."""

    services: tuple[ServiceFacts, ...]
    """Answers of each service whose URL is known."""
    schedules: Reply[list[ScheduledJob]]
    """All schedules."""
    dead_letters: Mapping[str, Reply[int]]
    """Failed events that wait for a person, by the consumer's name."""
    embedding: Reply[Health]
    """Models that embed."""


async def gather_facts(urls: Mapping[str, str], headers: Mapping[str, str]) -> Facts:
    """Ask every service everything at the same time; no answer is a fact too."""
    seconds = QUESTION_SECONDS
    limits = httpx.Limits(max_connections=100)
    async with (
        httpx.AsyncClient(timeout=seconds, limits=limits) as open_http,
        httpx.AsyncClient(timeout=seconds, limits=limits, headers=dict(headers)) as http,
    ):
        orchestrator, embedding = urls.get("orchestrator"), urls.get("embedding")
        consumers = [name for name in CONSUMERS if name in urls]
        services, schedules, letters, models = await asyncio.gather(
            asyncio.gather(
                *(_service(open_http, http, name, url, seconds) for name, url in urls.items())
            ),
            _tell(orchestrator, lambda url: OrchestratorClient(http, url).list_all_schedules()),
            asyncio.gather(*(_letters(http, name, urls[name]) for name in consumers)),
            _tell(embedding, lambda url: EmbeddingClient(http, url).health()),
        )
    return Facts(tuple(services), schedules, dict(zip(consumers, letters, strict=True)), models)


async def _service(
    open_http: httpx.AsyncClient, http: httpx.AsyncClient, name: str, url: str, seconds: float
) -> ServiceFacts:
    asked_at = time.time()
    health, serving, ready, diagnosis = await asyncio.gather(
        _page(open_http, f"{url}/health", seconds),
        _page(open_http, f"{url}/health/serving", seconds),
        _page(open_http, f"{url}/health/ready", seconds),
        _tell(url, lambda base: DiagnosisClient(http, base, name).diagnosis()),
    )
    if diagnosis.value is not None:
        # A busy server renews its Date header late; this time is the moment's.
        moment = diagnosis.value.now.timestamp()
        offset = max(moment - time.time(), 0.0) + min(moment - asked_at, 0.0)
        health = replace(health, clock_offset_seconds=offset)
    return ServiceFacts(name, url, health, serving, ready, diagnosis)


async def _letters(http: httpx.AsyncClient, name: str, url: str) -> Reply[int]:
    client = DeadLettersClient(http, url, name)

    async def count(_: str) -> int:
        return len(await client.list_dead_letters(limit=1000))

    return await _tell(url, count)


async def _tell(url: str | None, question: Callable[[str], Awaitable[T]]) -> Reply[T]:
    if url is None:
        return Reply(problem="its URL is not known")
    try:
        return Reply(await question(url))
    except PeerRefused as refused:
        return Reply(status=refused.peer_status, problem=refused.detail)
    except Problem as problem:
        return Reply(problem=problem.detail)


async def _page(http: httpx.AsyncClient, url: str, seconds: float) -> Page:
    asked_at = time.time()
    try:
        async with asyncio.timeout(seconds):
            answer = await http.get(url)
    except TimeoutError:
        return Page(problem=f"no answer within {seconds:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Page(problem=str(error) or type(error).__name__)
    offset = _offset(answer.headers.get("date"), asked_at, time.time())
    return Page(answer.status_code, _object(answer), "", offset)


def _offset(date: str | None, asked_at: float, answered: float) -> float | None:
    """Return how far a Date header is outside the time in which it was written, in seconds."""
    try:
        stated = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    moment = (stated if stated.tzinfo else stated.replace(tzinfo=UTC)).timestamp()
    # Cut to the second, so the true time is up to one second later.
    if moment > answered:
        return moment - answered
    return min(moment + 1 - asked_at, 0.0)


def _object(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", body) if isinstance(body, dict) else {}
