"""Validation, defaults and warnings of a CronJob, as the API server has them."""

import copy
import json
import re
import types
import typing
from collections.abc import Iterator
from typing import Any
from zoneinfo import available_timezones

from kubernetes import client
from pydantic import BaseModel

from tests.kubernetes import cron

Cause = dict[str, str]

NAME_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used"
    " for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or"
    " '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',"
    "  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
POLICIES = ("Allow", "Forbid", "Replace")


def unknown_fields(body: Any, model: Any = client.V1CronJob, path: str = "") -> Iterator[str]:
    """Yield the paths of fields that the typed model of the official client does not have."""
    origin, arguments = typing.get_origin(model), typing.get_args(model)
    if origin in (typing.Union, types.UnionType):
        model = next(choice for choice in arguments if choice is not type(None))
        yield from unknown_fields(body, model, path)
    elif origin is list and isinstance(body, list):
        for number, item in enumerate(body):
            yield from unknown_fields(item, arguments[0], f"{path}[{number}]")
    elif isinstance(body, dict) and isinstance(model, type) and issubclass(model, BaseModel):
        fields = {
            field.serialization_alias or name: field for name, field in model.model_fields.items()
        }
        for name, value in body.items():
            inner = f"{path}.{name}" if path else name
            if name not in fields:
                yield inner
            else:
                yield from unknown_fields(value, fields[name].annotation, inner)


def causes(body: dict[str, Any]) -> Iterator[Cause]:
    """Yield what the server finds wrong."""
    yield from _name_causes(body["metadata"].get("name", ""))
    yield from _label_causes(body["metadata"], "metadata.labels")
    spec = body["spec"]
    yield from _schedule_causes(spec)
    yield from _zone_causes(spec)
    if (seconds := spec.get("startingDeadlineSeconds", 0)) < 0:
        yield _invalid(
            "spec.startingDeadlineSeconds", seconds, "must be greater than or equal to 0"
        )
    if (policy := spec.get("concurrencyPolicy", "Allow")) not in POLICIES:
        supported = ", ".join(f'"{name}"' for name in POLICIES)
        yield {
            "reason": "FieldValueNotSupported",
            "message": f'Unsupported value: "{policy}": supported values: {supported}',
            "field": "spec.concurrencyPolicy",
        }
    template = spec["jobTemplate"]["spec"]["template"]
    yield from _label_causes(template.get("metadata", {}), "spec.jobTemplate.spec.template.labels")


def _name_causes(name: str) -> Iterator[Cause]:
    if not name:
        yield {
            "reason": "FieldValueRequired",
            "message": "Required value: name or generateName is required",
            "field": "metadata.name",
        }
    elif not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", name):
        yield _invalid("metadata.name", name, NAME_RULE)
    elif len(name) > 52:
        yield _invalid("metadata.name", name, "must be no more than 52 characters")


def _label_causes(metadata: dict[str, Any], field: str) -> Iterator[Cause]:
    for value in (metadata.get("labels") or {}).values():
        if len(value) > 63:
            yield _invalid(field, value, "must be no more than 63 bytes")
        elif not re.fullmatch("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", value):
            yield _invalid(field, value, LABEL_RULE)


def _schedule_causes(spec: dict[str, Any]) -> Iterator[Cause]:
    try:
        cron.check(spec.get("schedule", ""))
    except cron.Refused as refused:
        yield _invalid("spec.schedule", spec.get("schedule", ""), str(refused))


def _zone_causes(spec: dict[str, Any]) -> Iterator[Cause]:
    zone = spec.get("timeZone")
    if zone is None:
        return
    if zone == "":
        yield _invalid("spec.timeZone", zone, "timeZone must be nil or non-empty string")
    elif zone.lower() == "local":
        explicit = (
            "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        )
        yield _invalid("spec.timeZone", zone, explicit)
    elif zone not in available_timezones():
        yield _invalid("spec.timeZone", zone, f"unknown time zone {zone}")


def _invalid(field: str, value: object, rule: str) -> Cause:
    shown = json.dumps(value)
    return {
        "reason": "FieldValueInvalid",
        "message": f"Invalid value: {shown}: {rule}",
        "field": field,
    }


def with_defaults(body: dict[str, Any]) -> dict[str, Any]:
    """Return the object with what the server adds to it, and without what it does not know."""
    known = copy.deepcopy(body)
    for path in unknown_fields(body):
        *parents, last = path.split(".")
        holder = known
        for name in parents:
            holder = holder[name]
        del holder[last]
    spec = known["spec"]
    spec.setdefault("suspend", False)
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    pod.setdefault("terminationGracePeriodSeconds", 30)
    pod.setdefault("dnsPolicy", "ClusterFirst")
    pod.setdefault("schedulerName", "default-scheduler")
    pod.setdefault("securityContext", {})
    for container in pod["containers"]:
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        container.setdefault("imagePullPolicy", "IfNotPresent")
        for variable in container.get("env", []):
            reference = variable.get("valueFrom", {}).get("fieldRef")
            if reference is not None:
                reference.setdefault("apiVersion", "v1")
    known.setdefault("status", {})
    return known


def restricted_warnings(body: dict[str, Any]) -> list[str]:
    """Return what the restricted profile says of pods that it will not admit."""
    pod = body["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    shared = pod.get("securityContext") or {}
    violations: list[str] = []
    for container in pod["containers"]:
        context, name = container.get("securityContext") or {}, container["name"]
        if context.get("allowPrivilegeEscalation") is not False:
            violations.append(
                f'allowPrivilegeEscalation != false (container "{name}" must set'
                " securityContext.allowPrivilegeEscalation=false)"
            )
        if (context.get("capabilities") or {}).get("drop") != ["ALL"]:
            violations.append(
                f'unrestricted capabilities (container "{name}" must set'
                ' securityContext.capabilities.drop=["ALL"])'
            )
        if not (context.get("runAsNonRoot") or shared.get("runAsNonRoot")):
            violations.append(
                f'runAsNonRoot != true (pod or container "{name}" must set'
                " securityContext.runAsNonRoot=true)"
            )
        if not (context.get("seccompProfile") or shared.get("seccompProfile")):
            violations.append(
                f'seccompProfile (pod or container "{name}" must set'
                ' securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
            )
    if not violations:
        return []
    return [f'would violate PodSecurity "restricted:latest": {", ".join(violations)}']
