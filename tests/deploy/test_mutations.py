"""Every check is red when its thing is broken."""

from functools import cache
from typing import Any

import pytest

from tests.deploy.checks import complaints
from tests.deploy.checks.pods import Manifest
from tests.deploy.checks.references import of_kind
from tests.deploy.mutations import (
    Change,
    Mutation,
    config,
    container,
    environment,
    in_container,
    in_context,
    in_metadata,
    in_pod,
    in_spec,
    one,
    pod,
    policy_rule,
    remove,
    variable,
)
from tests.deploy.printed import printed
from tests.deploy.rendering import cluster

SPRINT = "sprint-service"
HTTP = {"path": "/health", "port": "http"}
TEN = [{"protocol": "TCP", "port": 8000}]


def _relabel(objects: list[Manifest]) -> None:
    template = one(objects, "Deployment", SPRINT)["spec"]["template"]
    template["metadata"]["labels"]["app.kubernetes.io/name"] = "sprint"


def _fewer_verbs(objects: list[Manifest]) -> None:
    one(objects, "Role", "dsm-orchestrator")["rules"][0]["verbs"].append("destroy")


def _port(objects: list[Manifest]) -> None:
    one(objects, "Service", SPRINT)["spec"]["ports"][0]["targetPort"] = 8001


def _port_of_service(objects: list[Manifest]) -> None:
    one(objects, "Service", SPRINT)["spec"]["ports"][0]["port"] = 81


def _secret_of_another(objects: list[Manifest]) -> None:
    key = variable(objects, "DSM_DATABASE_URL")["valueFrom"]["secretKeyRef"]
    key["name"] = "project-service"


def _unknown_key(objects: list[Manifest]) -> None:
    variable(objects, "DSM_DATABASE_URL")["valueFrom"]["secretKeyRef"]["key"] = "url"


def _twice(objects: list[Manifest]) -> None:
    objects.append(one(objects, "Service", SPRINT))


def _second_budget(objects: list[Manifest]) -> None:
    budget = one(objects, "PodDisruptionBudget", SPRINT)
    objects.append(budget | {"metadata": budget["metadata"] | {"name": "other"}})


def _config_of_migration(objects: list[Manifest]) -> None:
    container(objects, "dsm-migrate")["envFrom"] = container(objects)["envFrom"]


def _mount(objects: list[Manifest]) -> None:
    container(objects)["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]


def _host_path(objects: list[Manifest]) -> None:
    pod(objects)["volumes"] = [{"name": "tmp", "hostPath": {"path": "/"}}]


def _claim(objects: list[Manifest]) -> None:
    pod(objects)["volumes"] = [{"name": "c", "persistentVolumeClaim": {"claimName": "other"}}]


def _labels_of_policies(objects: list[Manifest]) -> None:
    template = one(objects, "Deployment", SPRINT)["spec"]["template"]
    del template["metadata"]["labels"]["dsm.dev/postgres"]


def _edge_away(objects: list[Manifest]) -> None:
    del one(objects, "NetworkPolicy", SPRINT)["spec"]["egress"]


def _ingress_away(objects: list[Manifest]) -> None:
    del one(objects, "NetworkPolicy", "backlog-service")["spec"]["ingress"]


def _any_pod(objects: list[Manifest]) -> None:
    spec = one(objects, "NetworkPolicy", "backlog-service")["spec"]
    spec["ingress"][0]["from"] = [{"podSelector": {}}]
    one(objects, "NetworkPolicy", "daily-scrum-service")["spec"]["egress"][0]["to"].append(
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "backlog-service"}}}
    )


def _dns(objects: list[Manifest]) -> None:
    for policy in of_kind(objects, "NetworkPolicy"):
        if policy["metadata"]["name"] == "dns":
            del policy["spec"]["egress"][0]["ports"][0]


def _image(objects: list[Manifest]) -> None:
    variable(objects, "DSM_IMAGE", "project-orchestrator")["value"] = "dsm:0.0.9"


def _old_service(objects: list[Manifest]) -> None:
    container(objects)["image"] = "registry.example.com/dsm:0.0.9"


def _secret(objects: list[Manifest]) -> None:
    objects.append({"kind": "Secret", "metadata": {"name": "s", "namespace": "dsm"}, "data": {}})


def _stated(objects: list[Manifest]) -> None:
    annotations = one(objects, "ConfigMap", "dsm-config")["metadata"]["annotations"]
    annotations["dsm.dev/max-connections"] = "200"


def _not_stated(objects: list[Manifest]) -> None:
    del one(objects, "ConfigMap", "dsm-config")["metadata"]["annotations"]


def _limits(objects: list[Manifest]) -> None:
    container(objects)["resources"]["limits"]["memory"] = "100Mi"


def _quantity(objects: list[Manifest]) -> None:
    container(objects)["resources"]["requests"]["memory"] = "192MB"


def _readiness(objects: list[Manifest]) -> None:
    container(objects)["readinessProbe"]["httpGet"]["path"] = "/health/ready"


def _spread(objects: list[Manifest]) -> None:
    pod(objects)["topologySpreadConstraints"][0]["labelSelector"] = {"matchLabels": {"a": "b"}}


def _version_in_selector(objects: list[Manifest]) -> None:
    spec = one(objects, "Deployment", SPRINT)["spec"]
    spec["selector"]["matchLabels"]["app.kubernetes.io/part-of"] = "dsm"


def _subject(objects: list[Manifest]) -> None:
    one(objects, "RoleBinding", "dsm-orchestrator")["subjects"][0]["name"] = "dsm"


def _run_as_root(objects: list[Manifest]) -> None:
    pod(objects)["securityContext"]["runAsUser"] = 0


def _no_seccomp(objects: list[Manifest]) -> None:
    del pod(objects)["securityContext"]["seccompProfile"]


def _people(objects: list[Manifest]) -> dict[str, Any]:
    return next(volume for volume in pod(objects)["volumes"] if volume["name"] == "people")


def _people_needed(objects: list[Manifest]) -> None:
    del _people(objects)["secret"]["optional"]


def _people_of_another(objects: list[Manifest]) -> None:
    _people(objects)["secret"]["secretName"] = "dsm-keys"


def _people_for_stores(objects: list[Manifest]) -> None:
    pod(objects, "postgres").setdefault("volumes", []).append(_people(objects))


def _people_mount(field: str, value: object) -> Change:
    return lambda objects: container(objects)["volumeMounts"][0].update({field: value})


def _monitoring(objects: list[Manifest]) -> None:
    objects.remove(one(objects, "NetworkPolicy", "metrics"))


PROFILE = [
    in_pod("hostNetwork", True, "hostNetwork is set"),
    in_pod("hostPID", True, "hostPID is set"),
    in_pod("hostIPC", True, "hostIPC is set"),
    in_pod("enableServiceLinks", True, "enableServiceLinks is not false"),
    in_pod("automountServiceAccountToken", True, "only the orchestrator mounts a token"),
    in_pod("serviceAccountName", "dsm-orchestrator", "only the orchestrator has a service account"),
    in_pod("securityContext", {"sysctls": [{"name": "a", "value": "1"}]}, "it sets sysctls"),
    in_context("privileged", True, "it is privileged"),
    in_context("allowPrivilegeEscalation", True, "allowPrivilegeEscalation is not false"),
    in_context("capabilities", {}, "does not drop all"),
    in_context("capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}, "adds capabilities"),
    in_context("runAsNonRoot", False, "runAsNonRoot is not true"),
    in_context("procMount", "Unmasked", "procMount is not Default"),
    in_context("readOnlyRootFilesystem", False, "its root is writable"),
    in_context("seLinuxOptions", {"user": "u"}, "SELinux"),
    in_context("appArmorProfile", {"type": "Unconfined"}, "AppArmor is off"),
    in_context("runAsUser", 10002, "the image's user is 10001"),
    Mutation("root", _run_as_root, "it runs as root"),
    Mutation("seccomp", _no_seccomp, "no seccomp profile"),
    Mutation("hostPath", _host_path, "is a hostPath"),
    in_container("ports", [{"name": "http", "containerPort": 8000, "hostPort": 80}], "the node"),
    in_container("image", "dsm:latest", "names no release", "latest"),
    in_container("image", "dsm", "names no release", "without a tag"),
    in_container("command", ["sh", "-c", "dsm"], "does not begin with dsm"),
    in_container("resources", {}, "requests no cpu"),
]
REFERENCES = [
    Mutation("pod labels", _relabel, "its selector does not select its own pods alone"),
    Mutation("target port", _port, "Service sprint-service: Deployment sprint-service has no port"),
    Mutation("spread", _spread, "its spread constraint selects other pods"),
    Mutation("selector", _version_in_selector, "a selector never changes"),
    Mutation("subject", _subject, "RoleBinding dsm-orchestrator: there is no dsm"),
    Mutation("mount", _mount, "it mounts tmp, which is no volume"),
    Mutation("claim", _claim, "there is no PersistentVolumeClaim other"),
    Mutation("key", _unknown_key, "no Secret sprint-service with a key url"),
    Mutation("budgets", _second_budget, "has two disruption budgets"),
    Mutation("readiness", _readiness, "/health/ready is not /health/serving"),
    in_spec("Service", SPRINT, "selector", {"a": "b"}, "selects 0 workloads"),
    in_spec("PodDisruptionBudget", SPRINT, "selector", {"matchLabels": {"a": "b"}}, "other pods"),
    in_spec("NetworkPolicy", "api-server", "podSelector", {"matchLabels": {"a": "b"}}, "no pod"),
    in_container("livenessProbe", {"httpGet": HTTP | {"port": "web"}}, "has no port web"),
    in_container("startupProbe", {"periodSeconds": 2}, "one handler is needed"),
    remove("ServiceAccount", "dsm-orchestrator", "there is no service account"),
    remove("Role", "dsm-orchestrator", "there is no role dsm-orchestrator"),
    remove("ConfigMap", "dsm-backup-scripts", "there is no ConfigMap dsm-backup-scripts"),
    remove("PersistentVolumeClaim", "dsm-backups", "there is no PersistentVolumeClaim"),
    remove("Service", "postgres", "StatefulSet postgres: its Service does not exist", "dev"),
]
SERVER = [
    Mutation("twice", _twice, "Service dsm/sprint-service is there twice"),
    Mutation("verbs", _fewer_verbs, "destroy is no verb"),
    Mutation("limits", _limits, "more memory is requested than its limit"),
    Mutation("quantity", _quantity, "192MB is no quantity"),
    in_metadata("Service", SPRINT, "name", "9sprint", "its name is not allowed"),
    in_metadata("CronJob", "dsm-backup", "name", "a" * 53, "its name is not allowed"),
    in_metadata("Deployment", SPRINT, "name", "Sprint", "its name is not allowed"),
    in_metadata("Service", SPRINT, "labels", {"a": "P_"}, "the label a: P_ is not allowed"),
    in_metadata("Service", SPRINT, "annotations", {"a": 1}, "the annotation a is not allowed"),
    in_spec("CronJob", "dsm-backup", "schedule", "@daily", "schedule @daily"),
    in_spec("CronJob", "dsm-backup", "schedule", "0 2 * * 7", "schedule 0 2 * * 7"),
    in_spec("CronJob", "dsm-backup", "timeZone", "Local", "Local is no time zone"),
    in_spec("CronJob", "dsm-backup", "concurrencyPolicy", "Never", "has no choice Never"),
    in_spec("NetworkPolicy", "dns", "policyTypes", ["Out"], "has no choice Out"),
    in_pod("restartPolicy", "Never", "restartPolicy Never is not allowed"),
    in_container("imagePullPolicy", "Sometimes", "has no choice Sometimes"),
    in_container("ports", [{"name": "a" * 16, "containerPort": 8000}], "no name of a port"),
    in_container("ports", [{"containerPort": 80000}], "80000 is no port"),
    in_container("livenessProbe", {"httpGet": HTTP, "periodSeconds": 0}, "less than 1"),
    environment({"name": "1A", "value": "x"}, "1A is no name of a variable"),
    environment({"name": "DSM_LOG_LEVEL", "value": 1}, "its value is no text"),
    environment({"name": "DSM_DATABASE_URL", "value": "x"}, "DSM_DATABASE_URL is there twice"),
    environment({"name": "A", "value": "", "valueFrom": {}}, "A has two values"),
]
SETTINGS = [
    config("DSM_PERS__PROJECT", "http://h", "DSM_PERS__PROJECT is no setting"),
    config("DSM_PORT", "tcp://10.0.0.1:80", "the setting port"),
    config("DSM_PORT", "8001", "does not name the port 8001"),
    config("DSM_HOST", "127.0.0.1", "listens where nobody reaches it"),
    config("DSM_PEERS__PROJECT", "http://project.dsm.svc.cluster.local", "where no Service is"),
    config("DSM_PEERS__PROJECT", "http://project-service", "is no peer"),
    config(
        "DSM_PEERS__PROJECT",
        "http://project-service.dsm.svc.cluster.local:8000",
        "names the port 8000, which its Service has not",
    ),
    config(
        "DSM_PEERS__PROJECT",
        "http://sprint-service.dsm.svc.cluster.local",
        "leads to another service than project-service",
    ),
    Mutation("port of a Service", _port_of_service, "names no port, and its Service has none"),
    Mutation("secret", _secret_of_another, "comes from the Secret of another workload"),
    environment({"name": "DSM_EMBEDDING__LOCAL_MODEL", "value": "true"}, "is no setting of it"),
    environment({"name": "DSM_LOG_LEVEL", "value": "loud"}, "the setting log_level"),
    in_container("command", ["dsm", "serve", "sprints"], "has no service"),
    in_container("env", [], "DSM_REDIS_URL is missing"),
    Mutation(
        "embedding with a database",
        lambda o: container(o, "embedding-service")["env"].append(
            variable(o, "DSM_DATABASE_URL", "project-service")
        ),
        "DSM_DATABASE_URL is more than it needs",
    ),
]
AVAILABILITY = [
    in_spec("Deployment", SPRINT, "replicas", 2, "undo what its autoscaler decided"),
    in_spec("Deployment", SPRINT, "strategy", {"rollingUpdate": {"maxSurge": 1}}, "a roll-out"),
    in_spec("HorizontalPodAutoscaler", SPRINT, "minReplicas", 9, "its minimum is above"),
    in_spec(
        "HorizontalPodAutoscaler",
        SPRINT,
        "scaleTargetRef",
        {"kind": "Deployment", "name": "a"},
        "its target is not there",
    ),
    in_spec("HorizontalPodAutoscaler", SPRINT, "maxReplicas", 40, "connections at most"),
    in_spec("PodDisruptionBudget", SPRINT, "maxUnavailable", 0, "or none ever"),
    in_spec("PodDisruptionBudget", SPRINT, "minAvailable", 2, "or none ever"),
    in_spec("PodDisruptionBudget", SPRINT, "unhealthyPodEvictionPolicy", "IfHealthyBudget", "hold"),
    in_pod("terminationGracePeriodSeconds", 30, "killed before it has drained"),
    Mutation("probe", lambda o: container(o).pop("readinessProbe"), "has no readinessProbe"),
    Mutation("stated", _stated, "connections at most, of 200"),
    Mutation("not stated", _not_stated, "states no figure"),
    Mutation("other figure", _stated, "does not admit max_connections=200", "dev"),
    in_metadata("Job", "dsm-migrate", "name", "dsm-migrate", "does not end with the tag"),
    Mutation("migration", _config_of_migration, "a changed ConfigMap would change it"),
    Mutation("image of Jobs", _image, "the orchestrator's Jobs run dsm:0.0.9"),
    Mutation("two releases", _old_service, "the pods run several releases"),
]
EDGES = [
    Mutation("labels", _labels_of_policies, "does not reach the port 5432 outside"),
    Mutation("labels in a tree with stores", _labels_of_policies, "reach postgres", "dev"),
    Mutation("egress", _edge_away, "sprint-service does not reach project-service at 8000"),
    Mutation("ingress", _ingress_away, "sprint-service does not reach backlog-service at 8000"),
    Mutation("any pod", _any_pod, "daily-scrum-service reaches backlog-service"),
    Mutation("dns", _dns, "cannot ask for names (UDP)"),
    Mutation("metrics", _monitoring, "Prometheus reads the services"),
    remove("NetworkPolicy", "default-deny", "is open to a pod that no other policy selects"),
    remove("NetworkPolicy", "api-server", "does not reach the port 443 outside"),
    policy_rule("project-service", "ingress", {"ports": TEN}, "a pod of any namespace reaches it"),
    policy_rule("sprint-service", "egress", {"ports": TEN}, "it reaches any namespace"),
    policy_rule(
        "sprint-service",
        "egress",
        {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 443}]},
        "it reaches the port 443 outside the cluster, which nothing asks for",
    ),
]
FILE = {"value": "/etc/dsm/people.json"}
PEOPLE = [
    Mutation("people needed", _people_needed, "does not start without the Secret dsm-people"),
    Mutation("people of another", _people_of_another, "does not lead to the Secret dsm-people"),
    Mutation("people for stores", _people_for_stores, "it checks no keys", "dev"),
    Mutation("people by subPath", _people_mount("subPath", "people.json"), "never changes"),
    Mutation("people written", _people_mount("readOnly", False), "mounted to be written"),
    Mutation("people elsewhere", _people_mount("mountPath", "/people"), "does not lead to"),
    Mutation(
        "people's file",
        lambda o: variable(o, "DSM_AUTH__KEYS_FILE").update(FILE),
        "does not lead to the Secret dsm-people",
    ),
]
SECRECY = [
    Mutation("secret", _secret, "the Secret s is part of the tree"),
    config("DSM_LOG_LEVEL", "postgresql://dsm:pw@h/d", "a value looks like a secret"),
    environment({"name": "DSM_REDIS_URL", "value": "redis://h"}, "is given in plain text"),
]
ALL = [*PROFILE, *REFERENCES, *SERVER, *SETTINGS, *AVAILABILITY, *EDGES, *PEOPLE, *SECRECY]


@cache
def known(overlay: str) -> list[str]:
    """Return what is wrong before anything was broken: nothing, or other tests are red."""
    return complaints(cluster(overlay), printed())


def assert_named(mutation: Mutation) -> None:
    """Check that a fault has its sentence, and that none was there before."""
    objects = cluster(mutation.overlay)
    mutation.change(objects)
    faults = [
        fault for fault in complaints(objects, printed()) if fault not in known(mutation.overlay)
    ]
    assert any(mutation.sentence in fault for fault in faults), faults


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_a_fault_is_named(mutation: Mutation) -> None:
    assert_named(mutation)
