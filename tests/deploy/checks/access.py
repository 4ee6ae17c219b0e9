"""Rights in the cluster, kinds of Services, profiles of namespaces, labels."""

from collections.abc import Iterator

from deploy.manifests.tree import JOBS_NAMESPACE, NAME_LABEL
from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind, selected

ACCOUNT = "dsm-orchestrator"
# What the adapter of CronJobs does.
RULES = [
    {
        "apiGroups": ["batch"],
        "resources": ["cronjobs"],
        "verbs": ["get", "list", "create", "update", "patch", "delete"],
    }
]
PROFILE = "pod-security.kubernetes.io/enforce"
PART_OF = "app.kubernetes.io/part-of"
COMPONENT = "app.kubernetes.io/component"
LABELS = {NAME_LABEL, COMPONENT, PART_OF}
# Kinds that checks of this folder look at; one that is new needs a check first.
KINDS = {
    *("ConfigMap", "CronJob", "Deployment", "HorizontalPodAutoscaler", "Job", "Namespace"),
    *("NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "Role", "RoleBinding"),
    *("Secret", "Service", "ServiceAccount", "StatefulSet"),
    *("Cluster", "Database", "PrometheusRule", "ScheduledBackup", "ServiceMonitor"),
}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which rights are too wide, and what is open to others."""
    yield from _kinds(objects)
    yield from _rights(objects)
    yield from _services(objects)
    yield from _namespaces(objects)
    for owner in pods(objects):
        if owner.name == "valkey" and "--requirepass" not in owner.containers[0].get("args", []):
            yield f"{owner}: it asks for no password"


def _kinds(objects: list[Manifest]) -> Iterator[str]:
    for manifest in objects:
        name = manifest["metadata"].get("name") or manifest["metadata"].get("generateName")
        if manifest["kind"].startswith("Cluster") and manifest["kind"] not in KINDS:
            yield f"{manifest['kind']} {name}: it gives rights in the whole cluster"
        elif manifest["kind"] not in KINDS:
            yield f"{manifest['kind']} {name}: no check knows this kind"
        if manifest["metadata"].get("labels", {}).get(PART_OF) != "dsm":
            yield f"{manifest['kind']} {name}: it lacks the label {PART_OF}: dsm"
    for owner in pods(objects):
        if missing := LABELS - owner.labels.keys():
            yield f"{owner}: its pods lack the label {', '.join(sorted(missing))}"
    for service in of_kind(objects, "Service"):
        name, labels = service["metadata"]["name"], service["metadata"].get("labels", {})
        for owner in selected(
            objects, service["metadata"]["namespace"], {"matchLabels": service["spec"]["selector"]}
        ):
            if labels.get(COMPONENT) != owner.labels.get(COMPONENT):
                yield f"Service {name}: its label {COMPONENT} is not that of its pods"


def _rights(objects: list[Manifest]) -> Iterator[str]:
    for role in of_kind(objects, "Role"):
        name = f"Role {role['metadata']['name']}"
        if role["metadata"]["namespace"] != JOBS_NAMESPACE:
            yield f"{name}: it gives rights outside {JOBS_NAMESPACE}"
        if role["rules"] != RULES:
            yield f"{name}: it gives other rights than the adapter of CronJobs uses"
    callers = [owner for owner in pods(objects) if owner.calls_the_cluster]
    if callers and not any(of_kind(objects, "RoleBinding")):
        yield f"{callers[0]}: nothing gives it the right to write CronJobs"
    for binding in of_kind(objects, "RoleBinding"):
        name = f"RoleBinding {binding['metadata']['name']}"
        if binding["roleRef"]["kind"] != "Role":
            yield f"{name}: it binds a {binding['roleRef']['kind']}"
        for subject in binding["subjects"]:
            if (subject["kind"], subject["name"]) != ("ServiceAccount", ACCOUNT):
                yield f"{name}: it gives {subject['kind']} {subject['name']} these rights too"


def _services(objects: list[Manifest]) -> Iterator[str]:
    for service in of_kind(objects, "Service"):
        name, spec = f"Service {service['metadata']['name']}", service["spec"]
        if spec.get("type", "ClusterIP") != "ClusterIP" or spec.get("externalIPs"):
            yield f"{name}: it is open to callers outside the cluster"
        if spec.get("publishNotReadyAddresses"):
            yield f"{name}: it leads to pods that are not ready"
        is_ours = service["metadata"].get("labels", {}).get(COMPONENT) == "service"
        if is_ours and [port.get("name") for port in spec["ports"]] != ["http"]:
            yield f"{name}: its port is not named http, by which Prometheus asks"
        for port in spec["ports"]:
            if port.get("protocol", "TCP") != "TCP":
                yield f"{name}: its port {port['port']} is no TCP"
            if spec.get("clusterIP") == "None" and port["port"] != port.get("targetPort"):
                yield f"{name}: without an address of its own no port is translated"


def _namespaces(objects: list[Manifest]) -> Iterator[str]:
    namespaces = {namespace["metadata"]["name"] for namespace in of_kind(objects, "Namespace")}
    for namespace in of_kind(objects, "Namespace"):
        if namespace["metadata"].get("labels", {}).get(PROFILE) != "restricted":
            yield f"Namespace {namespace['metadata']['name']}: {PROFILE} is not restricted"
    for manifest in objects:
        namespace = manifest["metadata"].get("namespace")
        if manifest["kind"] != "Namespace" and namespace not in namespaces:
            yield f"{manifest['kind']} {manifest['metadata'].get('name')}: no namespace {namespace}"


def without_namespace(objects: list[Manifest]) -> Iterator[str]:
    """Tell which objects would end in whatever namespace a person has chosen."""
    for manifest in objects:
        is_global = manifest["kind"] == "Namespace" or manifest["kind"].startswith("ClusterRole")
        if not is_global and "namespace" not in manifest["metadata"]:
            yield f"{manifest['kind']} {manifest['metadata'].get('name')}: it names no namespace"
