"""Secrets of an installation in a cluster: each workload gets what it needs, and no more."""

import json

from deploy.catalogue import SERVICES, Catalogue, ServiceSpec
from deploy.keys import JOBS, KeyOf, accepted, holder
from deploy.manifests.secret_objects import Secret
from deploy.manifests.stores import Stores
from deploy.manifests.tree import JOBS_NAMESPACE
from deploy.people import PEOPLE_FILE


def secrets(
    stores: Stores, key_of: KeyOf, people: str, catalogue: Catalogue = SERVICES
) -> list[Secret]:
    """List the Secrets of services, migration and Jobs; `people` is the file of people's keys.

    The plain keys of people are in none of them: no workload needs them.
    """
    services = [Secret(spec.identity, _content(spec, stores, key_of)) for spec in catalogue]
    keys = accepted(key_of, catalogue, JOBS)
    hashes = json.dumps([key.model_dump(mode="json") for key in keys], separators=(",", ":"))
    return [
        *(secret for secret in services if secret.content),
        Secret("dsm-keys", {"keys": hashes}),
        Secret("dsm-people", {PEOPLE_FILE: people}),
        Secret("dsm-owner", {"owner-url": stores.owner}),
        Secret("dsm-planning-key", {"service-key": key_of("planning")}),
        Secret("dsm-jobs-key", {"service-key": key_of("jobs")}, JOBS_NAMESPACE),
    ]


def _content(spec: ServiceSpec, stores: Stores, key_of: KeyOf) -> dict[str, str]:
    content: dict[str, str] = {}
    if spec.database:
        content["database-url"] = stores.databases[spec.name]
    if spec.name in stores.direct:
        content["database-direct-url"] = stores.direct[spec.name]
    if spec.name == "orchestrator" and stores.recall:
        content["recall-url"] = stores.recall
    if spec.events:
        content["redis-url"] = stores.redis
    if spec.calls:
        content["service-key"] = key_of(holder(spec))
    if spec.signs_cuts:
        content["audit-key"] = key_of("audit-signing")
    return content
