"""Checks of manifests: each returns what is wrong, as sentences."""

from tests.deploy.checks import (
    availability,
    edges,
    environment,
    pods,
    references,
    secrecy,
    server,
)
from tests.deploy.checks.pods import Manifest
from tests.deploy.checks.references import Known


def complaints(objects: list[Manifest], secrets: Known) -> list[str]:
    """Return everything that is wrong with the objects of one cluster."""
    return [
        *server.check(objects),
        *pods.check(objects),
        *references.check(objects, secrets),
        *environment.check(objects),
        *availability.check(objects),
        *availability.images(objects),
        *edges.check(objects),
        *secrecy.check(objects),
    ]
