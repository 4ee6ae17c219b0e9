"""Rules of the API server that schemas do not hold: names, labels, enums, quantities, cron."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from domain_services.kernel.errors import Invalid
from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind
from tools.cron_dialect import parse_schedule

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
SUBDOMAIN = re.compile(rf"(?=.{{1,253}}$){LABEL}(\.{LABEL})*")
SERVICE = re.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
PORT = re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
KEY = re.compile(rf"(?:({LABEL}(\.{LABEL})*)/)?[A-Za-z0-9]([-A-Za-z0-9_.]{{0,61}}[A-Za-z0-9])?")
VALUE = re.compile("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]*")
QUANTITY = re.compile(r"(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti|)")
FACTORS = {"m": Decimal("0.001"), "": Decimal(1), "k": Decimal(10**3), "M": Decimal(10**6)} | {
    "G": Decimal(10**9),
    "T": Decimal(10**12),
    **{f"{letter}i": Decimal(1024**power) for power, letter in enumerate("KMGT", 1)},
}
PLAUSIBLE = {
    "cpu": (Decimal("0.01"), Decimal(8)),
    "memory": (Decimal(16 * 1024**2), Decimal(64 * 1024**3)),
}
ENUMS = {
    "restartPolicy": {"Always", "OnFailure", "Never"},
    "imagePullPolicy": {"Always", "IfNotPresent", "Never"},
    "concurrencyPolicy": {"Allow", "Forbid", "Replace"},
    "protocol": {"TCP", "UDP", "SCTP"},
    "whenUnsatisfiable": {"DoNotSchedule", "ScheduleAnyway"},
    "unhealthyPodEvictionPolicy": {"IfHealthyBudget", "AlwaysAllow"},
    "fsGroupChangePolicy": {"OnRootMismatch", "Always"},
    "medium": {"", "Memory"},
    "policyTypes": {"Ingress", "Egress"},
    "accessModes": {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"},
    "strategy.type": {"RollingUpdate", "Recreate"},
    "seccompProfile.type": {"RuntimeDefault", "Localhost", "Unconfined"},
    "target.type": {"Utilization", "AverageValue", "Value"},
    "metrics.type": {"Resource", "ContainerResource", "Pods", "Object", "External"},
    "matchExpressions.operator": {"In", "NotIn", "Exists", "DoesNotExist"},
}
LONGEST_NAMES = {"CronJob": 52, "Job": 63, "StatefulSet": 52}
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
POSITIVE = {"periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold"}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell what the API server would refuse."""
    identities = Counter(_identity(manifest) for manifest in objects)
    yield from (f"{identity} is there twice" for identity, n in identities.items() if n > 1)
    for manifest in objects:
        yield from (f"{_identity(manifest)}: {fault}" for fault in _object(manifest))
    for owner in pods(objects):
        yield from (f"{owner}: {fault}" for fault in _pod(owner.spec))
        policy = owner.spec.get("restartPolicy", "Always")
        if (policy == "Always") == (owner.kind in ("Job", "CronJob")):
            yield f"{owner}: restartPolicy {policy} is not allowed"
    for job in of_kind(objects, "CronJob"):
        yield from (f"{_identity(job)}: {fault}" for fault in _schedule(job["spec"]))
    for role in of_kind(objects, "Role"):
        for rule in role["rules"]:
            unknown = set(rule["verbs"]) - VERBS
            yield from (f"{_identity(role)}: {verb} is no verb" for verb in unknown)


def _identity(manifest: Manifest) -> str:
    metadata = manifest["metadata"]
    name = metadata.get("name") or f"{metadata['generateName']}*"
    return f"{manifest['kind']} {metadata.get('namespace', '')}/{name}"


def _object(manifest: Manifest) -> Iterator[str]:
    metadata, kind = manifest["metadata"], manifest["kind"]
    name = metadata.get("name") or f"{metadata['generateName']}x"
    form = SERVICE if kind == "Service" else SUBDOMAIN
    if not form.fullmatch(name) or len(name) > LONGEST_NAMES.get(kind, 253):
        yield "its name is not allowed"
    yield from _walk(manifest, ())


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[str]:
    """Look at every field of an object, with the names that lead to it."""
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, path)
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _field(str(name), inner, path)
            yield from _walk(inner, (*path, str(name)))


def _field(name: str, value: Any, path: tuple[str, ...]) -> Iterator[str]:
    parent = path[-1] if path else ""
    choices = ENUMS.get(f"{parent}.{name}", ENUMS.get(name))
    if choices and not isinstance(value, dict):
        wrong = set(value if isinstance(value, list) else [value]) - choices
        yield from (f"{name} has no choice {choice}" for choice in wrong)
    if parent in ("labels", "matchLabels", "selector") and isinstance(value, str):
        if not KEY.fullmatch(name) or not VALUE.fullmatch(value):
            yield f"the label {name}: {value} is not allowed"
    elif parent == "annotations" and not (KEY.fullmatch(name) and isinstance(value, str)):
        yield f"the annotation {name} is not allowed"
    if parent in ("requests", "limits") and not QUANTITY.fullmatch(str(value)):
        yield f"{name}: {value} is no quantity"
    if name in POSITIVE and value < 1:
        yield f"{name} is less than 1"
    is_port = name in ("port", "containerPort", "targetPort") and isinstance(value, int)
    if is_port and not 1 <= value <= 65535:
        yield f"{name} {value} is no port"


def _pod(spec: dict[str, Any]) -> Iterator[str]:
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    names = Counter(container["name"] for container in containers)
    names.update(volume["name"] for volume in spec.get("volumes", []))
    yield from _repeated("volumes", spec.get("volumes", []), "name")
    yield from _repeated("containers", containers, "name")
    yield from (f"the name {name} is not allowed" for name in names if not SERVICE.fullmatch(name))
    for container in containers:
        yield from _repeated("env", container.get("env", []), "name")
        yield from _repeated("ports", container.get("ports", []), "name")
        yield from _repeated("volumeMounts", container.get("volumeMounts", []), "mountPath")
        for variable in container.get("env", []):
            if not VARIABLE.fullmatch(variable["name"]):
                yield f"{variable['name']} is no name of a variable"
            if "value" in variable and "valueFrom" in variable:
                yield f"{variable['name']} has two values"
            if variable.get("valueFrom") == {}:
                yield f"{variable['name']} has a source that is none"
            if not isinstance(variable.get("value", ""), str):
                yield f"{variable['name']}: its value is no text"
        for port in container.get("ports", []):
            if not PORT.fullmatch(port.get("name", "http")):
                yield f"{port['name']} is no name of a port"
        yield from _resources(container["name"], container.get("resources", {}))


def _resources(container: str, resources: dict[str, Any]) -> Iterator[str]:
    for name, request in resources.get("requests", {}).items():
        limit = resources.get("limits", {}).get(name)
        if limit is not None and _amount(limit) < _amount(request):
            yield f"{container}: more {name} is requested than its limit"
        # Accepted, and never scheduled or killed at once: `50` cores, `192m` of a byte.
        least, most = PLAUSIBLE.get(name, (Decimal(0), Decimal("Infinity")))
        for amount in (request, *([] if limit is None else [limit])):
            if not least <= _amount(amount) <= most:
                yield f"{container}: {amount} is no plausible {name}"


def _amount(quantity: object) -> Decimal:
    match = QUANTITY.fullmatch(str(quantity))
    return Decimal(match[1]) * FACTORS[match[2]] if match else Decimal(0)


def _repeated(field: str, items: list[dict[str, Any]], key: str) -> Iterator[str]:
    counts = Counter(item[key] for item in items if key in item)
    yield from (f"{field}: {name} is there twice" for name, count in counts.items() if count > 1)


def _schedule(spec: dict[str, Any]) -> Iterator[str]:
    try:
        parse_schedule(spec["schedule"])
    except Invalid as error:
        yield f"schedule {spec['schedule']}: {error.detail}"
    if spec.get("timeZone") not in available_timezones():
        yield f"{spec.get('timeZone')} is no time zone"
