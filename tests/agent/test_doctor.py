"""`dsm doctor` against real services, of which some are away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli.main import app
from agent.doctor import facts
from domain_services.kernel.web import diagnosis, health
from tests.conftest import ADMIN_KEY, serving
from tests.graphs.conftest import System
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.server import ApiServer
from tests.ports import free_port


@pytest.fixture(autouse=True)
def _long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only a service that is away end a question: a busy machine is no finding."""
    monkeypatch.setattr(facts, "QUESTION_SECONDS", 60.0)
    monkeypatch.setattr(health, "CHECK_SECONDS", 20.0)
    monkeypatch.setattr(diagnosis, "STORE_SECONDS", 20.0)
    monkeypatch.delenv("DSM_DATA_DIR", raising=False)


async def examine(system: System, key: str, *names: str) -> tuple[int, dict[tuple[str, str], Any]]:
    urls = [word for name in names for word in ("--url", f"{name}={system.urls[name]}")]
    environment = {"DSM_AUTH__SERVICE_KEY": key}
    # In a thread, because a command has an event loop of its own.
    done = await asyncio.to_thread(
        CliRunner().invoke, app, ["doctor", "--json", *urls], env=environment
    )
    assert key not in done.output
    # The services log to the same stream, because they run in this process.
    answer, _ = json.JSONDecoder().raw_decode(done.stdout, done.stdout.index('{\n  "healthy"'))
    rows = answer["findings"]
    return done.exit_code, {(row["service"], row["check"]): row for row in rows}


async def test_services_and_stores_are_checked_also_when_a_peer_is_away(system: System) -> None:
    await system.start("project", "backlog", "orchestrator")
    code, results = await examine(system, ADMIN_KEY, "project", "backlog", "sprint", "orchestrator")
    assert code == 1
    assert results["sprint", "reachable"]["result"] == "failed"
    assert results["orchestrator", "ready"]["result"] == "failed"
    assert "sprint-service" in results["orchestrator", "ready"]["message"]
    for check in ("reachable", "ready", "key", "release", "clock", "database", "schema", "redis"):
        assert results["backlog", check]["result"] == "ok", results["backlog", check]
    assert results["orchestrator", "extension"]["message"].startswith("vector 0.")
    assert results["backlog", "dead letters"]["result"] == "ok"
    assert results["all", "connections"]["result"] == "ok"
    assert "chronicle" in results["all", "services"]["message"]


async def test_wrong_url_and_wrong_key_are_told_apart(system: System) -> None:
    await system.start("project")
    system.urls["backlog"] = system.urls["project"]
    code, results = await examine(system, ADMIN_KEY, "backlog")
    assert (code, results["backlog", "identity"]["message"]) == (
        1,
        "project-service answers at this URL",
    )
    code, results = await examine(system, "dsm_unknown", "project")
    assert (code, results["project", "key"]["result"]) == (1, "failed")
    assert results["project", "reachable"]["result"] == "ok"


async def test_verbs_that_the_orchestrator_lacks_in_the_cluster_are_named(
    system: System, tmp_path: Path
) -> None:
    cluster, port = ApiServer(), free_port()
    cluster.cluster.verbs = {"list", "get"}
    write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")
    in_cluster = {"schedules": "kubernetes", "image": "dsm:0.1.0"}
    async with serving(cluster, port):  # pyright: ignore[reportArgumentType]
        await system.start("orchestrator", kubeconfig=str(tmp_path / "config"), **in_cluster)
        # The caller has no access to the cluster, and needs none.
        code, results = await examine(system, ADMIN_KEY, "orchestrator")
        await system.stop("orchestrator")
    assert code == 1
    assert results["orchestrator", "cluster"]["message"] == (
        "the orchestrator may not create, update, patch, delete cronjobs in dsm-jobs"
    )


async def test_no_stack_is_a_finding(tmp_path: Path) -> None:
    arguments = ["doctor", "--data-dir", str(tmp_path / "none")]
    done = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert done.exit_code == 1
    assert "no stack is running" in done.output
    assert "0 ok, 0 warning, 1 failed" in done.output
