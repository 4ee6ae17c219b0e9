"""Rules that keep the system answering: roll-outs, drains, scaling, connections."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from deploy.manifests.tree import NAME_LABEL
from domain_services.kernel.settings import KernelSettings
from tests.deploy.checks.environment import served, settings_of
from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind, selected

STATED = "dsm.dev/max-connections"
# Superusers, the migration, a backup and people.
RESERVED = 10
# Longer than a drain (5 s), what uvicorn then still waits for (20 s) and the start of a stop.
LEAST_GRACE_SECONDS = 40


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell what would interrupt the service: on a roll-out, on a drain, under load."""
    yield from _deployments(objects)
    yield from _autoscalers(objects)
    yield from _budgets(objects)
    yield from _migration(objects)
    yield from connections(objects)


def _deployments(objects: list[Manifest]) -> Iterator[str]:
    scaled = {scaler["metadata"]["name"] for scaler in of_kind(objects, "HorizontalPodAutoscaler")}
    for deployment in of_kind(objects, "Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        pod = spec["template"]["spec"]
        if ("replicas" in spec) and name in scaled:
            yield f"{name}: each apply would undo what its autoscaler decided"
        rolling = spec.get("strategy", {}).get("rollingUpdate", {})
        if (rolling.get("maxUnavailable"), rolling.get("maxSurge")) != (0, 1):
            yield f"{name}: a roll-out takes a replica out before the next is there"
        if not any(served(owner) and owner.name == name for owner in pods([deployment])):
            continue
        if pod.get("terminationGracePeriodSeconds", 30) < LEAST_GRACE_SECONDS:
            yield f"{name}: it is killed before it has drained"
        container = pod["containers"][0]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe not in container:
                yield f"{name}: it has no {probe}"


def _autoscalers(objects: list[Manifest]) -> Iterator[str]:
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        name, spec = scaler["metadata"]["name"], scaler["spec"]
        targets = [
            deployment
            for deployment in of_kind(objects, spec["scaleTargetRef"]["kind"])
            if deployment["metadata"]["name"] == spec["scaleTargetRef"]["name"] == name
        ]
        if not targets:
            yield f"autoscaler {name}: its target is not there"
        if spec.get("minReplicas", 1) > spec["maxReplicas"]:
            yield f"autoscaler {name}: its minimum is above its maximum"


def _budgets(objects: list[Manifest]) -> Iterator[str]:
    for budget in of_kind(objects, "PodDisruptionBudget"):
        name, spec = budget["metadata"]["name"], budget["spec"]
        if "minAvailable" in spec or spec.get("maxUnavailable") in (None, 0, "0%"):
            yield f"disruption budget {name}: a node with its pods might never be drained"
        if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"disruption budget {name}: pods that are not ready hold up a drain"


def _migration(objects: list[Manifest]) -> Iterator[str]:
    for job in of_kind(objects, "Job"):
        spec = job["spec"]["template"]["spec"]
        container = spec["containers"][0]
        if container.get("command", [])[:2] != ["dsm", "migrate"]:
            continue
        name, tag = job["metadata"]["name"], container["image"].rpartition(":")[2]
        if name != f"dsm-migrate-{tag}":
            yield f"Job {name}: its name does not end with the tag {tag}: a Job cannot be changed"
        if container.get("envFrom") or any("configMap" in v for v in spec.get("volumes", [])):
            yield f"Job {name}: a changed ConfigMap would change it, and a Job cannot be changed"


def images(objects: list[Manifest]) -> Iterator[str]:
    """Tell where the orchestrator's Jobs would run another image than the services."""
    used = {
        container["image"]
        for owner in pods(objects)
        for container in owner.containers
        if container.get("command", [""])[0] == "dsm"
    }
    if len(used) > 1:
        yield f"the pods run several releases: {', '.join(sorted(used))}"
    for owner in pods(objects):
        for container in owner.containers:
            for variable in container.get("env", []):
                if variable["name"] == "DSM_IMAGE" and {variable["value"]} != used:
                    yield f"the orchestrator's Jobs run {variable['value']}"


def most_replicas(objects: list[Manifest], name: str, spec: dict[str, Any]) -> int:
    """Return how many pods of a Deployment there are at most, in a roll-out."""
    scalers = [
        scaler["spec"]["maxReplicas"]
        for scaler in of_kind(objects, "HorizontalPodAutoscaler")
        if scaler["metadata"]["name"] == name
    ]
    replicas = scalers[0] if scalers else spec.get("replicas", 1)
    return replicas + spec["strategy"]["rollingUpdate"]["maxSurge"]


def connection_counts(objects: list[Manifest]) -> dict[str, int]:
    """Return the most connections that each service opens, all its replicas together."""
    counts: dict[str, int] = {}
    for deployment in of_kind(objects, "Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        for owner in selected(objects, "dsm", {"matchLabels": {NAME_LABEL: name}}):
            settings = None
            # Invalid settings have a sentence of their own.
            with suppress(ValidationError):
                settings = settings_of(objects, owner) if served(owner) else None
            if isinstance(settings, KernelSettings):
                counts[name] = most_replicas(objects, name, spec) * settings.most_connections
    return counts


def stated(objects: list[Manifest]) -> int | None:
    """Return the max_connections that an overlay states; None when it states none."""
    for config in of_kind(objects, "ConfigMap"):
        figure = config["metadata"].get("annotations", {}).get(STATED)
        if figure is not None:
            return int(figure)
    return None


def connections(objects: list[Manifest]) -> Iterator[str]:
    """Tell when the services could open more connections than PostgreSQL admits."""
    if not any(served(owner) for owner in pods(objects)):
        return
    limit = stated(objects)
    if limit is None:
        yield f"the annotation {STATED} of dsm-config states no figure"
        return
    most = sum(connection_counts(objects).values())
    if most > limit - RESERVED:
        yield f"{most} connections at most, of {limit} less {RESERVED} for others"
    for stateful in of_kind(objects, "StatefulSet"):
        for argument in stateful["spec"]["template"]["spec"]["containers"][0].get("args", []):
            if argument.startswith("max_connections=") and argument != f"max_connections={limit}":
                yield f"{stateful['metadata']['name']} admits {argument}, not {limit} as stated"
    for cluster in of_kind(objects, "Cluster"):
        if cluster["spec"]["postgresql"]["parameters"]["max_connections"] != str(limit):
            yield f"{cluster['metadata']['name']} admits another number than {limit} as stated"
