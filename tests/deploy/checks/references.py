"""References between objects: selectors, ports, names of ConfigMaps, Secrets, claims, accounts."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from tests.deploy.checks.pods import Manifest, Pods, pods

# Kinds that controllers of components bring, and the Secrets that a person prints.
Known = set[tuple[str, str, str]]
"""Namespace, name and key of each Secret."""
# What kustomize appends to the name of a generated ConfigMap.
HASHED = re.compile(r"-[a-z0-9]{10}$")
# Fields of a pod that become variables.
FIELD = re.compile(
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])"
    r"|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
)


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tell whether a label selector selects an object with `labels`; an empty one selects all."""
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    return equal and all(_holds(term, labels) for term in selector.get("matchExpressions", []))


def _holds(term: dict[str, Any], labels: dict[str, str]) -> bool:
    value = labels.get(term["key"])
    return {
        "In": value in term.get("values", []),
        "NotIn": value not in term.get("values", []),
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[term["operator"]]


def of_kind(objects: Iterable[Manifest], kind: str) -> Iterator[Manifest]:
    """Find the objects of a kind."""
    return (manifest for manifest in objects if manifest["kind"] == kind)


def selected(objects: list[Manifest], namespace: str, selector: dict[str, Any]) -> list[Pods]:
    """List the workloads whose pods a selector selects."""
    return [
        owner
        for owner in pods(objects)
        if owner.namespace == namespace and matches(selector, owner.labels)
    ]


def port_number(owner: Pods, port: int | str) -> int | None:
    """Return the number of a container's port by number or name; None without such a port."""
    for container in owner.spec["containers"]:
        for known in container.get("ports", []):
            if port in (known["containerPort"], known.get("name")):
                return known["containerPort"]
    return None


def check(objects: list[Manifest], secrets: Known) -> Iterator[str]:
    """Tell which references lead nowhere."""
    yield from _services(objects)
    yield from _selectors(objects)
    yield from _accounts(objects)
    for owner in pods(objects):
        yield from (f"{owner}: {fault}" for fault in _volumes(objects, secrets, owner))
        yield from (f"{owner}: {fault}" for fault in _environment(objects, secrets, owner))


def _services(objects: list[Manifest]) -> Iterator[str]:
    for service in of_kind(objects, "Service"):
        name, spec = service["metadata"]["name"], service["spec"]
        owners = selected(
            objects, service["metadata"]["namespace"], {"matchLabels": spec["selector"]}
        )
        if len(owners) != 1:
            yield f"Service {name}: its selector selects {len(owners)} workloads, not one"
        for port in spec["ports"]:
            for owner in owners:
                if port_number(owner, port.get("targetPort", port["port"])) is None:
                    yield f"Service {name}: {owner} has no port {port.get('targetPort')}"
    for stateful in of_kind(objects, "StatefulSet"):
        names = {service["metadata"]["name"] for service in of_kind(objects, "Service")}
        if stateful["spec"]["serviceName"] not in names:
            yield f"StatefulSet {stateful['metadata']['name']}: its Service does not exist"


def _selectors(objects: list[Manifest]) -> Iterator[str]:
    for kind in ("Deployment", "StatefulSet"):
        for workload in of_kind(objects, kind):
            metadata, selector = workload["metadata"], workload["spec"]["selector"]
            owners = selected(objects, metadata["namespace"], selector)
            if [owner.name for owner in owners] != [metadata["name"]]:
                yield f"{kind} {metadata['name']}: its selector does not select its own pods alone"
            if set(selector.get("matchLabels", {})) != {"app.kubernetes.io/name"}:
                yield f"{kind} {metadata['name']}: a selector never changes; it is the name alone"
            for term in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
                if not matches(term["labelSelector"], owners[0].labels if owners else {}):
                    yield f"{kind} {metadata['name']}: its spread constraint selects other pods"
    budgets: Counter[str] = Counter()
    for budget in of_kind(objects, "PodDisruptionBudget"):
        metadata = budget["metadata"]
        owners = selected(objects, metadata["namespace"], budget["spec"]["selector"])
        budgets.update(owner.name for owner in owners)
        if [owner.name for owner in owners] != [metadata["name"]]:
            yield f"PodDisruptionBudget {metadata['name']}: it selects other pods than its own"
    yield from (f"{name} has two disruption budgets" for name, n in budgets.items() if n > 1)
    for policy in of_kind(objects, "NetworkPolicy"):
        metadata, selector = policy["metadata"], policy["spec"]["podSelector"]
        managed = "cnpg.io/cluster" in selector.get("matchLabels", {})
        if selector and not managed and not selected(objects, metadata["namespace"], selector):
            yield f"NetworkPolicy {metadata['name']}: it selects no pod"
    for monitor in of_kind(objects, "ServiceMonitor"):
        labels = [service["metadata"].get("labels", {}) for service in of_kind(objects, "Service")]
        if not any(matches(monitor["spec"]["selector"], own) for own in labels):
            yield f"ServiceMonitor {monitor['metadata']['name']}: it selects no Service"


def _accounts(objects: list[Manifest]) -> Iterator[str]:
    accounts = {
        (account["metadata"]["namespace"], account["metadata"]["name"])
        for account in of_kind(objects, "ServiceAccount")
    }
    roles = {
        (role["metadata"]["namespace"], role["metadata"]["name"])
        for role in of_kind(objects, "Role")
    }
    for owner in pods(objects):
        name = owner.spec.get("serviceAccountName")
        if name and (owner.namespace, name) not in accounts:
            yield f"{owner}: there is no service account {name}"
    for binding in of_kind(objects, "RoleBinding"):
        metadata = binding["metadata"]
        if (metadata["namespace"], binding["roleRef"]["name"]) not in roles:
            yield f"RoleBinding {metadata['name']}: there is no role {binding['roleRef']['name']}"
        for subject in binding["subjects"]:
            if (subject.get("namespace"), subject["name"]) not in accounts:
                yield f"RoleBinding {metadata['name']}: there is no {subject['name']}"


def _volumes(objects: list[Manifest], secrets: Known, owner: Pods) -> Iterator[str]:
    own = [volume["name"] for volume in owner.spec.get("volumes", [])]
    for workload in of_kind(objects, owner.kind):
        if workload["metadata"].get("name") == owner.name:
            claims = workload["spec"].get("volumeClaimTemplates", [])
            own += [claim["metadata"]["name"] for claim in claims]
    mounts = [
        mount["name"]
        for container in owner.containers
        for mount in container.get("volumeMounts", [])
    ]
    yield from (f"it mounts {name}, which is no volume" for name in set(mounts) - set(own))
    yield from (f"nothing mounts the volume {name}" for name in set(own) - set(mounts))
    for volume in owner.spec.get("volumes", []):
        for kind, field, target in (
            ("configMap", "name", "ConfigMap"),
            ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
        ):
            if kind in volume and not _exists(objects, target, owner, volume[kind][field]):
                yield f"there is no {target} {volume[kind][field]}"
        name = volume.get("secret", {}).get("secretName")
        if name and name not in {secret for _, secret, _ in secrets}:
            yield f"there is no Secret {name}"


def _environment(objects: list[Manifest], secrets: Known, owner: Pods) -> Iterator[str]:
    for container in owner.containers:
        for source in container.get("envFrom", []):
            if source.keys() != {"configMapRef"}:
                yield f"it reads all of {source}, not one ConfigMap"
                continue
            name = source["configMapRef"]["name"]
            if not _exists(objects, "ConfigMap", owner, name):
                yield f"there is no ConfigMap {name}"
            elif not HASHED.search(name):
                yield f"the ConfigMap {name} has no hash in its name: a change would not roll out"
        for variable in container.get("env", []):
            if "valueFrom" in variable:
                yield from _source(objects, secrets, owner, variable)


def _source(
    objects: list[Manifest], secrets: Known, owner: Pods, variable: dict[str, Any]
) -> Iterator[str]:
    """Tell when the source of a variable is not there."""
    name, source = variable["name"], variable["valueFrom"]
    if len(source) != 1:
        yield f"{name} has {len(source)} sources, not one"
    for kind, reference in source.items():
        if kind == "secretKeyRef":
            if (owner.namespace, reference["name"], reference["key"]) not in secrets:
                yield f"{name}: no Secret {reference['name']} with a key {reference['key']}"
        elif kind == "configMapKeyRef":
            keys = {
                key
                for config in of_kind(objects, "ConfigMap")
                if config["metadata"]["name"] == reference["name"]
                and config["metadata"]["namespace"] == owner.namespace
                for key in config["data"]
            }
            if reference["key"] not in keys:
                yield f"{name}: no ConfigMap {reference['name']} with a key {reference['key']}"
        elif kind == "fieldRef" and not FIELD.fullmatch(reference["fieldPath"]):
            yield f"{name}: a pod has no field {reference['fieldPath']}"


def _exists(objects: list[Manifest], kind: str, owner: Pods, name: str) -> bool:
    return any(
        (manifest["metadata"].get("namespace"), manifest["metadata"].get("name"))
        == (owner.namespace, name)
        for manifest in of_kind(objects, kind)
    )
