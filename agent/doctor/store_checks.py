"""Checks of the stores and the cluster of one service, as it described them."""

from collections.abc import Iterator

from agent.doctor.findings import Finding
from domain_services.kernel.client.diagnosis import (
    ClusterDiagnosis,
    DatabaseDiagnosis,
    Diagnosis,
    RedisDiagnosis,
)
from domain_services.kernel.database.schema import compare


def check_stores(
    name: str, diagnosis: Diagnosis, newest: str | None, extensions: tuple[str, ...]
) -> Iterator[Finding]:
    """Check what a service stands on; `newest` is the newest migration that dsm knows."""
    if diagnosis.database is not None:
        yield from _database(name, diagnosis.database, newest, extensions)
        yield from _pooler(name, diagnosis)
    elif newest is not None:
        yield Finding(name, "database", "failed", "no database is set", "set its DSM_DATABASE_URL")
    if diagnosis.redis is not None:
        yield from _redis(name, diagnosis.redis)
    if diagnosis.cluster is not None:
        yield _cluster(name, diagnosis.cluster)


def _database(
    name: str, database: DatabaseDiagnosis, newest: str | None, extensions: tuple[str, ...]
) -> Iterator[Finding]:
    if database.problem is not None:
        yield Finding(
            name,
            "database",
            "failed",
            f"it does not answer: {database.problem}",
            "check the server and DSM_DATABASE_URL of the service",
        )
        return
    if database.is_replica:
        yield Finding(
            name,
            "database",
            "failed",
            "the server is a replica and cannot be written",
            "set DSM_DATABASE_URL to the primary",
        )
    else:
        yield Finding(name, "database", "ok", f"PostgreSQL {database.version}")
    if newest is not None:
        yield _schema(name, database, newest)
    if "vector" in extensions:
        if database.vector is None:
            yield Finding(
                name,
                "extension",
                "failed",
                "the extension vector is missing",
                "an administrator runs CREATE EXTENSION vector in this database",
            )
        else:
            yield Finding(name, "extension", "ok", f"vector {database.vector}")


def _schema(name: str, database: DatabaseDiagnosis, newest: str) -> Finding:
    migrate = "run: dsm migrate"
    if not database.may_read_revision:
        return Finding(
            name, "schema", "warning", "its role may not read the schema's version", migrate
        )
    state, reason = compare(database.revision, newest)
    if state != "ready":
        return Finding(name, "schema", "failed", reason, migrate)
    if database.revision == newest:
        return Finding(name, "schema", "ok", newest)
    newer = f"{database.revision} is newer than {newest}, the newest that this dsm knows"
    return Finding(name, "schema", "warning", newer, "use a dsm of the newer release")


def _pooler(name: str, diagnosis: Diagnosis) -> Iterator[Finding]:
    if diagnosis.database is None or not diagnosis.database.is_pooled:
        return
    if diagnosis.has_direct_url:
        yield Finding(name, "pooler", "ok", "a pooler, and a URL past it")
    else:
        yield Finding(
            name,
            "pooler",
            "warning",
            "a connection pooler answers in the server's place",
            "use PgBouncer in session mode; or 1.21 or newer in transaction mode with"
            " DSM_DATABASE_DIRECT_URL past it; statement mode is not supported",
        )


def _redis(name: str, redis: RedisDiagnosis) -> Iterator[Finding]:
    if redis.problem is not None:
        yield Finding(
            name,
            "redis",
            "failed",
            f"it does not answer: {redis.problem}",
            "check the server and DSM_REDIS_URL; events wait in the outbox meanwhile",
        )
    elif redis.mode == "cluster":
        yield Finding(
            name,
            "redis",
            "failed",
            "Redis Cluster is not supported: one event writes two keys",
            "use one primary: a managed one, Sentinel, or an operator",
        )
    elif redis.mode == "sentinel":
        yield Finding(
            name,
            "redis",
            "failed",
            "DSM_REDIS_URL leads to a sentinel, which keeps no data",
            "set it to the primary's address that follows a failover",
        )
    elif redis.is_replica:
        yield Finding(
            name,
            "redis",
            "failed",
            "the server is a replica and cannot be written",
            "set DSM_REDIS_URL to the primary",
        )
    elif redis.eviction_policy not in (None, "noeviction"):
        yield Finding(
            name,
            "redis",
            "warning",
            f"maxmemory-policy {redis.eviction_policy} may delete events before they are read",
            "set maxmemory-policy noeviction; deleted events are sent again, later",
        )
    else:
        yield Finding(name, "redis", "ok", f"{redis.mode}, version {redis.version}")


def _cluster(name: str, cluster: ClusterDiagnosis) -> Finding:
    place = f"cronjobs in {cluster.namespace}"
    if cluster.problem is not None:
        return Finding(
            name,
            "cluster",
            "failed",
            f"it does not say what the orchestrator may do with {place}: {cluster.problem}",
            "schedules wait as pending; see docs/operate/kubernetes-schedules.md",
        )
    if cluster.missing_verbs:
        return Finding(
            name,
            "cluster",
            "failed",
            f"the orchestrator may not {', '.join(cluster.missing_verbs)} {place}",
            "grant its Role these verbs (deploy/k8s/base/rbac), in a namespace that exists",
        )
    return Finding(name, "cluster", "ok", f"the orchestrator has every verb on {place}")
