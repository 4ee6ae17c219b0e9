"""Checks of manifests: each returns what is wrong, as sentences."""

from tests.deploy.checks import (
    access,
    availability,
    commands,
    edges,
    environment,
    jobs,
    operators,
    outside,
    people,
    pods,
    probes,
    references,
    secrecy,
    server,
)
from tests.deploy.checks.pods import Manifest
from tests.deploy.checks.references import Known


def complaints(objects: list[Manifest], secrets: Known) -> list[str]:
    """Return everything that is wrong with the objects of one cluster."""
    # Other checks look for an object by its namespace.
    if nowhere := list(access.without_namespace(objects)):
        return nowhere
    return [
        *server.check(objects),
        *pods.check(objects),
        *references.check(objects, secrets),
        *environment.check(objects),
        *people.check(objects),
        *commands.check(objects),
        *probes.check(objects),
        *jobs.check(objects),
        *access.check(objects),
        *availability.check(objects),
        *availability.images(objects),
        *edges.check(objects),
        *outside.check(objects),
        *operators.check(objects),
        *secrecy.check(objects),
    ]
