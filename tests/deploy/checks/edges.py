"""NetworkPolicies, evaluated: who reaches whom, and what the catalogue asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from deploy.manifests.edges import edges
from deploy.manifests.tree import JOBS_NAMESPACE, PORT
from tests.deploy.checks.environment import names, variables
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import matches, of_kind

Edge = tuple[str, str, int]
"""Name of the calling pods, name of the called ones, port."""

DNS = {"kubernetes.io/metadata.name": "kube-system"}
MONITORING = {"kubernetes.io/metadata.name": "monitoring"}
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class End:
    """End of a connection: pods of the tree, or something outside it."""

    namespace: str
    namespace_labels: dict[str, str]
    labels: dict[str, str]


def end(owner: Pods) -> End:
    """Return the end that pods of the tree are."""
    return End(owner.namespace, {"kubernetes.io/metadata.name": owner.namespace}, owner.labels)


def _policies(objects: list[Manifest], pod: End, direction: str) -> Iterator[Manifest]:
    for policy in of_kind(objects, "NetworkPolicy"):
        if (
            policy["metadata"]["namespace"] == pod.namespace
            and direction in policy["spec"]["policyTypes"]
            and matches(policy["spec"]["podSelector"], pod.labels)
        ):
            yield policy


def _peer_matches(peer: dict[str, Any], policy: Manifest, other: End) -> bool:
    if "ipBlock" in peer:
        return False
    if "namespaceSelector" in peer:
        in_namespace = matches(peer["namespaceSelector"], other.namespace_labels)
    else:
        in_namespace = policy["metadata"]["namespace"] == other.namespace
    return in_namespace and matches(peer.get("podSelector", {}), other.labels)


def _allows(
    objects: list[Manifest], pod: End, other: End, direction: str, port: int, protocol: str
) -> bool:
    rule_name, peers_name = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    policies = list(_policies(objects, pod, direction))
    if not policies:
        return True
    for policy in policies:
        for rule in policy["spec"].get(rule_name, []):
            peers = rule.get(peers_name)
            right_peer = peers is None or any(_peer_matches(peer, policy, other) for peer in peers)
            if right_peer and _right_port(rule, port, protocol):
                return True
    return False


def _right_port(rule: dict[str, Any], port: int, protocol: str) -> bool:
    ports = rule.get("ports")
    return ports is None or any(
        (allowed.get("protocol", "TCP"), allowed["port"]) == (protocol, port) for allowed in ports
    )


def reaches(
    objects: list[Manifest], caller: End, called: End, port: int, protocol: str = "TCP"
) -> bool:
    """Tell whether both ends allow a connection."""
    return _allows(objects, caller, called, "Egress", port, protocol) and _allows(
        objects, called, caller, "Ingress", port, protocol
    )


def allowed(objects: list[Manifest]) -> set[Edge]:
    """List every connection that the policies allow between pods of the tree."""
    edges_of_pods: set[Edge] = set()
    owners = list(pods(objects))
    for caller in owners:
        for called in owners:
            ports = {
                port["containerPort"]
                for container in called.spec["containers"]
                for port in container.get("ports", [])
            }
            edges_of_pods |= {
                (caller.name, called.name, port)
                for port in ports
                if caller.name != called.name and reaches(objects, end(caller), end(called), port)
            }
    return edges_of_pods


def needed(objects: list[Manifest]) -> set[Edge]:
    """List every connection that the catalogue and the stores of the tree ask for."""
    owners = {owner.name: owner for owner in pods(objects)}
    edges_of_pods: set[Edge] = set()
    for edge in edges():
        callers = [
            owner.name
            for owner in owners.values()
            if owner.namespace == edge.caller.namespace
            and edge.caller.name in ("", owner.labels.get("app.kubernetes.io/name"))
        ]
        edges_of_pods |= {
            (caller, edge.called.name, PORT) for caller in callers if edge.called.name in owners
        }
    for owner in owners.values():
        if _uses_postgres(owner) and "postgres" in owners:
            edges_of_pods.add((owner.name, "postgres", 5432))
        if "DSM_REDIS_URL" in names(owner) and "valkey" in owners:
            edges_of_pods.add((owner.name, "valkey", 6379))
        if "DSM_EMBEDDING__OLLAMA_URL" in variables(objects, owner):
            edges_of_pods.add((owner.name, "ollama", 11434))
    return edges_of_pods


def _uses_postgres(owner: Pods) -> bool:
    return bool(names(owner) & {"DSM_DATABASE_URL", "DSM_OWNER_URL"})


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which connections are missing, and which are too many."""
    permitted, required = allowed(objects), needed(objects)
    for caller, called, port in sorted(required - permitted):
        yield f"{caller} does not reach {called} at {port}"
    for caller, called, port in sorted(permitted - required):
        yield f"{caller} reaches {called} at {port}, which nothing asks for"
    outside = End("elsewhere", {"kubernetes.io/metadata.name": "elsewhere"}, {"app": "stranger"})
    dns = End("kube-system", DNS, {"k8s-app": "kube-dns"})
    monitoring = End("monitoring", MONITORING, {"app": "prometheus"})
    for owner in pods(objects):
        yield from (f"{owner}: {fault}" for fault in _outside(objects, owner))
        for protocol in ("UDP", "TCP"):
            if not _allows(objects, end(owner), dns, "Egress", 53, protocol):
                yield f"{owner}: it cannot ask for names ({protocol})"
        for port in [p["containerPort"] for p in owner.spec["containers"][0].get("ports", [])]:
            if _allows(objects, end(owner), outside, "Ingress", port, "TCP"):
                yield f"{owner}: a pod of any namespace reaches it"
            if _allows(objects, end(owner), outside, "Egress", port, "TCP"):
                yield f"{owner}: it reaches any namespace"
            is_service = owner.labels.get("app.kubernetes.io/component") == "service"
            if _allows(objects, end(owner), monitoring, "Ingress", port, "TCP") != is_service:
                yield f"{owner}: Prometheus reads the services, and nothing else"
    yield from _denied(objects)


def _denied(objects: list[Manifest]) -> Iterator[str]:
    for namespace in ("dsm", JOBS_NAMESPACE):
        bare = End(namespace, {}, {})
        for direction in ("Ingress", "Egress"):
            if not list(_policies(objects, bare, direction)):
                yield f"{namespace}: {direction} is open to a pod that no other policy selects"


def blocks(objects: list[Manifest], owner: Pods) -> set[tuple[str, int]]:
    """List the addresses outside the tree that pods reach, each with its port."""
    edges_of_pods: set[tuple[str, int]] = set()
    for policy in _policies(objects, end(owner), "Egress"):
        for rule in policy["spec"].get("egress", []):
            peers = rule.get("to", [{"ipBlock": {"cidr": ANYWHERE}}])
            cidrs = [peer["ipBlock"]["cidr"] for peer in peers if "ipBlock" in peer]
            edges_of_pods |= {(cidr, port["port"]) for cidr in cidrs for port in rule["ports"]}
    return edges_of_pods


def _outside(objects: list[Manifest], owner: Pods) -> Iterator[str]:
    ports = {port for _, port in blocks(objects, owner)} - {53}
    in_tree = {other.name for other in pods(objects)}
    has_cluster = any(of_kind(objects, "Cluster"))
    expected: set[int] = set()
    if owner.calls_the_cluster:
        expected |= {443, 6443}
    if owner.name == "ollama":
        expected.add(443)  # where it pulls models from
    if _uses_postgres(owner) and "postgres" not in in_tree and not has_cluster:
        expected.add(5432)
    if "DSM_REDIS_URL" in names(owner) and "valkey" not in in_tree:
        expected.add(6379)
    for port in sorted(expected - ports):
        yield f"it does not reach the port {port} outside the cluster"
    for port in sorted(ports - expected):
        yield f"it reaches the port {port} outside the cluster, which nothing asks for"
