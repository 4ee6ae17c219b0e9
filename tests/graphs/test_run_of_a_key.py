"""A repeated request finds the run that its key began, also after a crash."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.runs import resumption
from domain_services.kernel.database import idempotency
from memory import earlier_keys
from tests.agent.conftest import get
from tests.conftest import OPERATOR_KEY
from tests.graphs.conftest import System
from tests.graphs.test_failing_runs import change, end_lease, wait_for_status

PATH = "/orchestrate/project/KEY"


@pytest.fixture
async def started(system: System, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[System]:
    """Start services with one project, and a recovery that looks often."""
    monkeypatch.setattr(resumption, "RECOVERY_SECONDS", 0.1)
    await system.start("project", "backlog", "chronicle", "sprint", "orchestrator")
    await system.make_project("KEY", 4)
    yield system


async def ask(system: System, key: str = "k-1", body: Any = None, **headers: str) -> Any:
    url = system.urls["orchestrator"] + PATH
    return await system.http.post(url, json=body or {}, headers={"Idempotency-Key": key, **headers})


async def test_repeated_request_gets_the_first_answer(started: System) -> None:
    first = await ask(started)
    again = await ask(started)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await change(started, "SELECT count(*) FROM runs") == [(1,)]


async def test_key_belongs_to_its_caller_and_its_request(started: System) -> None:
    first = await ask(started)
    operator = await ask(started, authorization=f"Bearer {OPERATOR_KEY}")
    assert operator.status_code == 200
    assert operator.json()["run_id"] != first.json()["run_id"]
    other_body = await ask(started, body={"dry_run": True})
    assert (other_body.status_code, other_body.json()["code"]) == (400, "invalid")
    await started.make_project("OTHER", 1)
    url = started.urls["orchestrator"] + "/orchestrate/project/OTHER"
    other_project = await started.http.post(url, json={}, headers={"Idempotency-Key": "k-1"})
    assert (other_project.status_code, other_project.json()["code"]) == (400, "invalid")
    assert (await ask(started, key="two words")).status_code == 400


async def test_repeated_request_gets_the_answer_of_the_recovered_run(started: System) -> None:
    first = (await ask(started)).json()
    await change(started, "DELETE FROM episode_journal")
    # Unfinished and held, as by a process that was killed a moment ago.
    await end_lease(started, first["run_id"])
    await change(started, "UPDATE runs SET lease_until = now() + interval '1 hour'")
    waiting = await ask(started)
    assert (waiting.status_code, waiting.json()["code"]) == (409, "request_in_progress")
    assert (waiting.json()["run_id"], waiting.headers["retry-after"]) == (first["run_id"], "1")
    await change(started, "UPDATE runs SET lease_until = now()")
    await wait_for_status(started, first["run_url"], "done")
    again = await ask(started)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["run_id"] == first["run_id"]
    assert again.json()["created"] == first["created"]


async def test_key_of_a_failed_or_abandoned_run_may_be_sent_again(started: System) -> None:
    first = (await ask(started)).json()
    await change(started, "UPDATE runs SET status = 'failed', response = NULL")
    second = (await ask(started)).json()
    assert second["run_id"] != first["run_id"]
    await change(
        started,
        "UPDATE runs SET status = 'running', lease_until = now() - interval '1 s'"
        " WHERE run_id = %s",
        second["run_id"],
    )
    third = await ask(started)
    assert third.status_code == 200
    assert third.json()["run_id"] not in (first["run_id"], second["run_id"])
    assert (await get(started, second["run_url"]))["status"] == "abandoned"


async def test_key_is_free_again_after_a_day(started: System) -> None:
    first = (await ask(started)).json()
    await change(started, "UPDATE runs SET started_at = now() - interval '25 hours'")
    later = await ask(started)
    assert "idempotency-replayed" not in later.headers
    assert later.json()["run_id"] != first["run_id"]
    assert (await ask(started)).json() == later.json()


@pytest.mark.parametrize(
    ("status", "age", "answered"),
    [(200, "23 hours", 200), (None, "5 s", 409), (None, "61 s", 200), (200, "25 hours", 200)],
)
async def test_answer_of_the_release_before_is_given_and_not_decided_again(
    started: System, status: int | None, age: str, answered: int
) -> None:
    """It stored the key beside its runs; a process that died holds it for a minute."""
    request = idempotency.keyed("", earlier_keys.ROUTE, "k-1", PATH, "", "{}")
    await change(
        started,
        "INSERT INTO idempotency_keys (route, key, request_hash, status, headers, body, claimed_at)"
        " VALUES (%s, 'k-1', %s, %s, '[]', '{\"run_id\": \"earlier\"}', now() - %s::interval)",
        request.route,
        request.request_hash,
        status,
        age,
    )
    answer = await ask(started)
    assert answer.status_code == answered
    is_repeated = (status, age) == (200, "23 hours")
    assert ("idempotency-replayed" in answer.headers) == is_repeated
    decided = 0 if is_repeated or answered == 409 else 1
    assert await change(started, "SELECT count(*) FROM runs") == [(decided,)]
    other = await ask(started, body={"dry_run": True})
    assert other.headers.get("idempotency-replayed") is None
