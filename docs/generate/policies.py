"""NetworkPolicies of the calls between workloads, generated from the catalogue."""

from collections.abc import Iterable

import yaml

from deploy.manifests.edges import Edge, Workload, edges
from deploy.manifests.tree import NAME_LABEL, PORT, TREE

FILE = TREE / "base" / "network" / "edges.yaml"
HEAD = "# Who calls whom, from the catalogue of services. Written by `make docs`.\n"

Selector = dict[str, object]


def text() -> str:
    """Write the policies as YAML: for each workload, who may call it, and whom it may call."""
    calls = edges()
    workloads = sorted(
        {edge.caller for edge in calls} | {edge.called for edge in calls},
        key=lambda workload: (workload.namespace, workload.name),
    )
    policies = [_policy(workload, calls) for workload in workloads]
    return HEAD + yaml.safe_dump_all(policies, sort_keys=False)


def _policy(workload: Workload, calls: Iterable[Edge]) -> dict[str, object]:
    incoming = [edge.caller for edge in calls if edge.called == workload]
    outgoing = [edge.called for edge in calls if edge.caller == workload]
    spec: dict[str, object] = {"podSelector": _pods(workload), "policyTypes": []}
    types: list[str] = []
    if incoming:
        types.append("Ingress")
        spec["ingress"] = [{"from": _peers(incoming, workload), "ports": _ports()}]
    if outgoing:
        types.append("Egress")
        spec["egress"] = [{"to": _peers(outgoing, workload), "ports": _ports()}]
    spec["policyTypes"] = types
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": workload.name or "jobs", "namespace": workload.namespace},
        "spec": spec,
    }


def _peers(workloads: Iterable[Workload], owner: Workload) -> list[Selector]:
    return [_peer(workload, owner) for workload in workloads]


def _peer(workload: Workload, owner: Workload) -> Selector:
    peer: Selector = {}
    if workload.namespace != owner.namespace:
        labels = {"kubernetes.io/metadata.name": workload.namespace}
        peer["namespaceSelector"] = {"matchLabels": labels}
    if workload.name:
        peer["podSelector"] = _pods(workload)
    return peer


def _pods(workload: Workload) -> Selector:
    return {"matchLabels": {NAME_LABEL: workload.name}} if workload.name else {}


def _ports() -> list[dict[str, object]]:
    return [{"protocol": "TCP", "port": PORT}]


def write() -> bool:
    """Write the policies into the tree; True when the file changed."""
    before = FILE.read_text() if FILE.exists() else ""
    after = text()
    FILE.write_text(after)
    return after != before
