"""Every rule of pods, commands, probes, roll-outs, jobs and settings is red when it is broken."""

import copy

import pytest

from tests.deploy.checks.pods import Manifest
from tests.deploy.mutations import (
    GONE,
    Mutation,
    at,
    config,
    container,
    in_container,
    one,
    remove,
    variable,
)
from tests.deploy.rendering import parsed
from tests.deploy.test_mutations import assert_named

SPRINT = "sprint-service"
ORCHESTRATOR = "project-orchestrator"
POD = "spec/template/spec"
FIRST = f"{POD}/containers/0"
JOB = "spec/jobTemplate/spec"


def of_sprint(path: str, value: object, sentence: str) -> Mutation:
    """Set what a path of the sprint service's Deployment leads to."""
    return at("Deployment", SPRINT, path, value, sentence)


def of_backup(path: str, value: object, sentence: str) -> Mutation:
    """Set what a path of the backup's CronJob leads to."""
    return at("CronJob", "dsm-backup", path, value, sentence)


def of_planning(path: str, value: object, sentence: str) -> Mutation:
    """Set what a path of the planning Job leads to."""
    return at("Job", "sprint-planning", path, value, sentence)


def of_orchestrator(name: str, value: str, sentence: str) -> Mutation:
    """Set a variable of the orchestrator."""
    return Mutation(
        f"{name}={value}",
        lambda o: variable(o, name, ORCHESTRATOR).update(value=value),
        sentence,
    )


def _unhashed(objects: list[Manifest]) -> None:
    one(objects, "ConfigMap", "dsm-config")["metadata"]["name"] = "dsm-config"
    for name in (ORCHESTRATOR, SPRINT):
        container(objects, name)["envFrom"] = [{"configMapRef": {"name": "dsm-config"}}]


def _second_scaler(objects: list[Manifest]) -> None:
    scaler = copy.deepcopy(one(objects, "HorizontalPodAutoscaler", SPRINT))
    scaler["metadata"]["name"] = "other"
    objects.append(scaler)


def _migrates_first(objects: list[Manifest]) -> None:
    spec = one(objects, "Deployment", SPRINT)["spec"]["template"]["spec"]
    spec["initContainers"] = [container(objects, "dsm-migrate")]


def _writable(objects: list[Manifest]) -> None:
    spec = one(objects, "Deployment", SPRINT)["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    container(objects)["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]


STATED = {"dsm.dev/max-connections": "many"}

PODS = [
    of_sprint(f"{POD}/securityContext/windowsOptions", {"hostProcess": True}, "of the host"),
    of_sprint(f"{POD}/securityContext/seLinuxOptions", {"type": "spc_t"}, "a type that is not"),
    of_sprint(f"{FIRST}/imagePullPolicy", "Never", "its image is never pulled"),
    of_sprint(f"{FIRST}/resources/requests/cpu", "50", "50 is no plausible cpu"),
    of_sprint(f"{FIRST}/resources/limits/memory", "384m", "384m is no plausible memory"),
    at("Deployment", ORCHESTRATOR, f"{POD}/serviceAccountName", GONE, "only the orchestrator has"),
    Mutation("folder to write to", _writable, "nothing of ours writes"),
]
COMMANDS = [
    of_sprint(f"{FIRST}/command", ["dsm", "server", "sprint"], "there is no command server"),
    of_sprint(f"{FIRST}/command", ["dsm", "serve"], "Missing argument"),
    of_sprint(f"{FIRST}/command", ["dsm", "serve", "sprint", "--port=1"], "No such option"),
    of_sprint(f"{FIRST}/args", ["--bogus"], "No such option"),
    of_sprint(f"{FIRST}/command", ["dsm", "serve", "backlog"], "leads to another service"),
    at("Job", "dsm-migrate", f"{FIRST}/command", ["dsm", "migrate", "sprnt"], "no service sprnt"),
    at("Job", "dsm-migrate", f"{FIRST}/command", ["dsm", "migrat"], "there is no command migrat"),
    at("Job", "dsm-restore", f"{FIRST}/command/2", "$(BAKCUP)", "names a variable that"),
    of_backup(f"{JOB}/template/spec/containers/0/command/1", "/scripts/backups.sh", "no ConfigMap"),
    of_backup(f"{JOB}/template/spec/containers/0/env/0/value", "/backup", "is in no volume"),
]
PROBES = [
    at(
        "Deployment",
        "daily-scrum-service",
        f"{FIRST}/livenessProbe",
        {"httpGet": {"path": "/health", "port": "http"}, "timeoutSeconds": 2},
        "a Redis that is away must restart no pod",
    ),
    of_sprint(f"{FIRST}/readinessProbe/httpGet/path", "/health", "/health is not /health/serving"),
    of_sprint(f"{FIRST}/livenessProbe/httpGet/path", "/health/ready", "is not /health"),
    of_sprint(f"{FIRST}/livenessProbe/httpGet/host", "db.example.com", "it asks another host"),
    of_sprint(f"{FIRST}/readinessProbe/failureThreshold", 60, "gets requests for 300 s"),
    of_sprint(f"{FIRST}/readinessProbe/timeoutSeconds", GONE, "its timeout is below 3 s"),
    of_sprint(f"{FIRST}/livenessProbe/failureThreshold", 1, "gives up after 10 s, before 30 s"),
    of_sprint(f"{FIRST}/livenessProbe/timeoutSeconds", GONE, "its timeout is below 2 s"),
    of_sprint(f"{FIRST}/startupProbe/failureThreshold", 3, "gives up after 6 s, before 120 s"),
    of_sprint(f"{FIRST}/livenessProbe", GONE, "it has no livenessProbe"),
    of_sprint(f"{FIRST}/startupProbe", GONE, "it has no startupProbe"),
    of_sprint(f"{FIRST}/lifecycle", {"preStop": {"sleep": {"seconds": 5}}}, "drains by itself"),
    Mutation("init container", _migrates_first, "its replicas would queue"),
]
ROLL_OUTS = [
    of_sprint(f"{POD}/topologySpreadConstraints", GONE, "are not spread over nodes"),
    of_sprint(
        f"{POD}/topologySpreadConstraints/0/whenUnsatisfiable", "DoNotSchedule", "block each other"
    ),
    of_sprint("spec/minReadySeconds", GONE, "minReadySeconds or revisionHistoryLimit"),
    of_sprint("spec/revisionHistoryLimit", GONE, "minReadySeconds or revisionHistoryLimit"),
    of_sprint("spec/strategy", {"type": "Recreate"}, "a roll-out takes a replica out"),
    at("Deployment", "daily-scrum", "spec/replicas", 0, "it has no replica"),
    remove("PodDisruptionBudget", "backlog-service", "it has no disruption budget"),
    remove("HorizontalPodAutoscaler", "backlog-service", "neither replicas nor an autoscaler"),
    at("PodDisruptionBudget", SPRINT, "spec/maxUnavailable", "100%", "all pods at once"),
    *(
        at("HorizontalPodAutoscaler", SPRINT, path, value, sentence)
        for path, value, sentence in (
            ("spec/metrics", GONE, "70 % of the requested CPU"),
            ("spec/metrics/0/resource/target/averageUtilization", 700, "70 % of the requested"),
            ("spec/behavior", GONE, "takes replicas away within 5 minutes"),
            ("spec/scaleTargetRef/apiVersion", "apps/v1beta1", "its target is not there"),
        )
    ),
    Mutation("second autoscaler", _second_scaler, "autoscaler other: its target is not there"),
    config("DSM_DRAIN_SECONDS", "60", "which takes up to 95 s"),
    config("DSM_POOL_SIZE", "60", "connections at most"),
    at("StatefulSet", "postgres", f"{FIRST}/args", GONE, "does not admit max_connections", "dev"),
    at("ConfigMap", "dsm-config", "metadata/annotations", STATED, "states no figure"),
]
JOBS = [
    of_backup("spec/concurrencyPolicy", "Allow", "two of its Jobs may run at once"),
    of_backup("spec/suspend", True, "it never runs"),
    of_backup("spec/startingDeadlineSeconds", GONE, "a missed start"),
    of_backup("spec/failedJobsHistoryLimit", 0, "failedJobsHistoryLimit is not 3"),
    of_backup("spec/timeZone", GONE, "None is no time zone"),
    of_backup("spec/schedule", "CRON_TZ=UTC 0 2 * * *", "schedule CRON_TZ"),
    of_backup(f"{JOB}/activeDeadlineSeconds", GONE, "would block it for good"),
    of_backup(f"{JOB}/ttlSecondsAfterFinished", 60, "gone before a weekend"),
    of_backup(f"{JOB}/template/spec/restartPolicy", "OnFailure", "leaves no logs"),
    at("Job", "dsm-migrate", "spec/backoffLimit", GONE, "names no number of tries"),
    at("Job", "dsm-migrate", "metadata/annotations", GONE, "Argo CD would change it"),
    of_backup(f"{JOB}/template/spec/containers/0/image", "postgres:16-bookworm", "older than a"),
    of_backup(f"{JOB}/template/spec/containers/0/volumeMounts/0/readOnly", True, "cannot write"),
    at("Job", "dsm-restore", f"{FIRST}/image", "postgres:17-bookworm", "older than a server"),
    of_planning("spec/activeDeadlineSeconds", GONE, "would block it for good"),
    of_planning(f"{FIRST}/env/0/name", "PROJECT", "PROJECT is no setting"),
    of_planning(f"{FIRST}/env/1", {"name": "TZ", "value": "UTC"}, "ORCHESTRATOR is missing"),
    of_planning(f"{FIRST}/env/2", {"name": "TZ", "value": "UTC"}, "SERVICE_KEY is missing"),
    of_planning(
        f"{FIRST}/env/2/valueFrom/secretKeyRef/name", ORCHESTRATOR, "the Secret of another"
    ),
    remove("Job", "dsm-migrate", "no Job migrates"),
]
SETTINGS = [
    of_orchestrator("DSM_SCHEDULES", "embedded", "does not leave its schedules"),
    of_orchestrator("DSM_JOBS_NAMESPACE", "dsm", "into another namespace"),
    of_orchestrator("DSM_JOBS_KEY_SECRET", "jobs-key", "names another Secret"),
    Mutation(
        "without DSM_IMAGE",
        lambda o: container(o, ORCHESTRATOR)["env"].remove(variable(o, "DSM_IMAGE", ORCHESTRATOR)),
        "DSM_IMAGE is missing",
    ),
    Mutation(
        "peer away",
        lambda o: one(o, "ConfigMap", "dsm-config")["data"].pop("DSM_PEERS__EMBEDDING"),
        "DSM_PEERS__EMBEDDING is in no setting",
    ),
    Mutation(
        "another key",
        lambda o: variable(o, "DSM_REDIS_URL")["valueFrom"]["secretKeyRef"].update(
            key="database-url"
        ),
        "which holds something else",
    ),
    Mutation("ConfigMap without hash", _unhashed, "has no hash in its name"),
    in_container("envFrom", [{"secretRef": {"name": "x"}}], "not one ConfigMap"),
    *(
        Mutation(
            f"source {source}",
            lambda o, source=source: container(o)["env"].append(
                {"name": "DSM_LOG_LEVEL", "valueFrom": source}
            ),
            sentence,
        )
        for source, sentence in (
            ({"configMapKeyRef": {"name": "nowhere", "key": "a"}}, "no ConfigMap nowhere"),
            ({"fieldRef": {"fieldPath": "metadata.nme"}}, "a pod has no field metadata.nme"),
            ({}, "has a source that is none"),
        )
    ),
]
ALL = [*PODS, *COMMANDS, *PROBES, *ROLL_OUTS, *JOBS, *SETTINGS]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_a_broken_rule_is_named(mutation: Mutation) -> None:
    assert_named(mutation)


def test_a_field_that_is_there_twice_is_named() -> None:
    with pytest.raises(ValueError, match="line 2: the field name is there twice"):
        parsed("metadata:\n  name: a\n  name: b\n")
