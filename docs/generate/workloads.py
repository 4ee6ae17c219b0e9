"""Table of the workloads of the tree: ports, databases, replicas, schedules."""

from collections.abc import Iterator
from typing import Any

import yaml

from deploy.catalogue import SERVICES
from deploy.manifests.edges import Workload, edges
from deploy.manifests.tree import TREE

PAGE = TREE.parent / "README.md"
BEGIN = "<!-- workloads: written by `make docs` -->"
END = "<!-- end of workloads -->"
HEAD = (
    "| workload | kind | port | database | Redis | calls | replicas | schedule |\n"
    "|---|---|---|---|---|---|---|---|"
)
WORKLOADS = ("Deployment", "StatefulSet", "Job", "CronJob")
ALL_DATABASES = ("dsm-migrate", "dsm-backup", "dsm-restore")

Manifest = dict[str, Any]


def table() -> str:
    """Write the table from the manifests and the catalogue."""
    objects = list(_objects())
    rows = sorted(
        (_row(manifest, objects) for manifest in objects if manifest["kind"] in WORKLOADS),
        key=lambda cells: (WORKLOADS.index(cells[1]), cells[0]),
    )
    return "\n".join([HEAD, *(f"| {' | '.join(cells)} |" for cells in rows)])


def page() -> str:
    """Return the page with the table of today. Raises: `ValueError` without its markers."""
    text = PAGE.read_text()
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"add the markers {BEGIN!r} and {END!r} to {PAGE.name}")
    return f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}"


def write() -> bool:
    """Write the table into the page; True when the page changed."""
    before, after = PAGE.read_text(), page()
    PAGE.write_text(after)
    return after != before


def _objects() -> Iterator[Manifest]:
    for file in sorted(TREE.rglob("*.yaml")):
        if file.name != "kustomization.yaml":
            yield from (manifest for manifest in yaml.safe_load_all(file.read_text()) if manifest)


def _row(manifest: Manifest, objects: list[Manifest]) -> tuple[str, ...]:
    metadata, kind, spec = manifest["metadata"], manifest["kind"], manifest["spec"]
    name = metadata.get("name") or f"{metadata['generateName']}…"
    template = spec["jobTemplate"]["spec"] if kind == "CronJob" else spec
    pod = template["template"]
    label = pod["metadata"]["labels"]["app.kubernetes.io/name"]
    service = next((spec for spec in SERVICES if spec.identity == label), None)
    database = (service.database if service else "") or ""
    if label in ALL_DATABASES:
        database = "all"
    calls = [edge.called.name for edge in edges() if edge.caller == Workload(label)]
    return (
        f"`{name}`",
        kind,
        _port(label, pod["spec"], objects),
        f"`{database}`" if database.startswith("dsm_") else database,
        "yes" if service and service.events else "",
        ", ".join(calls),
        _replicas(name, kind, spec, objects),
        f"`{spec['schedule']}` {spec['timeZone']}" if kind == "CronJob" else "",
    )


def _port(label: str, pod: Manifest, objects: list[Manifest]) -> str:
    for service in objects:
        is_own = service["kind"] == "Service" and service["metadata"]["name"] == label
        if is_own:
            number = pod["containers"][0]["ports"][0]["containerPort"]
            return f"{service['spec']['ports'][0]['port']} → {number}"
    return ""


def _replicas(name: str, kind: str, spec: Manifest, objects: list[Manifest]) -> str:
    for scaler in objects:
        if scaler["kind"] == "HorizontalPodAutoscaler" and scaler["metadata"]["name"] == name:
            return f"{scaler['spec']['minReplicas']} to {scaler['spec']['maxReplicas']}"
    return str(spec["replicas"]) if kind in ("Deployment", "StatefulSet") else ""
