"""Environment of each container, and the settings that it reads."""

import os
from collections.abc import Iterator, Mapping
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError
from pydantic_settings import BaseSettings

from deploy.catalogue import SERVICES, ServiceSpec, resolve
from deploy.manifests.tree import JOBS_NAMESPACE
from deploy.migrating.settings import MigrationSettings
from domain_services.kernel.settings import KernelSettings, Peers
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import of_kind, port_number, selected

SECRETS = {
    "DSM_DATABASE_URL": "postgresql://u:p@h/d",
    "DSM_DATABASE_DIRECT_URL": "postgresql://u:p@h/d",
    "DSM_OWNER_URL": "postgresql://u:p@h/d",
    "DSM_REDIS_URL": "redis://h",
    "DSM_AUTH__KEYS": "[]",
    "DSM_AUTH__SERVICE_KEY": "k",
}
# Variables of a Job's command that are no settings of a service.
JOB_VARIABLES = {
    "plan-sprint": {"PROJECT_ID"},
    "run-daily-scrum": {"DSM_JOB_NAME", "DSM_JOB_STARTS_AT"},
    "run-schedule": {"DSM_JOB_NAME", "DSM_JOB_STARTS_AT"},
}
# Keys of Secrets, by the variable that takes them.
KEYS = {
    "DSM_DATABASE_URL": "database-url",
    "DSM_DATABASE_DIRECT_URL": "database-direct-url",
    "DSM_RECALL_URL": "recall-url",
    "DSM_OWNER_URL": "owner-url",
    "DSM_REDIS_URL": "redis-url",
    "DSM_AUTH__SERVICE_KEY": "service-key",
    "DSM_AUTH__KEYS": "keys",
    "DSM_AUDIT_KEY": "audit-key",
}
# Secrets that a Job's command may read.
JOB_SECRETS = {
    "plan-sprint": "dsm-planning-key",
    "migrate": "dsm-owner",
    "run-daily-scrum": "dsm-jobs-key",
    "run-schedule": "dsm-jobs-key",
}
# Peers that a Job's command calls.
JOB_PEERS = {
    "plan-sprint": "DSM_PEERS__ORCHESTRATOR",
    "run-daily-scrum": "DSM_PEERS__SPRINT",
    "run-schedule": "DSM_PEERS__ORCHESTRATOR",
}
# Variables that only a PgBouncer, a replica or the retention of audits makes necessary.
OPTIONAL = {"DSM_DATABASE_DIRECT_URL", "DSM_RECALL_URL", "DSM_AUDIT_KEY"}


def _command(owner: Pods) -> list[str]:
    return next(iter(owner.spec["containers"]), {}).get("command", [])


def served(owner: Pods) -> ServiceSpec | None:
    """Return the service that a pod serves; None for other pods."""
    command = _command(owner)
    if command[:2] != ["dsm", "serve"]:
        return None
    name = "".join(command[2:3]).replace("-", "_")
    return next((spec for spec in SERVICES if spec.name == name), None)


def variables(objects: list[Manifest], owner: Pods) -> dict[str, str]:
    """Return the environment of a pod's first container, with a text for each secret."""
    container = next(iter(owner.spec["containers"]), {})
    environment: dict[str, str] = {}
    for source in container.get("envFrom", []):
        for config in of_kind(objects, "ConfigMap"):
            if config["metadata"]["name"] == source.get("configMapRef", {}).get("name"):
                environment |= config["data"]
    for variable in container.get("env", []):
        name = variable["name"]
        if variable.get("valueFrom", {}).get("secretKeyRef", {}).get("optional"):
            continue
        environment[name] = str(variable.get("value", SECRETS.get(name, "x")))
    return environment


def names(owner: Pods) -> set[str]:
    """List the variables that a pod's own environment names, optional ones too."""
    containers = owner.spec["containers"][:1]
    return {variable["name"] for own in containers for variable in own.get("env", [])}


def settings_of(objects: list[Manifest], owner: Pods) -> BaseSettings | None:
    """Build the settings that a pod of our image reads. Raises: `ValidationError`."""
    kind = _settings_class(owner)
    if kind is None:
        return None
    with mock.patch.dict(os.environ, variables(objects, owner), clear=True):
        return kind()


def _settings_class(owner: Pods) -> type[BaseSettings] | None:
    spec = served(owner)
    if spec is not None:
        return resolve(spec.settings)
    command = owner.spec["containers"][0].get("command", [])
    if command[:2] == ["dsm", "migrate"]:
        return MigrationSettings
    return _CallerSettings if command[:1] == ["dsm"] else None


class _CallerSettings(KernelSettings):
    """Settings of a command that calls services and listens nowhere."""

    port: int = 8000


def known(model: type[BaseModel], prefix: str = "DSM_") -> Iterator[str]:
    """List the variables of a settings class."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which variables are no settings, have no valid value, are missing, or lead nowhere."""
    for owner in pods(objects):
        command = owner.spec["containers"][0].get("command", [])
        if command[:2] == ["dsm", "serve"] and served(owner) is None:
            yield f"{owner}: the catalogue has no service {command[2:]}"
        kind = _settings_class(owner)
        if kind is None:
            continue
        yield from (f"{owner}: {fault}" for fault in _names(objects, owner, kind))
        yield from (f"{owner}: {fault}" for fault in _needs(owner))
        yield from (f"{owner}: {fault}" for fault in _of_job(objects, owner))
        yield from (f"{owner}: {fault}" for fault in _sources(owner))
        for name, url in variables(objects, owner).items():
            if name.startswith("DSM_PEERS__"):
                yield from (f"{owner}: {name} {fault}" for fault in _peer(objects, name, url))
        if owner.calls_the_cluster:
            yield from check_jobs(variables(objects, owner))
    if any(served(owner) for owner in pods(objects)):
        yield from (f"{name} is in no setting of all services" for name in missing_peers(objects))


def _names(objects: list[Manifest], owner: Pods, kind: type[BaseSettings]) -> Iterator[str]:
    command = owner.spec["containers"][0]["command"][1]
    allowed = {*known(kind), *JOB_VARIABLES.get(command, ()), "OTEL_EXPORTER_OTLP_ENDPOINT"}
    present = variables(objects, owner).keys() | names(owner)
    yield from (f"{name} is no setting of it" for name in sorted(present - allowed))
    try:
        settings = settings_of(objects, owner)
    except ValidationError as error:
        for fault in error.errors():
            yield f"the setting {'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
        return
    if isinstance(settings, KernelSettings) and served(owner):
        if settings.host != "0.0.0.0":
            yield "it listens where nobody reaches it"
        if port_number(owner, settings.port) is None:
            yield f"its container does not name the port {settings.port} that it listens on"


def _needs(owner: Pods) -> Iterator[str]:
    spec, own = served(owner), names(owner)
    if spec is None:
        return
    needed = {
        "DSM_AUTH__KEYS": True,
        "DSM_DATABASE_URL": spec.database is not None,
        "DSM_DATABASE_DIRECT_URL": spec.database is not None,
        "DSM_REDIS_URL": spec.events,
        "DSM_AUTH__SERVICE_KEY": bool(spec.calls),
    }
    for name, is_needed in needed.items():
        if (name in own) != is_needed:
            yield f"{name} is {'missing' if is_needed else 'more than it needs'}"
    if owner.calls_the_cluster and "DSM_IMAGE" not in own:
        yield "DSM_IMAGE is missing: its Jobs would have no image"


def _sources(owner: Pods) -> Iterator[str]:
    """Tell which Secrets a pod of ours reads that it should not."""
    spec, command = served(owner), owner.spec["containers"][0]["command"]
    own = {spec.identity, "dsm-keys"} if spec else {JOB_SECRETS.get("".join(command[1:2]))}
    for variable in owner.spec["containers"][0].get("env", []):
        name = variable["name"]
        reference = variable.get("valueFrom", {}).get("secretKeyRef", {})
        if bool(reference.get("optional")) != (name in OPTIONAL):
            yield f"{name} is optional, or should be"
        if reference and reference["name"] not in own:
            yield f"{name} comes from the Secret of another workload"
        if reference and reference["key"] != KEYS.get(name):
            yield f"{name} comes from the key {reference['key']}, which holds something else"


def _of_job(objects: list[Manifest], owner: Pods) -> Iterator[str]:
    """Tell which variables a Job's command lacks."""
    command = "".join(owner.spec["containers"][0]["command"][1:2])
    needed = {JOB_PEERS[command], "DSM_AUTH__SERVICE_KEY"} if command in JOB_PEERS else set[str]()
    if command == "migrate":
        needed = {"DSM_OWNER_URL"}
    for name in sorted(needed - variables(objects, owner).keys()):
        yield f"{name} is missing"


def _peer(objects: list[Manifest], name: str, url: str) -> Iterator[str]:
    peer = name.removeprefix("DSM_PEERS__").lower()
    spec = next((spec for spec in SERVICES if spec.name == peer), None)
    parts = urlsplit(url)
    host = (parts.hostname or "").split(".")
    if spec is None or host[2:] != ["svc", "cluster", "local"] or parts.scheme != "http":
        yield f"is no peer at {url}"
        return
    for service in of_kind(objects, "Service"):
        metadata = service["metadata"]
        if [metadata["name"], metadata["namespace"]] != host[:2]:
            continue
        if parts.port not in [None, *(port["port"] for port in service["spec"]["ports"])]:
            yield f"names the port {parts.port}, which its Service has not"
        if parts.port is None and 80 not in [port["port"] for port in service["spec"]["ports"]]:
            yield "names no port, and its Service has none of number 80"
        selector = {"matchLabels": service["spec"]["selector"]}
        reached = selected(objects, metadata["namespace"], selector)
        if [served(owner) for owner in reached] != [spec]:
            yield f"leads to another service than {spec.identity}"
        return
    yield f"leads to {url}, where no Service is"


def missing_peers(objects: list[Manifest]) -> list[str]:
    """List the peers that the common settings do not name."""
    named = {
        name
        for config in of_kind(objects, "ConfigMap")
        if config["metadata"]["name"].startswith("dsm-config")
        for name in config["data"]
    }
    return [name for name in known(Peers, "DSM_PEERS__") if name not in named]


def check_jobs(values: Mapping[str, str]) -> Iterator[str]:
    """Tell where the orchestrator's settings of CronJobs and the tree differ."""
    if values.get("DSM_SCHEDULES") != "kubernetes":
        yield "the orchestrator does not leave its schedules to the cluster"
    if values.get("DSM_JOBS_NAMESPACE") != JOBS_NAMESPACE:
        yield "the orchestrator writes its CronJobs into another namespace than the tree has"
    if values.get("DSM_JOBS_KEY_SECRET") != "dsm-jobs-key":
        yield "the orchestrator names another Secret for its Jobs than there is"
