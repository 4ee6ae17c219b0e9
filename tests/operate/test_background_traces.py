"""Work that no request asked for has a trace of its own, and log lines name the trace."""

import json
from typing import Any

import psycopg
import pytest

from tests.agent.conftest import until
from tests.agent.test_schedules import add, complete_sprint, execute, last_result, make_due
from tests.agent.test_schedules import auto as auto
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.kernel.test_telemetry import logging_as_a_process_does
from tests.operate.conftest import Collector, ReceivedSpan
from tests.operate.test_traces import CLIENT, INTERNAL, NODES, SERVER, TRACE

CREATE = "POST /sprints/{sprint_id}"


async def trace_of(collector: Collector, root: str, names: set[str]) -> list[ReceivedSpan]:
    """Wait for the trace that a span of this name begins and that holds spans of `names`."""

    async def arrived() -> list[ReceivedSpan]:
        for begun in (s for s in collector.spans if s.name == root and not s.parent):
            spans = [span for span in collector.spans if span.trace == begun.trace]
            known = {span.id for span in spans}
            is_whole = all(span.parent in known for span in spans if span is not begun)
            if is_whole and {span.name for span in spans} >= names:
                return spans
        return []

    return await until(arrived)


async def test_a_scheduled_run_is_one_trace(collector: Collector, auto: System) -> None:
    await add(auto)
    await make_due(auto)
    await until(lambda: last_result(auto))
    spans = await trace_of(collector, "fire orchestrate", {*NODES, CREATE})
    [root] = [span for span in spans if not span.parent]
    assert root.kind == INTERNAL
    assert root.attributes["dsm.cronjob.name"] == "run-orchestrate-auto"
    assert {span.kind for span in spans} >= {SERVER, CLIENT}


async def test_the_run_that_follows_a_closing_one_is_one_trace(
    collector: Collector, auto: System
) -> None:
    await auto.orchestrate("AUTO")
    await complete_sprint(auto, "AUTO-S01")
    await add(auto)
    await make_due(auto)

    async def closing_run() -> list[Any]:
        # The tasks that the closing released would be waited for.
        hurried = "UPDATE follow_up_runs SET created_at = now() - interval '6 s' RETURNING run_id"
        return await execute(auto, hurried)

    [[run_id]] = await until(closing_run)
    spans = await trace_of(collector, "follow up run", {*NODES, CREATE})
    [root] = [span for span in spans if not span.parent]
    assert root.attributes["dsm.closing_run.id"] == str(run_id)


async def test_a_recovered_run_is_one_trace(collector: Collector, system: System) -> None:
    await system.start("project", "backlog", "chronicle", "sprint")
    await system.start("orchestrator", lease_seconds=1.5)
    await system.make_project("CUT", 4)
    url = system.databases["sprint"].replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        # The service reads sprints and cannot number a new one.
        await connection.execute("ALTER TABLE counters RENAME TO counters_away")
        assert (await system.orchestrate("CUT")).status_code == 503
        await connection.execute("ALTER TABLE counters_away RENAME TO counters")
    spans = await trace_of(
        collector, "recover run", {"node act", "node record", "POST /sprints/{sprint_id}"}
    )
    [root] = [span for span in spans if not span.parent]
    [act] = [span for span in spans if span.name == "node act"]
    assert root.attributes["dsm.run.id"] == act.attributes["dsm.run.id"]


async def test_log_lines_of_a_request_name_its_trace(
    collector: Collector, system: System, capfd: pytest.CaptureFixture[str]
) -> None:
    with logging_as_a_process_does():
        await system.start("project", slow_request_seconds=0.000001)
        answer = await system.http.get(
            f"{system.urls['project']}/projects",
            headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
        )
        assert answer.status_code == 200
        lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    [slow] = [line for line in lines if line["event"] == "request.slow"]
    assert slow["trace_id"] == TRACE


async def test_without_a_collector_log_lines_name_no_trace(
    system: System, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    with logging_as_a_process_does():
        await system.start("project", slow_request_seconds=0.000001)
        await system.http.get(f"{system.urls['project']}/projects")
        log = capfd.readouterr().err
    assert "request.slow" in log
    assert "trace_id" not in log
