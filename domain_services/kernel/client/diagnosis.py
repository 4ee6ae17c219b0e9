"""Wire types and client of GET /diagnosis, which a service answers about itself."""

from datetime import datetime
from typing import Literal

import httpx

from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.types import Answer, Role


class CallerDiagnosis(Answer):
    """Key of the caller, as the service knows it."""

    name: str
    """Name of the key."""
    role: Role
    """Role of the key."""


class DatabaseDiagnosis(Answer):
    """The service's database, over a connection of its own."""

    problem: str | None = None
    """Reason why it does not answer; null when it does, and the other fields are set."""
    server: str | None = None
    """Mark of the server's present run, the same for all databases on it."""
    version: str | None = None
    """Version of PostgreSQL."""
    connections: int | None = None
    """Connections of everybody to the server now."""
    max_connections: int | None = None
    """Connections that the server lets ordinary roles open."""
    revision: str | None = None
    """Newest migration of the schema; null for an empty database."""
    may_read_revision: bool = True
    """False when the service's role may not read it."""
    vector: str | None = None
    """Version of the extension vector; null without it."""
    is_pooled: bool | None = None
    """True when a connection pooler answers in the server's place."""
    is_replica: bool | None = None
    """True for a server that cannot be written."""


class RedisDiagnosis(Answer):
    """The Redis that carries the service's events."""

    problem: str | None = None
    """Reason why it does not answer; null when it does, and the other fields are set."""
    version: str | None = None
    """Version of Redis, or of the Redis that Valkey is compatible with."""
    mode: str | None = None
    """`standalone`, `cluster` or `sentinel`."""
    eviction_policy: str | None = None
    """What is deleted when memory is full; `noeviction` deletes nothing."""
    is_replica: bool | None = None
    """True for a server that cannot be written."""


class ClusterDiagnosis(Answer):
    """The cluster that fires the service's schedules."""

    namespace: str
    """Namespace of the schedules' CronJobs."""
    problem: str | None = None
    """Reason why the cluster does not say what the service may do; null when it does."""
    missing_verbs: list[str] = []
    """Verbs on CronJobs in the namespace that the service needs and has not."""


class Diagnosis(Answer):
    """Description of a service and its stores by itself, without secrets."""

    service: str
    """Name of the service."""
    release: str
    """Release of the software that serves."""
    now: datetime
    """Time by the service's clock."""
    caller: CallerDiagnosis
    """Who asked."""
    schedules: Literal["embedded", "kubernetes"] | None = None
    """What runs schedules; null for a service that has none."""
    most_connections: int | None
    """Most database connections that its process opens; null without a database."""
    has_direct_url: bool
    """True when connections past a pooler are set."""
    database: DatabaseDiagnosis | None
    """Its database; null for a service that stores nothing."""
    redis: RedisDiagnosis | None
    """Its Redis; null when none is set."""
    cluster: ClusterDiagnosis | None = None
    """Its cluster; null for a service that uses none."""


class DiagnosisClient(ServiceClient):
    """Client whose `peer` names the service in errors."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, peer: str = "service") -> None:
        self.peer = peer
        super().__init__(http, base_url)

    async def diagnosis(self) -> Diagnosis:
        return await self._call("GET", "/diagnosis", Diagnosis)
