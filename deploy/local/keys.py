"""The API keys of a stack: one a role for people, one for each service that calls others."""

from typing import Any

from deploy.local.catalogue import Catalogue, ServiceSpec
from deploy.local.folder import DataFolder, digest

ROLES = ("admin", "operator", "viewer")


def auth(folder: DataFolder, catalogue: Catalogue, spec: ServiceSpec) -> dict[str, Any]:
    """What `spec` is told: its own key, and the hashes and scopes of everybody's."""
    keys: list[dict[str, Any]] = [
        {"name": role, "role": role, "sha256": digest(folder.key(role))} for role in ROLES
    ]
    keys += [
        {
            "name": each.name,
            "role": "service",
            "sha256": digest(folder.key(_holder(each))),
            "calls": each.calls,
        }
        for each in catalogue
        if each.calls
    ]
    return {"service_key": folder.key(_holder(spec)) if spec.calls else None, "keys": keys}


def _holder(spec: ServiceSpec) -> str:
    return f"service-{spec.name}"
