"""Probes: their handlers, their routes, and the times after which the kubelet acts."""

from collections.abc import Iterator
from typing import Any

from tests.deploy.checks.environment import served
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import port_number

NAMES = ("startupProbe", "livenessProbe", "readinessProbe")
ROUTES = {
    "startupProbe": "/health",
    "livenessProbe": "/health",
    # Its own database alone: /health/ready would take a service out when a peer is away.
    "readinessProbe": "/health/serving",
}
# Its /health asks Redis, as the specification wants (4.3).
PORT_ALONE = ("daily_scrum",)
# A migration of some minutes may precede a start; a restart in a hurry makes an overload worse.
LEAST_SECONDS = {"startupProbe": 120, "livenessProbe": 30, "readinessProbe": 10}
# Else a pod that does not serve gets requests for too long.
MOST_READINESS_SECONDS = 15
LEAST_TIMEOUT_SECONDS = {"startupProbe": 1, "livenessProbe": 2, "readinessProbe": 3}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which probes ask the wrong thing, or too soon."""
    for owner in pods(objects):
        for container in owner.containers:
            yield from (f"{owner}: {fault}" for fault in _handlers(owner, container))
        if (service := served(owner)) is not None:
            if "initContainers" in owner.spec:
                yield f"{owner}: its replicas would queue behind a container that starts before it"
            container = owner.spec["containers"][0]
            yield from (f"{owner}: {fault}" for fault in _of_service(service.name, container))


def _handlers(owner: Pods, container: dict[str, Any]) -> Iterator[str]:
    for name in NAMES:
        probe = container.get(name)
        if probe is None:
            continue
        handlers = probe.keys() & {"httpGet", "tcpSocket", "exec", "grpc"}
        if len(handlers) != 1:
            yield f"{name}: one handler is needed, not {len(handlers)}"
        for handler in handlers - {"exec"}:
            if port_number(owner, probe[handler]["port"]) is None:
                yield f"{name}: the container has no port {probe[handler]['port']}"
            # The restricted profile: the kubelet must not be sent to another host.
            if probe[handler].get("host"):
                yield f"{name}: it asks another host"


def _of_service(service: str, container: dict[str, Any]) -> Iterator[str]:
    if "lifecycle" in container:
        yield "a hook delays its end: the process drains by itself on SIGTERM"
    for name in NAMES:
        if name not in container:
            yield f"it has no {name}"
            continue
        probe = container[name]
        path = probe.get("httpGet", {}).get("path")
        if service in PORT_ALONE and name != "readinessProbe":
            if "tcpSocket" not in probe:
                yield f"{name}: {path} asks Redis, and a Redis that is away must restart no pod"
        elif path != ROUTES[name]:
            yield f"{name}: {path} is not {ROUTES[name]}"
        seconds = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
        if seconds < LEAST_SECONDS[name]:
            yield f"{name}: it gives up after {seconds} s, before {LEAST_SECONDS[name]} s"
        if name == "readinessProbe" and seconds > MOST_READINESS_SECONDS:
            yield f"{name}: a pod that does not serve gets requests for {seconds} s"
        if probe.get("timeoutSeconds", 1) < LEAST_TIMEOUT_SECONDS[name]:
            yield f"{name}: its timeout is below {LEAST_TIMEOUT_SECONDS[name]} s"
