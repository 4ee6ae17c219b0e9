"""The adapter's own calls to a cluster on a cassette: the life of a schedule.

`make record` records them from the API server of tests/kubernetes, or from the cluster of the
kubeconfig that DSM_RECORD_KUBECONFIG names; it needs the namespace `dsm-jobs`.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import vcr

from agent.jobs.cluster.access import open_client
from agent.jobs.cluster.api import ClusterApi
from agent.jobs.cluster.objects import build, serialize
from agent.jobs.cluster.problems import AlreadyExists, ClusterForbidden, Modified, NamespaceMissing
from tests.conftest import serving
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.server import ApiServer
from tests.ports import free_port
from tests.recorded.conversation import FOLDER, masked, masked_response, text_of
from tests.recorded.test_kubernetes import NAME, PODS, SCRUM

ADDRESS = "http://cluster.test"
CASSETTE = "test_cluster/life_of_a_schedule"
REAL_CLUSTER = "DSM_RECORD_KUBECONFIG"


@dataclass
class Tape:
    """Requests of this run on their way to the cassette."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list[tuple[str, str, Any]])
    """Method, path with query, and body of each different request, with placeholders."""

    def request(self, request: Any) -> Any:
        """Return what is matched and recorded of a request."""
        place = request.uri.split("/", 3)[3]
        body = request.body and masked(text_of(request.body))
        call = (request.method, f"/{place}", body and json.loads(body))
        # One request passes here several times.
        if call not in self.sent:
            self.sent.append(call)
        request.uri, request.headers = f"{ADDRESS}/{place}", {}
        request.body = body and body.encode()
        return request

    def bodies(self, method: str) -> list[Any]:
        """Return the different bodies of a method."""
        return [body for verb, _, body in self.sent if verb == method]


@pytest.fixture
async def tape(record_mode: str, tmp_path: Path) -> AsyncIterator[tuple[Tape, str]]:
    """Play the cassette, or record it; the second is a kubeconfig for the adapter."""
    recording, path, config = (
        record_mode != "none",
        FOLDER / f"{CASSETTE}.yaml",
        tmp_path / "config",
    )
    real = os.environ.get(REAL_CLUSTER) if recording else None
    tape = Tape()
    async with AsyncExitStack() as stack:
        address = ADDRESS
        if recording and not real:
            double: Any = ApiServer()
            address = await stack.enter_async_context(serving(double, free_port()))
        write_kubeconfig(config, address)
        if recording:
            path.unlink(missing_ok=True)
        player = vcr.VCR(
            record_mode="all" if recording else "none",
            match_on=["method", "host", "path", "query", "body"],
            before_record_request=tape.request,
            before_record_response=masked_response,
        )
        with player.use_cassette(str(path)) as cassette:
            tape.sent.clear()  # loading a cassette passes its own requests
            yield tape, real or str(config)
        assert recording or cassette.all_played


async def test_schedule_lives_through_create_list_replace_and_delete(
    tape: tuple[Tape, str],
) -> None:
    recorded, kubeconfig = tape
    api = ClusterApi(lambda: open_client(kubeconfig), PODS.namespace, PODS.installation)
    nowhere = ClusterApi(lambda: open_client(kubeconfig), "nowhere", PODS.installation)
    built, later = (
        build(SCRUM, PODS),
        build(SCRUM.model_copy(update={"schedule": "30 9 * * 1-5"}), PODS),
    )
    try:
        # An account with rights in one namespace is not told whether another exists.
        with pytest.raises((ClusterForbidden, NamespaceMissing), match="namespace nowhere"):
            await nowhere.create(build(SCRUM, replace(PODS, namespace="nowhere")))
        created = await api.create(built)
        assert (created.name, created.project, created.generation) == (NAME, "TEST-001", 1)
        assert api.is_ours(created)
        with pytest.raises(AlreadyExists):
            await api.create(built)
        assert [live.name for live in await api.list_ours()] == [NAME]
        changed = await api.replace(later, created)
        assert (changed.generation, changed.uid) == (2, created.uid)
        with pytest.raises(Modified, match="has been modified"):
            await api.replace(built, created)
        assert await api.delete(changed)
        assert not await api.delete(changed)
        assert await api.read(NAME) is None
    finally:
        api.close()
        nowhere.close()
    _assert_sent(recorded, built, later)


def _assert_sent(tape: Tape, built: Any, later: Any) -> None:
    """Check what left the adapter: a cassette shows what was sent once."""
    [elsewhere, created] = tape.bodies("POST")
    assert created == _with_placeholders(built)
    assert elsewhere["metadata"]["namespace"] == "nowhere"
    changes = tape.bodies("PUT")
    for change in changes:
        versions = {name: change["metadata"].pop(name) for name in ("uid", "resourceVersion")}
        assert all(versions.values())
    assert changes == [_with_placeholders(later), _with_placeholders(built)]
    [deletion] = tape.bodies("DELETE")
    assert deletion["propagationPolicy"] == "Background"
    assert deletion["preconditions"]["uid"]
    queries = {urlsplit(place).query for verb, place, _ in tape.sent if verb in ("POST", "PUT")}
    assert queries == {"fieldValidation=Strict"}


def _with_placeholders(built: Any) -> Any:
    return json.loads(masked(json.dumps(serialize(built))))
