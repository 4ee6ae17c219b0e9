"""API keys of a stack: one for each role of people, one for each service that calls others."""

from pydantic import SecretStr

from deploy.catalogue import Catalogue, ServiceSpec
from deploy.local.folder import DataFolder, digest
from domain_services.kernel.settings import ApiKey, AuthSettings, Role

ROLES: tuple[Role, ...] = ("admin", "operator", "viewer")


def auth(folder: DataFolder, catalogue: Catalogue, spec: ServiceSpec) -> AuthSettings:
    """Build a service's keys: its own, and the hashes and scopes of everybody's."""
    people = [ApiKey(name=role, role=role, sha256=digest(folder.key(role))) for role in ROLES]
    services = [
        ApiKey(
            name=caller.name,
            role="service",
            sha256=digest(folder.key(_holder(caller))),
            calls=caller.calls,
        )
        for caller in catalogue
        if caller.calls
    ]
    own_key = SecretStr(folder.key(_holder(spec))) if spec.calls else None
    return AuthSettings(service_key=own_key, keys=(*people, *services))


def _holder(spec: ServiceSpec) -> str:
    return f"service-{spec.name}"
