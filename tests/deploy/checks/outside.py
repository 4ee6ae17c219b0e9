"""NetworkPolicies towards what is outside the tree: addresses, and pods of other namespaces."""

import ipaddress
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from deploy.manifests.tree import PORT
from tests.deploy.checks.edges import callers, end, policies, uses_postgres
from tests.deploy.checks.environment import names, served, variables
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import of_kind

ANYWHERE = "0.0.0.0/0"
NAMESPACE = "kubernetes.io/metadata.name"
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
# An installation's own decision: who calls it from outside.
GATEWAY = "from-gateway"
# A network of stores is no larger than this many bits leave.
LEAST_PREFIX = 8

Place = tuple[str, int]
"""Namespace, or addresses, and a port."""


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which connections to the outside are missing, and which are too many."""
    for policy in of_kind(objects, "NetworkPolicy"):
        yield from (f"NetworkPolicy {policy['metadata']['name']}: {f}" for f in _form(policy))
    for owner in callers(objects):
        yield from (f"{owner}: {fault}" for fault in _addresses(objects, owner))
        yield from (f"{owner}: {fault}" for fault in _namespaces(objects, owner))


def _form(policy: Manifest) -> Iterator[str]:
    spec = policy["spec"]
    for rule in (*spec.get("ingress", []), *spec.get("egress", [])):
        if not all("port" in port and "endPort" not in port for port in rule.get("ports", [{}])):
            yield "a rule names no single ports: it allows more than a call"
    for block in _blocks(spec.get("ingress", []), "from"):
        yield f"it lets {block} in, which is outside the cluster"


def _blocks(rules: list[dict[str, Any]], field: str) -> Iterator[str]:
    for rule in rules:
        peers = rule.get(field, [{"ipBlock": {"cidr": ANYWHERE}}])
        yield from (peer["ipBlock"]["cidr"] for peer in peers if "ipBlock" in peer)


def _addresses(objects: list[Manifest], owner: Pods) -> Iterator[str]:
    reached: set[Place] = {
        (cidr, port.get("port", 0))
        for policy in policies(objects, end(owner), "Egress")
        for rule in policy["spec"].get("egress", [])
        for cidr in _blocks([rule], "to")
        for port in rule.get("ports", [{}])
    }
    anywhere = _anywhere(owner)
    expected = anywhere | _stores(objects, owner)
    ports = {port for _, port in reached} - {53}
    for port in sorted(expected - ports):
        yield f"it does not reach the port {port} outside the cluster"
    for port in sorted(ports - expected):
        yield f"it reaches the port {port} outside the cluster, which nothing asks for"
    for cidr, port in sorted(reached):
        is_wide = ipaddress.ip_network(cidr, strict=False).prefixlen < LEAST_PREFIX
        if is_wide and port not in anywhere:
            yield f"it reaches any address at the port {port}"


def _anywhere(owner: Pods) -> set[int]:
    """List the ports at which a pod may reach any address."""
    if owner.calls_the_cluster:
        return {443, 6443}  # the API server has no label
    return {443} if owner.name == "ollama" else set()  # where it pulls models from


def _stores(objects: list[Manifest], owner: Pods) -> set[int]:
    """List the ports of the stores that a pod needs and the tree has not."""
    in_tree = {other.name for other in pods(objects)}
    expected: set[int] = set()
    if uses_postgres(owner) and "postgres" not in in_tree and not any(of_kind(objects, "Cluster")):
        expected.add(5432)
    if "DSM_REDIS_URL" in names(owner) and "valkey" not in in_tree:
        expected.add(6379)
    return expected


def _namespaces(objects: list[Manifest], owner: Pods) -> Iterator[str]:
    own = {manifest["metadata"]["name"] for manifest in of_kind(objects, "Namespace")}
    expected: dict[str, set[Place]] = {"Egress": {("kube-system", 53)}, "Ingress": set()}
    if served(owner):
        expected["Ingress"].add(("monitoring", PORT))
        url = urlsplit(variables(objects, owner).get(COLLECTOR, ""))
        if url.hostname:
            expected["Egress"].add((url.hostname.split(".")[1], url.port or 80))
    anywhere = {("any", port) for port in _anywhere(owner)}
    for direction, places in expected.items():
        allowed = {
            place
            for policy in policies(objects, end(owner), direction)
            if policy["metadata"]["name"] != GATEWAY
            for place in _foreign(policy["spec"], direction)
            if place[0] not in own and place not in anywhere
        }
        for place, port in sorted(places - allowed):
            yield f"{direction}: the namespace {place} is cut off at the port {port}"
        for place, port in sorted(allowed - places):
            yield f"{direction}: the namespace {place} is open at the port {port}, for nothing"


def _foreign(spec: dict[str, Any], direction: str) -> Iterator[Place]:
    """Yield the namespaces that a policy names, "any" for a selector of several."""
    rules, peers = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    for rule in spec.get(rules, []):
        for peer in rule.get(peers, [{"namespaceSelector": {}}]):
            if "namespaceSelector" not in peer:
                continue
            name = peer["namespaceSelector"].get("matchLabels", {}).get(NAMESPACE, "any")
            yield from ((name, port.get("port", 0)) for port in rule.get("ports", [{}]))
