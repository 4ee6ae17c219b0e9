"""Objects of operators: fields, as the operators document them, and what they name.

Their schemas are not here: each field that the tree uses is listed with its form, and no other.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from tests.deploy.checks.pods import TAGGED, Manifest
from tests.deploy.checks.references import matches, of_kind

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
TEXTS: Schema = {"type": "object", "additionalProperties": TEXT}
NUMBER: Schema = {"type": "integer", "minimum": 1}
TRUTH: Schema = {"type": "boolean"}
PRESENCE: Schema = {"enum": ["present", "absent"]}
SIZE: Schema = {"type": "string", "pattern": r"^\d+(Mi|Gi|Ti)$"}
FACTORS = {"s": 1, "m": 60, "h": 3600}
DURATION: Schema = {"type": "string", "pattern": r"^\d+(s|m|h)$"}


def _fields(*optional: str, **fields: Schema) -> Schema:
    """Describe an object that has these fields, of which only `optional` may be missing."""
    required = [name for name in fields if name not in optional]
    form = {"type": "object", "properties": fields, "required": required}
    return form | {"additionalProperties": False}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item, "minItems": 1}


NAMED = _fields(name=TEXT)
EXTENSION = _fields(name=TEXT, image=_fields(reference=TEXT))
ROLE = _fields(name=TEXT, ensure=PRESENCE, login=TRUTH, passwordSecret=NAMED)
AMOUNTS = _fields("cpu", cpu=TEXT, memory=SIZE)
RULE = _fields("for", alert=TEXT, expr=TEXT, **{"for": DURATION}, labels=TEXTS, annotations=TEXTS)
ENDPOINT = _fields(port=TEXT, path={"const": "/metrics"}, interval=DURATION, scrapeTimeout=DURATION)
SPECS = {
    "postgresql.cnpg.io/v1 Cluster": _fields(
        "managed",
        "backup",
        instances=NUMBER,
        imageName=TEXT,
        postgresql=_fields(parameters=TEXTS, extensions=_list(EXTENSION)),
        bootstrap=_fields(initdb=_fields(database=TEXT, owner=TEXT, secret=NAMED)),
        managed=_fields(roles=_list(ROLE)),
        storage=_fields(size=SIZE),
        resources=_fields(requests=AMOUNTS, limits=AMOUNTS),
        backup=_fields(volumeSnapshot=_fields(className=TEXT)),
    ),
    "postgresql.cnpg.io/v1 Database": _fields(
        "extensions",
        name=TEXT,
        owner=TEXT,
        cluster=NAMED,
        databaseReclaimPolicy={"enum": ["retain"]},  # `delete` would drop it with its object
        extensions=_list(_fields(name=TEXT, ensure=PRESENCE)),
    ),
    "postgresql.cnpg.io/v1 ScheduledBackup": _fields(
        # Six fields: seconds first.
        schedule={"type": "string", "pattern": r"^\d+( [\d*/,-]+){5}$"},
        method={"enum": ["volumeSnapshot", "barmanObjectStore", "plugin"]},
        backupOwnerReference={"enum": ["none", "self", "cluster"]},
        cluster=NAMED,
    ),
    "monitoring.coreos.com/v1 ServiceMonitor": _fields(
        jobLabel=TEXT, selector=_fields(matchLabels=TEXTS), endpoints=_list(ENDPOINT)
    ),
    "monitoring.coreos.com/v1 PrometheusRule": _fields(
        groups=_list(_fields(name=TEXT, rules=_list(RULE)))
    ),
}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which fields an operator would not know, and which names lead nowhere."""
    for manifest in objects:
        group = manifest.get("apiVersion", "").partition("/")[0]
        if group.endswith((".cnpg.io", ".coreos.com")):
            name = f"{manifest['kind']} {manifest['metadata']['name']}"
            yield from (f"{name}: {fault}" for fault in _form(manifest))
    yield from _stores(objects)
    yield from _monitors(objects)


def _form(manifest: Manifest) -> Iterator[str]:
    schema = SPECS.get(f"{manifest['apiVersion']} {manifest['kind']}")
    if schema is None:
        yield f"no operator knows {manifest['apiVersion']}"
        return
    for error in Draft202012Validator(schema).iter_errors(manifest["spec"]):
        yield f"{error.json_path}: {error.message}"


def _stores(objects: list[Manifest]) -> Iterator[str]:
    clusters = {
        cluster["metadata"]["name"]: cluster["spec"] for cluster in of_kind(objects, "Cluster")
    }
    for kind in ("Database", "ScheduledBackup"):
        for manifest in of_kind(objects, kind):
            name, of = manifest["metadata"]["name"], manifest["spec"]["cluster"]["name"]
            if of not in clusters:
                yield f"{kind} {name}: there is no Cluster {of}"
            elif kind == "Database" and manifest["spec"]["owner"] != _owner(clusters[of]):
                yield f"Database {name}: the role that migrates does not own it"
    for name, spec in clusters.items():
        extensions = spec.get("postgresql", {}).get("extensions", [])
        images = [spec.get("imageName", ""), *(one["image"]["reference"] for one in extensions)]
        for image in images:
            if not (tagged := TAGGED.fullmatch(image)) or tagged["tag"] == "latest":
                yield f"Cluster {name}: the image {image} names no release"


def _owner(cluster: dict[str, Any]) -> str | None:
    return cluster.get("bootstrap", {}).get("initdb", {}).get("owner")


def _monitors(objects: list[Manifest]) -> Iterator[str]:
    for monitor in of_kind(objects, "ServiceMonitor"):
        name, spec = monitor["metadata"]["name"], monitor["spec"]
        for endpoint in spec["endpoints"]:
            if _seconds(endpoint.get("scrapeTimeout")) > _seconds(endpoint.get("interval")):
                yield f"ServiceMonitor {name}: Prometheus refuses a timeout above the interval"
        for service in of_kind(objects, "Service"):
            labels = service["metadata"].get("labels", {})
            is_read = matches(spec["selector"], labels)
            if is_read != (labels.get("app.kubernetes.io/component") == "service"):
                yield f"ServiceMonitor {name}: it reads the services, and nothing else"
            named = {port.get("name") for port in service["spec"]["ports"]}
            for endpoint in spec["endpoints"]:
                if is_read and endpoint["port"] not in named:
                    yield f"ServiceMonitor {name}: no port {endpoint['port']}"


def _seconds(duration: object) -> int:
    text = str(duration)
    return int(text[:-1]) * FACTORS.get(text[-1], 0) if text[:-1].isdecimal() else 0
