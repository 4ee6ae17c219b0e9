"""Access to the cluster: a kubeconfig that is named, KUBECONFIG, or the pod's own account."""

from pathlib import Path

import pytest

from agent.jobs.cluster.access import open_client
from agent.jobs.cluster.problems import ClusterUnavailable
from tests.kubernetes.access import write_kubeconfig

POD = "kubernetes.config.incluster_config"


def token_of(client: object) -> str | None:
    configuration = client.configuration  # type: ignore[attr-defined]
    return configuration.get_api_key_with_prefix("BearerToken")


@pytest.fixture
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the process what a pod with a mounted token has, and return the token's file."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    (tmp_path / "ca.crt").write_text("certificate")
    token = tmp_path / "token"
    token.write_text("first")
    monkeypatch.setattr(f"{POD}.SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(f"{POD}.SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr("kubernetes.client.rest.RESTClientObject.__init__", lambda *_: None)
    return token


def test_named_kubeconfig_comes_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_kubeconfig(tmp_path / "named", "http://127.0.0.1:1")
    write_kubeconfig(tmp_path / "variable", "http://127.0.0.1:2")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "variable"))
    assert open_client(str(tmp_path / "named")).configuration.host == "http://127.0.0.1:1"
    assert open_client(None).configuration.host == "http://127.0.0.1:2"


def test_pod_uses_its_account_and_reads_an_exchanged_token(pod: Path) -> None:
    client = open_client(None)
    assert client.configuration.host == "https://10.0.0.1:443"
    assert token_of(client) == "bearer first"
    pod.write_text("second")
    assert token_of(open_client(None)) == "bearer second"


def test_retries_of_the_client_are_off(pod: Path) -> None:
    assert open_client(None).configuration.retries is False


def test_no_cluster_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ClusterUnavailable, match="set DSM_KUBECONFIG, or run the orchestrator in"):
        open_client(None)
