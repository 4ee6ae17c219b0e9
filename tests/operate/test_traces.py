"""One trace runs from the edge through graph nodes and peers to events and the chronicle."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import httpx
import pytest

from domain_services.kernel import context, tracing
from tests.agent.conftest import until
from tests.agent.conftest import whole as whole
from tests.graphs.conftest import System
from tests.graphs.conftest import system as system
from tests.operate.conftest import Collector

INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER = 1, 2, 3, 4, 5
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"
NODES = {
    "graph decision",
    "tool create_sprint",
    "node analyse",
    "node recall",
    "node adjust",
    "node act",
    "node record",
}
SERVICES = {"project-orchestrator", "sprint-service", "backlog-service"}


async def test_one_trace_reaches_nodes_peers_events_and_the_chronicle(
    collector: Collector, whole: System
) -> None:
    project = "P-TRACED"
    facts = {"id": project, "name": "Secret plan of Ada", "country": "DE"}
    await whole.post("project", "/projects", facts)
    await whole.post("project", "/employees", {"id": "ada", "name": "Ada"})
    members = {"employee_ids": ["ada"]}
    await whole.post("project", f"/projects/{project}/team-members-assign", members)
    tasks = {"tasks": [{"title": f"Ask Ada {number}"} for number in range(3)]}
    await whole.post("backlog", f"/backlogs/{project}/tasks", tasks)
    answer = await whole.http.post(
        f"{whole.urls['orchestrator']}/orchestrate/project/{project}",
        json={},
        headers={"traceparent": f"00-{TRACE}-{CALLER}-01"},
    )
    assert answer.status_code == 200

    async def whole_trace_arrived() -> bool:
        # Each service sends its ended spans in batches of its own: they arrive in any order.
        spans = [s for s in collector.spans if s.trace == TRACE]
        return (
            {s.name for s in spans} >= NODES
            and {s.service for s in spans if s.kind == SERVER} >= SERVICES
            and any(s.service.startswith("chronicle") for s in spans)
            and any(s.name.startswith("process ") for s in spans)
            and any(s.name.startswith("publish ") for s in spans)
            and {s.parent for s in spans} - {s.id for s in spans} == {CALLER}
        )

    await until(whole_trace_arrived)
    spans = {span.id: span for span in collector.spans if span.trace == TRACE}
    edge = next(s for s in spans.values() if s.parent == CALLER)
    assert edge.service == "project-orchestrator"
    assert edge.attributes["http.route"] == "/orchestrate/project/{project_id}"
    for span in spans.values():
        if span.kind == SERVER and span is not edge:
            assert spans[span.parent].kind == CLIENT
        if span.kind == CONSUMER:
            assert spans[span.parent].kind == PRODUCER
            assert span.links == (span.parent,)
        if span.name.startswith("publish "):
            assert span.kind == PRODUCER
            assert spans[span.parent].name == span.name.replace("publish", "send")
    shown = str(spans)
    assert "Ada" not in shown
    assert "ada" not in {v for s in spans.values() for v in s.attributes.values()}
    assert "dsm_test" not in shown


async def test_a_dead_collector_costs_one_log_line(
    monkeypatch: pytest.MonkeyPatch, whole_dead: System, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(20):
        answer = await whole_dead.http.get(f"{whole_dead.urls['project']}/projects")
        assert answer.status_code == 200

    async def logged() -> bool:
        logged_lines.append(capsys.readouterr().out)
        return "traces.not_exported" in "".join(logged_lines)

    logged_lines: list[str] = []
    await until(logged)
    for _ in range(20):
        await whole_dead.http.get(f"{whole_dead.urls['project']}/projects")
    text = "".join([*logged_lines, capsys.readouterr().out])
    assert text.count("traces.not_exported") == 1
    assert "opentelemetry" not in text


@pytest.fixture
async def whole_dead(monkeypatch: pytest.MonkeyPatch, system: System) -> System:
    """Start one service whose collector does not exist."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    await system.start("project")
    return system


async def test_without_a_collector_nothing_of_traces_is_called_or_allocated(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    await system.start("project")
    called: list[str] = []
    files = (tracing.__file__, str(Path(tracing.__file__).parent / "web/traces.py"))

    def watch(frame: object, event: str, _: object) -> None:
        name = frame.f_code.co_filename  # pyright: ignore[reportAttributeAccessIssue]
        if event == "call" and name in files:
            called.append(name)

    tracemalloc.start()
    sys.setprofile(watch)
    try:
        answer = await system.http.get(f"{system.urls['project']}/projects")
    finally:
        sys.setprofile(None)
        allocations = tracemalloc.take_snapshot().filter_traces(
            [tracemalloc.Filter(True, file) for file in files]
        )
        tracemalloc.stop()
    assert answer.status_code == 200
    assert called == []
    assert allocations.statistics("filename") == []
    assert context.tracer.get() is None


def test_without_a_collector_opentelemetry_is_not_imported() -> None:
    code = (
        "import sys, agent.app, domain_services.sprint.app;"
        "print('domain_services.kernel.tracing_export' in sys.modules,"
        " 'opentelemetry.exporter.otlp.proto.http' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"


def test_a_collector_without_the_packages_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "domain_services.kernel.tracing_export", None)
    with pytest.raises(tracing.TracesNotInstalled, match="install the extra `otel`"):
        tracing.open_tracer("project-service")


def test_a_disabled_sdk_makes_no_tracer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracing.open_tracer("project-service") is None


async def test_a_failure_shows_its_class_and_not_its_words(collector: Collector) -> None:
    tracer = tracing.open_tracer("test-service")
    assert tracer is not None
    with (
        pytest.raises(ValueError, match="Ada"),
        tracing.spanning(tracer, "work", "internal", {}, parent=None),
    ):
        raise ValueError("Ada is ill")
    await tracer.close()
    [span] = collector.spans
    assert span.attributes["error.type"] == "ValueError"
    assert "Ada" not in str(span)
    assert httpx.URL(collector.url).host == "127.0.0.1"
