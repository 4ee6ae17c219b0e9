"""API keys of an installation: one for each role of people, one for each program that calls."""

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256

from deploy.catalogue import JOB_CALLS, PLANNING_CALLS, Catalogue, ServiceSpec
from domain_services.kernel.settings import ApiKey
from domain_services.kernel.types import Role

ROLES: tuple[Role, ...] = ("admin", "operator", "viewer")
# Programs of a cluster that are no services: holder of the key, and its scope.
JOBS = {"jobs": JOB_CALLS, "planning": PLANNING_CALLS}

KeyOf = Callable[[str], str]
"""Plain key of a holder."""


def accepted(
    key_of: KeyOf, catalogue: Catalogue, programs: Mapping[str, Iterable[str]] | None = None
) -> tuple[ApiKey, ...]:
    """List the keys that every service accepts, as hashes with roles and scopes.

    `programs` are callers beside people and services, each with its scope.
    """
    people = (ApiKey(name=role, role=role, sha256=digest(key_of(role))) for role in ROLES)
    services = ((spec.name, holder(spec), spec.calls) for spec in catalogue if spec.calls)
    others = ((name, name, calls) for name, calls in (programs or {}).items())
    return (
        *people,
        *(
            ApiKey(name=name, role="service", sha256=digest(key_of(owner)), calls=tuple(calls))
            for name, owner, calls in (*services, *others)
        ),
    )


def holder(spec: ServiceSpec) -> str:
    """Name the holder of a service's own key."""
    return f"service-{spec.name}"


def digest(key: str) -> str:
    """Return the SHA-256 of a key in hex, which is all that services know of it."""
    return sha256(key.encode()).hexdigest()
