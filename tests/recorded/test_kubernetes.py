"""The official client and the adapter on recordings of a real API server (kube-apiserver 1.36)."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import vcr
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from agent.jobs.cluster.api import ClusterApi
from agent.jobs.cluster.objects import Pods, build, serialize
from agent.jobs.cluster.permissions import AccessReviews
from agent.jobs.cluster.problems import (
    AlreadyExists,
    ClusterForbidden,
    ClusterRefused,
    Gone,
    Modified,
    NamespaceMissing,
    TokenRefused,
    problem_of,
)
from tests.kubernetes import recordings
from tests.kubernetes.recordings import flat
from tools.cronjobs import CronJob

SERVER = "https://127.0.0.1:30452"
NAME = "run-dailyscrum-test-001-s09"
PODS = Pods(
    namespace="dsm-jobs",
    installation="0b6d",
    image="dsm:0.1.0",
    key_secret="dsm-jobs-key",
    sprint_url="http://sprint-service.dsm.svc.cluster.local",
    orchestrator_url="http://project-orchestrator.dsm.svc.cluster.local",
    version="0.1.0",
)
SCRUM = CronJob(
    name=NAME,
    project_id="TEST-001",
    sprint_id="TEST-001-S09",
    schedule="0 14 * * 1-5",
    timezone="Europe/Berlin",
    ends_on=date(2027, 1, 8),
    starts_at=datetime(2026, 11, 29, 7, 56, tzinfo=UTC),
)


@dataclass
class Life:
    """A recording that answers in the place of the server."""

    sent: list[Any] = field(default_factory=list[Any])
    cassette: Any = None

    def note(self, request: Any) -> Any:
        self.sent.append(request)
        return request

    @property
    def last_body(self) -> Any:
        return json.loads(self.sent[-1].body)

    @property
    def last_query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.sent[-1].uri).query))


def open_client() -> client.ApiClient:
    configuration = client.Configuration(host=SERVER)
    configuration.retries = False
    return client.ApiClient(configuration)


def playing(name: str, match_on: list[str]) -> Iterator[Life]:
    life = Life()
    player = vcr.VCR(record_mode="none", match_on=match_on, before_record_request=life.note)
    with player.use_cassette(str(recordings.FOLDER / f"{name}.yaml")) as cassette:
        life.sent.clear()  # the requests of the recording were read through the same function
        life.cassette = cassette
        yield life


@pytest.fixture
def verbatim() -> Iterator[Life]:
    yield from playing("cronjobs-life", ["method", "path", "query", "body"])


@pytest.fixture
def life() -> Iterator[Life]:
    yield from playing("cronjobs-life", ["method", "path"])


@pytest.fixture
async def api(life: Life) -> AsyncIterator[ClusterApi]:
    api = ClusterApi(open_client, "dsm-jobs", "0b6d")
    yield api
    api.close()


def test_official_client_sends_and_reads_the_recorded_life(verbatim: Life) -> None:
    batch = client.BatchV1Api(open_client())
    body = json.loads(recordings.read("cronjobs-life")[0].body)
    created: Any = batch.create_namespaced_cron_job("dsm-jobs", body)
    assert (created.metadata.generation, created.spec.time_zone) == (1, "Europe/Berlin")
    with pytest.raises(ApiException) as exists:
        batch.create_namespaced_cron_job("dsm-jobs", body)
    assert exists.value.status == 409
    stale: Any = batch.read_namespaced_cron_job(NAME, "dsm-jobs")
    own = "app.kubernetes.io/managed-by=dsm,dsm.dev/project=TEST-001"
    for selector, names in ((own, [NAME]), ("dsm.dev/project in (OTHER)", [])):
        page = batch.list_namespaced_cron_job("dsm-jobs", label_selector=selector)
        assert [item.metadata.name for item in page.items if item.metadata] == names
    batch.list_namespaced_cron_job("dsm-jobs", limit=1)
    paused: Any = batch.patch_namespaced_cron_job(NAME, "dsm-jobs", {"spec": {"suspend": True}})
    assert (paused.spec.suspend, paused.metadata.generation) == (True, 2)
    with pytest.raises(ApiException, match="the object has been modified"):
        batch.replace_namespaced_cron_job(NAME, "dsm-jobs", stale)
    body["metadata"]["name"] = "dry"
    batch.create_namespaced_cron_job("dsm-jobs", body, dry_run="All")
    batch.delete_namespaced_cron_job(NAME, "dsm-jobs", propagation_policy="Background")
    with pytest.raises(ApiException, match="not found"):
        batch.delete_namespaced_cron_job(NAME, "dsm-jobs")
    with pytest.raises(ApiException, match="not found"):
        batch.read_namespaced_cron_job(NAME, "dsm-jobs")
    assert verbatim.cassette.all_played


async def test_adapter_lives_through_the_recorded_answers(api: ClusterApi, life: Life) -> None:
    built = build(SCRUM, PODS)
    created = await api.create(built)
    assert (created.name, created.generation, created.warnings) == (NAME, 1, ())
    assert life.last_query == {"fieldValidation": "Strict"}
    assert life.last_body == serialize(built)
    with pytest.raises(AlreadyExists, match="already exists"):
        await api.create(built)
    present = await api.read(NAME)
    assert present is not None
    assert (present.version, present.spec_hash, present.project) == ("280", "abc", "TEST-001")
    assert not api.is_ours(present)  # recorded without an installation
    [listed] = await api.list_ours()
    assert listed == present
    assert life.last_query == {
        "labelSelector": "app.kubernetes.io/managed-by=dsm,app.kubernetes.io/instance=0b6d",
        "limit": "200",
    }
    with pytest.raises(Modified, match="has been modified"):
        await api.replace(built, present)
    sent = life.last_body
    versions = {name: sent["metadata"].pop(name) for name in ("uid", "resourceVersion")}
    assert versions == {"uid": present.uid, "resourceVersion": "280"}
    assert (sent, life.last_query) == (serialize(built), {"fieldValidation": "Strict"})
    assert await api.delete(present)
    assert life.last_body == {
        "preconditions": {"uid": present.uid},
        "propagationPolicy": "Background",
    }
    assert not await api.delete(present)
    assert await api.read(NAME) is None


async def test_question_for_a_permission_is_the_recorded_one() -> None:
    [allowed, elsewhere] = [
        json.loads(recorded.body)
        for recorded in recordings.read("cronjobs-rbac")
        if "selfsubjectaccessreviews" in recorded.target
    ]
    for body, is_allowed in ((allowed, True), (elsewhere, False)):
        attributes = body["spec"]["resourceAttributes"]
        for rbac in playing("cronjobs-rbac", ["method", "path", "body"]):
            reviews = AccessReviews(open_client, attributes["namespace"], "0b6d")
            assert await reviews.is_allowed(attributes["verb"]) is is_allowed
            assert rbac.last_body == body
            reviews.close()


def test_built_object_is_the_recorded_one_but_for_what_was_added() -> None:
    built = dict(flat(serialize(build(SCRUM, PODS))))
    recorded = dict(flat(json.loads(recordings.read("cronjobs-life")[0].body)))
    pod = "/spec/jobTemplate/spec/template/spec"
    labels = [f"{place}/labels/app.kubernetes.io" for place in _metadata()]
    added = {
        # Namespace and pause are always written out; the server fills them in.
        "/metadata/namespace",
        "/spec/suspend",
        # Installation, and the labels that Kubernetes recommends.
        *(
            f"{label}/{name}"
            for label in labels
            for name in ("instance", "name", "part-of", "component", "version")
        ),
        # Addresses, key and earliest due time of the command.
        *(f"{pod}/containers/0/env/{number}/name" for number in range(1, 5)),
        *(f"{pod}/containers/0/env/{number}/value" for number in range(1, 4)),
        f"{pod}/containers/0/env/4/valueFrom/secretKeyRef/key",
        f"{pod}/containers/0/env/4/valueFrom/secretKeyRef/name",
    }
    assert built.keys() - recorded.keys() == added
    assert recorded.keys() - built.keys() == set()
    changed = {path for path in recorded if recorded[path] != built[path]}
    # The recorded hash was a placeholder; a container that may also decide is not named `scrum`.
    assert changed == {"/metadata/annotations/dsm.dev/spec-hash", f"{pod}/containers/0/name"}


def _metadata() -> tuple[str, ...]:
    template = "/spec/jobTemplate"
    return ("/metadata", f"{template}/metadata", f"{template}/spec/template/metadata")


REFUSALS = (
    ("cronjobs-rbac", 0, ClusterForbidden, "grant the Role dsm-orchestrator the verb list"),
    ("cronjobs-rbac", 3, NamespaceMissing, "the namespace nope does not exist; create it"),
    ("cronjobs-rbac", 4, TokenRefused, "does not accept the orchestrator's token"),
    ("cronjobs-refused", 0, ClusterRefused, "must be no more than 52 characters"),
    ("cronjobs-refused", 4, ClusterRefused, "end of range \\(7\\) above maximum"),
    ("cronjobs-refused", -2, ClusterRefused, 'unknown field "spec.jobTempalte"'),
    ("cronjobs-life", 1, AlreadyExists, "already exists"),
    ("cronjobs-life", 7, Modified, "has been modified"),
    ("cronjobs-life", -1, Gone, "not found"),
)


@pytest.mark.parametrize(("name", "number", "problem", "words"), REFUSALS)
def test_recorded_refusals_are_problems_that_say_what_to_do(
    name: str, number: int, problem: type[Exception], words: str
) -> None:
    recorded = recordings.read(name)[number]
    answer = ApiException(status=recorded.status, body=json.dumps(recorded.answer))
    namespace = "nope" if problem is NamespaceMissing else "dsm-jobs"
    with pytest.raises(problem, match=words):
        raise problem_of(answer, "list", namespace)
