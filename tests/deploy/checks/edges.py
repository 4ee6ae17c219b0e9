"""NetworkPolicies, evaluated: who reaches whom, and what the catalogue asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from deploy.manifests.edges import edges
from deploy.manifests.tree import JOBS_NAMESPACE, NAMESPACE, PORT
from tests.deploy.checks.environment import names, variables
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import matches, of_kind

Edge = tuple[str, str, int]
"""Name of the calling pods, name of the called ones, port."""

# Label of the pods of CloudNativePG.
MANAGED = "cnpg.io/cluster"
# Settings that lead to a server of models.
MODEL_URLS = {"DSM_ADVISOR__OLLAMA_URL", "DSM_CHAT__OLLAMA_URL", "DSM_EMBEDDING__OLLAMA_URL"}
DNS = {"kubernetes.io/metadata.name": "kube-system"}
MONITORING = {"kubernetes.io/metadata.name": "monitoring"}


@dataclass(frozen=True)
class End:
    """End of a connection: pods of the tree, or something outside it."""

    namespace: str
    namespace_labels: dict[str, str]
    labels: dict[str, str]


def end(owner: Pods) -> End:
    """Return the end that pods of the tree are."""
    return End(owner.namespace, {"kubernetes.io/metadata.name": owner.namespace}, owner.labels)


def policies(objects: list[Manifest], pod: End, direction: str) -> Iterator[Manifest]:
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
    selecting = list(policies(objects, pod, direction))
    if not selecting:
        return True
    for policy in selecting:
        for rule in policy["spec"].get(rule_name, []):
            peers = rule.get(peers_name)
            right_peer = peers is None or any(_peer_matches(peer, policy, other) for peer in peers)
            if right_peer and _right_port(rule, port, protocol):
                return True
    return False


def _right_port(rule: dict[str, Any], port: int, protocol: str) -> bool:
    ports = rule.get("ports")
    return ports is None or any(
        allowed.get("protocol", "TCP") == protocol
        and allowed.get("port", port) <= port <= allowed.get("endPort", allowed.get("port", port))
        for allowed in ports
    )


def reaches(
    objects: list[Manifest], caller: End, called: End, port: int, protocol: str = "TCP"
) -> bool:
    """Tell whether both ends allow a connection."""
    return _allows(objects, caller, called, "Egress", port, protocol) and _allows(
        objects, called, caller, "Ingress", port, protocol
    )


def callers(objects: list[Manifest]) -> list[Pods]:
    """List the pods of the tree, and those that the orchestrator's CronJobs will start."""
    return [*pods(objects), Pods("CronJob", "any job", JOBS_NAMESPACE, {}, {"containers": []})]


def _called(objects: list[Manifest]) -> list[Pods]:
    """List the pods of the tree, and those that an operator of PostgreSQL starts."""
    serving = {"containers": [{"ports": [{"containerPort": 5432}]}]}
    workloads = list(pods(objects))
    for cluster in of_kind(objects, "Cluster"):
        name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
        workloads.append(Pods("Cluster", name, namespace, {MANAGED: name}, serving))
    return workloads


def allowed(objects: list[Manifest]) -> set[Edge]:
    """List every connection that the policies allow between pods of the tree."""
    edges_of_pods: set[Edge] = set()
    for caller in callers(objects):
        for called in _called(objects):
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
    owners = {owner.name: owner for owner in callers(objects)}
    edges_of_pods: set[Edge] = set()
    for edge in edges():
        of_edge = [
            owner.name
            for owner in owners.values()
            if owner.namespace == edge.caller.namespace
            and edge.caller.name in ("", owner.labels.get("app.kubernetes.io/name"))
        ]
        edges_of_pods |= {
            (caller, edge.called.name, PORT) for caller in of_edge if edge.called.name in owners
        }
    instances = [cluster["metadata"]["name"] for cluster in of_kind(objects, "Cluster")]
    servers = [name for name in (*owners, *instances) if name in ("postgres", *instances)]
    for owner in pods(objects):
        if uses_postgres(owner):
            edges_of_pods |= {(owner.name, server, 5432) for server in servers}
        if "DSM_REDIS_URL" in names(owner) and "valkey" in owners:
            edges_of_pods.add((owner.name, "valkey", 6379))
        for name in MODEL_URLS & variables(objects, owner).keys():
            ollama = urlsplit(variables(objects, owner)[name])
            called = (ollama.hostname or "").partition(".")[0]
            edges_of_pods.add((owner.name, called, ollama.port or 80))
    return edges_of_pods


def uses_postgres(owner: Pods) -> bool:
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
    for namespace in (NAMESPACE, JOBS_NAMESPACE):
        closed = {
            direction
            for policy in of_kind(objects, "NetworkPolicy")
            if policy["metadata"]["namespace"] == namespace
            and policy["spec"].keys() == {"podSelector", "policyTypes"}
            and policy["spec"]["podSelector"] == {}
            for direction in policy["spec"]["policyTypes"]
        }
        for direction in sorted({"Ingress", "Egress"} - closed):
            yield f"{namespace}: {direction} is open to a pod that no other policy selects"
