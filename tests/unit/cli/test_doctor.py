"""Findings of `dsm doctor`: each trouble is named with what to do, and hides no other."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest

from agent.cli.doctor import united
from agent.doctor import facts as facts_module
from agent.doctor.examination import judge, newest_revision
from agent.doctor.facts import Facts, Page, Reply, ServiceFacts
from agent.doctor.findings import Finding, has_failed
from agent.schedules.schema import ScheduledJob
from deploy.catalogue import SERVICES
from domain_services.embedding.schema import Health
from domain_services.kernel.client.diagnosis import (
    CallerDiagnosis,
    ClusterDiagnosis,
    DatabaseDiagnosis,
    Diagnosis,
    RedisDiagnosis,
)

[SPRINT] = [spec for spec in SERVICES if spec.name == "sprint"]
NEWEST = newest_revision(SPRINT)
GOOD = Page(200, {"status": "ok"}, clock_offset_seconds=0.0)
DATABASE = DatabaseDiagnosis(
    server="1",
    version="18.4",
    connections=20,
    max_connections=97,
    revision=NEWEST,
    is_pooled=False,
    is_replica=False,
)
REDIS = RedisDiagnosis(version="7.2", mode="standalone", eviction_policy="noeviction")


def diagnosed(**values: Any) -> Reply[Diagnosis]:
    base = Diagnosis(
        service="sprint-service",
        release="0.1.0",
        now=datetime(2026, 1, 1, tzinfo=UTC),
        caller=CallerDiagnosis(name="admin", role="admin"),
        most_connections=17,
        has_direct_url=False,
        database=DATABASE,
        redis=REDIS,
    )
    return Reply(base.model_copy(update=values))


def database(**values: Any) -> Reply[Diagnosis]:
    return diagnosed(database=DATABASE.model_copy(update=values))


def redis(**values: Any) -> Reply[Diagnosis]:
    return diagnosed(redis=REDIS.model_copy(update=values))


def findings(
    diagnosis: Reply[Diagnosis] | None = None,
    *,
    health: Page = GOOD,
    serving: Page = GOOD,
    ready: Page = GOOD,
    **installation: Any,
) -> list[Finding]:
    service = ServiceFacts("sprint", "http://s", health, serving, ready, diagnosis or diagnosed())
    whole: dict[str, Any] = {
        "schedules": Reply([]),
        "dead_letters": {"sprint": Reply(0)},
        "embedding": Reply(
            Health(status="healthy", ollama_available=False, local_model_available=True, model="m")
        ),
    }
    return list(judge(Facts((service,), **(whole | installation)), (SPRINT,)))


def trouble(results: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.result) for finding in results if finding.result != "ok"]


def test_installation_without_trouble_is_ok_everywhere() -> None:
    results = findings()
    assert trouble(results) == []
    assert not has_failed(results)
    assert {"reachable", "serving", "ready", "loops", "clock", "key", "release", "database"} <= {
        finding.check for finding in results
    }


@pytest.mark.parametrize(
    ("page", "result", "text"),
    [
        (Page(503, {"database": "ok", "redis": "error"}), "failed", "redis"),
        (Page(503, {"external_apis": {"backlog-service": "error"}}), "failed", "backlog-service"),
        (
            Page(503, {"services": {"chronicle-service": {"status": "error"}}}),
            "failed",
            "chronicle",
        ),
        (Page(200, {"services": {"redis": {"status": "error"}}}), "warning", "redis"),
        (Page(503), "failed", "503"),
        (Page(problem="no answer within 6 s"), "failed", "no answer"),
    ],
)
def test_failing_dependency_is_named(page: Page, result: str, text: str) -> None:
    [finding] = [row for row in findings(ready=page) if row.check == "ready"]
    assert (finding.result, text in finding.message) == (result, True)
    assert finding.advice


@pytest.mark.parametrize(
    ("body", "result"),
    [
        ({"background": {"relay": "failing"}}, "warning"),
        ({"background": {"relay": "stopped"}}, "failed"),
        (
            {"services": {"background": {"status": "error", "loops": {"relay": "stopped"}}}},
            "failed",
        ),
    ],
)
def test_loop_in_trouble_is_named(body: dict[str, Any], result: str) -> None:
    [finding] = [row for row in findings(ready=Page(200, body)) if row.check == "loops"]
    assert (finding.result, "relay" in finding.message) == (result, True)


@pytest.mark.parametrize("reason", ["draining", "database"])
def test_service_that_takes_no_requests_says_why(reason: str) -> None:
    results = findings(serving=Page(503, {"status": "not_serving", "reason": reason}))
    assert trouble(results) == [("serving", "failed")]
    assert any(reason in finding.message for finding in results)


@pytest.mark.parametrize(
    ("diagnosis", "check", "result", "advice"),
    [
        (Reply(status=401), "key", "failed", "--key-file"),
        (Reply(status=403), "key", "warning", "viewer"),
        (Reply(status=404), "release", "warning", "0.1.0"),
        (diagnosed(release="9.9.9"), "release", "warning", "one release"),
        (diagnosed(service="backlog-service"), "identity", "failed", "sprint-service"),
        (diagnosed(database=None), "database", "failed", "DSM_DATABASE_URL"),
        (
            diagnosed(database=DatabaseDiagnosis(problem="refused")),
            "database",
            "failed",
            "check",
        ),
        (database(is_replica=True), "database", "failed", "primary"),
        (database(revision=None), "schema", "failed", "dsm migrate"),
        (database(revision="sprint_0001"), "schema", "failed", "dsm migrate"),
        (database(revision="sprint_9999"), "schema", "warning", "newer release"),
        (database(revision="backlog_0001"), "schema", "failed", "dsm migrate"),
        (database(may_read_revision=False, revision=None), "schema", "warning", "dsm migrate"),
        (database(is_pooled=True), "pooler", "warning", "DSM_DATABASE_DIRECT_URL"),
        (database(max_connections=16), "connections", "failed", "DSM_POOL_SIZE"),
        (database(connections=90), "connections", "warning", "max_connections"),
        (
            diagnosed(redis=RedisDiagnosis(problem="refused")),
            "redis",
            "failed",
            "DSM_REDIS_URL",
        ),
        (redis(mode="cluster"), "redis", "failed", "one primary"),
        (redis(mode="sentinel"), "redis", "failed", "primary"),
        (redis(is_replica=True), "redis", "failed", "primary"),
        (redis(eviction_policy="allkeys-lru"), "redis", "warning", "noeviction"),
    ],
)
def test_trouble_is_found_alone_with_what_to_do(
    diagnosis: Reply[Diagnosis], check: str, result: str, advice: str
) -> None:
    results = findings(diagnosis)
    assert trouble(results) == [(check, result)]
    [it] = [finding for finding in results if finding.result != "ok"]
    assert advice in it.advice


def test_pooler_with_a_url_past_it_is_ok() -> None:
    pooled = DATABASE.model_copy(update={"is_pooled": True})
    assert trouble(findings(diagnosed(database=pooled, has_direct_url=True))) == []


def test_service_that_does_not_answer_hides_no_other_check() -> None:
    results = findings(
        Reply(problem="cannot be reached"),
        health=Page(problem="connection refused"),
        dead_letters={"sprint": Reply(3)},
    )
    assert trouble(results) == [("reachable", "failed"), ("dead letters", "warning")]


def test_one_failed_event_is_told_in_words_that_hold_for_each_of_several_services() -> None:
    messages = [
        finding.message
        for count in (1, 2)
        for finding in findings(dead_letters={"sprint": Reply(count)})
        if finding.result == "warning"
    ]
    assert messages == [
        "a failed event waits for a person",
        "2 failed events wait for a person",
    ]


def test_another_program_at_the_url_is_no_service() -> None:
    assert trouble(findings(health=Page(200)))[0] == ("reachable", "failed")
    assert trouble(findings(health=Page(404, {"x": 1})))[0] == ("reachable", "failed")


def test_schedules_that_the_cluster_does_not_have_are_named() -> None:
    rows = [
        ScheduledJob.model_construct(name=state, state=state, state_reason=f"why {state}")  # type: ignore[arg-type]
        for state in ("pending", "refused", "active")
    ]
    results = findings(schedules=Reply(rows))
    assert trouble(results) == [("schedules", "failed"), ("schedules", "warning")]
    assert any("why pending" in finding.message for finding in results)


def test_silent_store_is_one_line_of_its_service() -> None:
    without_redis = diagnosed(redis=RedisDiagnosis(problem="no answer within 3 s"))
    ready = Page(503, {"database": "ok", "redis": "error"})
    assert trouble(findings(without_redis, ready=ready)) == [("redis", "failed")]
    both = Page(503, {"database": "error", "redis": "error"})
    assert trouble(findings(without_redis, ready=both)) == [
        ("ready", "failed"),
        ("redis", "failed"),
    ]
    # The daily-scrum service answers so, by the specification.
    health = Page(503, {"status": "error", "redis": "disconnected"}, clock_offset_seconds=0.0)
    assert trouble(findings(without_redis, health=health, ready=ready)) == [("redis", "failed")]


def test_service_that_waits_for_its_schema_is_one_line() -> None:
    waiting = Page(503, {"status": "not_serving", "reason": "schema"})
    silent: Reply[Any] = Reply(problem="sprint answered 503")
    results = findings(silent, serving=waiting, ready=waiting, dead_letters={"sprint": silent})
    assert trouble(results) == [("schema", "failed")]
    [finding] = [row for row in results if row.result == "failed"]
    assert "dsm migrate" in finding.advice


def test_refused_key_is_one_line_of_its_service() -> None:
    refused: Reply[Any] = Reply(status=401, problem="this API key is not known")
    results = findings(refused, dead_letters={"sprint": refused})
    assert trouble(results) == [("key", "failed")]


def test_same_trouble_of_several_services_is_one_line() -> None:
    advice = "give another"
    rows = [Finding(name, "key", "failed", "not known", advice) for name in ("sprint", "backlog")]
    ok = [Finding(name, "release", "ok", "0.1.0") for name in ("sprint", "backlog")]
    assert united([rows[0], *ok, rows[1]]) == [
        Finding("2 services", "key", "failed", "not known (sprint, backlog)", advice),
        *ok,
    ]


def test_each_verb_that_the_orchestrator_lacks_is_named() -> None:
    cluster = ClusterDiagnosis(namespace="dsm-jobs", missing_verbs=["create", "patch"])
    results = findings(diagnosed(cluster=cluster))
    assert trouble(results) == [("cluster", "failed")]
    [finding] = [row for row in results if row.check == "cluster"]
    assert finding.message == "the orchestrator may not create, patch cronjobs in dsm-jobs"
    assert "deploy/k8s/base/rbac" in finding.advice
    granted = findings(diagnosed(cluster=ClusterDiagnosis(namespace="dsm-jobs")))
    assert trouble(granted) == []
    away = ClusterDiagnosis(namespace="dsm-jobs", problem="no answer")
    assert trouble(findings(diagnosed(cluster=away))) == [("cluster", "failed")]


@pytest.mark.parametrize(
    ("behind", "result"), [(0, None), (3, None), (10, "warning"), (-10, "warning"), (120, "failed")]
)
def test_clock_of_a_service_is_compared_with_this_machine(behind: int, result: str | None) -> None:
    now = time.time()
    offset = facts_module._offset(formatdate(now - behind, usegmt=True), now, now + 0.1)
    page = Page(200, {"status": "ok"}, clock_offset_seconds=offset)
    assert trouble(findings(health=page)) == ([("clock", result)] if result else [])


def test_header_without_a_time_says_nothing_about_the_clock() -> None:
    assert facts_module._offset(None, 0, 1) is None
    assert facts_module._offset("yesterday", 0, 1) is None
