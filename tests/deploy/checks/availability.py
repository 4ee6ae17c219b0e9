"""Rules that keep the system answering: roll-outs, drains, scaling, connections."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from deploy.manifests.tree import NAME_LABEL
from deploy.serving.config import FINISH_SECONDS
from domain_services.kernel.settings import KernelSettings
from tests.deploy.checks.environment import served, settings_of
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import of_kind, selected

STATED = "dsm.dev/max-connections"
# Superusers, the migration, a backup and people.
RESERVED = 10
# The start of a stop, and what gives leases back.
SPARE_SECONDS = 15
CPU = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell what would interrupt the service: on a roll-out, on a drain, under load."""
    yield from _deployments(objects)
    yield from _autoscalers(objects)
    yield from _budgets(objects)
    yield from connections(objects)


def _deployments(objects: list[Manifest]) -> Iterator[str]:
    scaled = {scaler["metadata"]["name"] for scaler in of_kind(objects, "HorizontalPodAutoscaler")}
    budgets = {budget["metadata"]["name"] for budget in of_kind(objects, "PodDisruptionBudget")}
    for deployment in of_kind(objects, "Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        if "replicas" in spec and name in scaled:
            yield f"{name}: each apply would undo what its autoscaler decided"
        if scaled and "replicas" not in spec and name not in scaled:
            yield f"{name}: it has neither replicas nor an autoscaler"
        if spec.get("replicas", 1) < 1:
            yield f"{name}: it has no replica"
        if name in scaled and name not in budgets:
            yield f"{name}: it has no disruption budget"
        rolling = spec.get("strategy", {}).get("rollingUpdate", {})
        if (rolling.get("maxUnavailable"), rolling.get("maxSurge")) != (0, 1):
            yield f"{name}: a roll-out takes a replica out before the next is there"
        if (spec.get("minReadySeconds"), spec.get("revisionHistoryLimit")) != (5, 5):
            yield f"{name}: minReadySeconds or revisionHistoryLimit is not 5"
        spread = spec["template"]["spec"].get("topologySpreadConstraints", [])
        if [constraint["whenUnsatisfiable"] for constraint in spread] != ["ScheduleAnyway"]:
            yield f"{name}: its replicas are not spread over nodes, or block each other"
        for owner in pods([deployment]):
            yield from (f"{name}: {fault}" for fault in _stop(objects, owner))


def _stop(objects: list[Manifest], owner: Pods) -> Iterator[str]:
    """Tell when a service would be killed before it has drained and finished."""
    with suppress(ValidationError):  # invalid settings have a sentence of their own
        settings = settings_of(objects, owner) if served(owner) else None
        if isinstance(settings, KernelSettings):
            needed = settings.drain_seconds + FINISH_SECONDS + SPARE_SECONDS
            if owner.spec.get("terminationGracePeriodSeconds", 30) < needed:
                yield f"it is killed before it has drained, which takes up to {needed:.0f} s"


def _autoscalers(objects: list[Manifest]) -> Iterator[str]:
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        name, spec = scaler["metadata"]["name"], scaler["spec"]
        target = spec["scaleTargetRef"]
        targets = [
            deployment
            for deployment in of_kind(objects, target["kind"])
            if deployment["metadata"]["name"] == target["name"] == name
            and deployment["apiVersion"] == target.get("apiVersion")
        ]
        if not targets:
            yield f"autoscaler {name}: its target is not there"
        if spec.get("minReplicas", 1) > spec["maxReplicas"]:
            yield f"autoscaler {name}: its minimum is above its maximum"
        if [metric.get("resource") for metric in spec.get("metrics", [])] != [CPU]:
            yield f"autoscaler {name}: it does not scale on 70 % of the requested CPU"
        down = spec.get("behavior", {}).get("scaleDown", {})
        if down.get("stabilizationWindowSeconds", 0) < 300:
            yield f"autoscaler {name}: it takes replicas away within 5 minutes"


def _budgets(objects: list[Manifest]) -> Iterator[str]:
    for budget in of_kind(objects, "PodDisruptionBudget"):
        name, spec = budget["metadata"]["name"], budget["spec"]
        if "minAvailable" in spec or spec.get("maxUnavailable") != 1:
            yield f"disruption budget {name}: a drain might take all pods at once, or none ever"
        if spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield f"disruption budget {name}: pods that are not ready hold up a drain"


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
    return replicas + spec.get("strategy", {}).get("rollingUpdate", {}).get("maxSurge", 1)


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
        if figure is not None and figure.isdecimal():
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
        name, container = (
            stateful["metadata"]["name"],
            stateful["spec"]["template"]["spec"]["containers"][0],
        )
        if name == "postgres" and f"max_connections={limit}" not in container.get("args", []):
            yield f"{name} does not admit max_connections={limit}, as stated"
    for cluster in of_kind(objects, "Cluster"):
        parameters = cluster["spec"].get("postgresql", {}).get("parameters", {})
        if int(parameters.get("max_connections", 100)) < limit:
            yield f"{cluster['metadata']['name']} admits fewer connections than {limit}, as stated"
