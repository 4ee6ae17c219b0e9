"""The orchestrator's permissions in the cluster, as the API server states them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.jobs.cluster.permissions import VERBS, diagnose_cluster
from domain_services.kernel.client.diagnosis import ClusterDiagnosis
from tests.conftest import serving
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.cluster import ORCHESTRATOR
from tests.kubernetes.server import ApiServer
from tests.ports import free_port

REVIEW = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews?"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ApiServer]:
    """Serve a cluster to whoever has the kubeconfig."""
    server, port = ApiServer(), free_port()
    write_kubeconfig(tmp_path / "config", f"http://127.0.0.1:{port}")
    async with serving(server, port):  # pyright: ignore[reportArgumentType]
        yield server


async def diagnose(folder: Path, seconds: float = 30) -> ClusterDiagnosis:
    return await diagnose_cluster(str(folder / "config"), "dsm-jobs", seconds)


async def test_role_of_the_tree_has_every_verb(server: ApiServer, tmp_path: Path) -> None:
    assert await diagnose(tmp_path) == ClusterDiagnosis(namespace="dsm-jobs")
    assert server.requests == [REVIEW] * 6


@pytest.mark.parametrize("verb", VERBS)
async def test_missing_verb_is_named(server: ApiServer, tmp_path: Path, verb: str) -> None:
    server.cluster.verbs.remove(verb)
    assert (await diagnose(tmp_path)).missing_verbs == [verb]


async def test_token_that_is_not_accepted_is_the_problem(server: ApiServer, tmp_path: Path) -> None:
    server.cluster.tokens.remove(ORCHESTRATOR)
    diagnosis = await diagnose(tmp_path)
    assert "does not accept the orchestrator's token (401)" in str(diagnosis.problem)


async def test_slow_cluster_ends_at_the_deadline(server: ApiServer, tmp_path: Path) -> None:
    server.delay = 20
    diagnosis = await diagnose(tmp_path, 0.2)
    assert diagnosis.problem == "the cluster did not answer within 0.2 s"


async def test_no_cluster_is_the_problem(tmp_path: Path) -> None:
    diagnosis = await diagnose(tmp_path)
    assert "no cluster can be used" in str(diagnosis.problem)
