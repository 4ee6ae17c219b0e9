"""Every rule of rights, policies, secrets and operators is red when it is broken."""

import copy
from typing import Any

import pytest

from tests.deploy.checks.pods import Manifest
from tests.deploy.mutations import GONE, Mutation, at, config, one, remove
from tests.deploy.test_mutations import assert_named
from tests.deploy.test_rule_mutations import FIRST, SPRINT, of_sprint

ANY_ADDRESS = {"ipBlock": {"cidr": "0.0.0.0/0"}}
OF_DEFAULT = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "default"}}}
OF_DSM = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dsm"}}}
OF_JOBS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dsm-jobs"}}}


def of_service(path: str, value: object, sentence: str) -> Mutation:
    """Set what a path of the sprint service's Service leads to."""
    return at("Service", SPRINT, path, value, sentence)


def of_role(path: str, value: object) -> Mutation:
    """Set what a path of the orchestrator's Role leads to."""
    return at("Role", "dsm-orchestrator", path, value, "other rights than the adapter")


def added(manifest: dict[str, Any], sentence: str) -> Mutation:
    """Add an object."""
    title = f"{manifest['kind']} {manifest['metadata']['name']} more"
    return Mutation(title, lambda o: o.append(copy.deepcopy(manifest)), sentence)


def _metadata(name: str) -> dict[str, Any]:
    return {"name": name, "namespace": "dsm", "labels": {"app.kubernetes.io/part-of": "dsm"}}


def _jobs_call_more(objects: list[Manifest]) -> None:
    egress = one(objects, "NetworkPolicy", "jobs")["spec"]["egress"][0]["to"]
    egress.append(
        {**OF_DSM, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "project-service"}}}
    )
    ingress = one(objects, "NetworkPolicy", "project-service")["spec"]["ingress"][0]["from"]
    ingress.append(OF_JOBS)


ACCESS = [
    of_role("rules/0/verbs", ["*"]),
    of_role("rules/0/verbs", ["get", "list", "watch", "create", "update", "patch", "delete"]),
    of_role("rules/0/verbs", ["get", "list", "create", "update", "delete"]),
    of_role("rules/0/resources", ["*"]),
    of_role("rules/0/resources", ["cronjobs", "secrets"]),
    of_role("rules/0/apiGroups", ["*"]),
    at("Role", "dsm-orchestrator", "metadata/namespace", "dsm", "rights outside dsm-jobs"),
    at("RoleBinding", "dsm-orchestrator", "roleRef/kind", "ClusterRole", "binds a ClusterRole"),
    at(
        "RoleBinding",
        "dsm-orchestrator",
        "subjects/0",
        {"kind": "Group", "name": "system:authenticated"},
        "gives Group system:authenticated",
    ),
    remove("RoleBinding", "dsm-orchestrator", "nothing gives it the right"),
    added({"kind": "ClusterRole", "metadata": {"name": "x"}, "rules": []}, "in the whole cluster"),
    added({"kind": "Pod", "metadata": _metadata("x")}, "no check knows this kind"),
    of_service("spec/type", "NodePort", "open to callers outside"),
    of_service("spec/type", "LoadBalancer", "open to callers outside"),
    of_service("spec/externalIPs", ["192.0.2.1"], "open to callers outside"),
    of_service("spec/publishNotReadyAddresses", True, "pods that are not ready"),
    of_service("spec/clusterIP", "None", "no port is translated"),
    of_service("spec/ports/0/protocol", "UDP", "is no TCP"),
    of_service("spec/ports/0/name", "web", "is not named http"),
    of_service("metadata/labels", {"app.kubernetes.io/part-of": "dsm"}, "is not that of its pods"),
    of_sprint("metadata/namespace", "dms", "no namespace dms"),
    of_sprint("metadata/namespace", GONE, "it names no namespace"),
    of_sprint("metadata/labels", GONE, "lacks the label app.kubernetes.io/part-of"),
    of_sprint(
        "spec/template/metadata/labels",
        {"app.kubernetes.io/name": SPRINT},
        "its pods lack the label app.kubernetes.io/component",
    ),
    at("Namespace", "dsm-jobs", "metadata/labels", {"app.kubernetes.io/part-of": "dsm"}, "is not"),
    remove("Namespace", "dsm-jobs", "no namespace dsm-jobs"),
]
POLICIES = [
    *(
        at("NetworkPolicy", name, path, value, sentence)
        for name, path, value, sentence in (
            ("to-postgres", "spec/egress/0/to/0", ANY_ADDRESS, "any address at the port 5432"),
            ("to-redis", "spec/egress/0/to/0/ipBlock/cidr", "::/0", "any address at the port 6379"),
            ("to-redis", "spec/egress/0/to", GONE, "any address at the port 6379"),
            ("to-redis", "spec/egress/0/ports", GONE, "a rule names no single ports"),
            ("api-server", "spec/egress/0/ports", GONE, "a rule names no single ports"),
            ("backlog-service", "spec/ingress/0/ports", GONE, "a rule names no single ports"),
            ("backlog-service", "spec/ingress/0/ports/0/endPort", 9000, "no single ports"),
            ("backlog-service", "spec/ingress/0/from/0", ANY_ADDRESS, "lets 0.0.0.0/0 in"),
            ("backlog-service", "spec/ingress/0/from", GONE, "lets 0.0.0.0/0 in"),
            ("backlog-service", "spec/ingress/0/from/0", OF_DEFAULT, "default is open at the port"),
            ("chronicle-service", "spec/ingress", [{}], "a rule names no single ports"),
            ("metrics", "spec/ingress/0/from/0", OF_DEFAULT, "monitoring is cut off at the port"),
            ("dns", "spec/egress/0/to", GONE, "any address at the port 53"),
            ("dns", "spec/egress/0/to/0", OF_DEFAULT, "default is open at the port 53"),
            ("default-deny", "spec/policyTypes", ["Ingress"], "Egress is open to a pod"),
            ("default-deny", "spec/egress", [{"to": [OF_DEFAULT]}], "a rule names no single ports"),
            ("jobs", "spec/egress/0/to/0", ANY_ADDRESS, "any job: it reaches the port 8000"),
        )
    ),
    Mutation("jobs call more", _jobs_call_more, "any job reaches project-service at 8000"),
    remove("NetworkPolicy", "to-redis", "does not reach the port 6379 outside"),
    remove("NetworkPolicy", "jobs", "any job does not reach sprint-service"),
    at(
        "Deployment",
        "embedding-service",
        f"{FIRST}/env/2/value",
        "http://ollama.dsm.svc.cluster.local:11435",
        "embedding-service does not reach ollama at 11435",
        "production+ollama",
    ),
    remove("NetworkPolicy", "to-collector", "observability is cut off", "production+traces"),
    at(
        "ConfigMap",
        "dsm-config",
        "data/OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://otel-collector.observability.svc.cluster.local:4317",
        "observability is cut off at the port 4317",
        "production+traces",
    ),
]
SECRECY = [
    config("DSM_AUTH__SERVICE_KEY", "hunter2", "DSM_AUTH__SERVICE_KEY is given in plain text"),
    added(
        {"kind": "ConfigMap", "metadata": _metadata("x"), "data": {"POSTGRES_PASSWORD": "hunter2"}},
        "POSTGRES_PASSWORD is given in plain text",
    ),
    added(
        {
            "kind": "ConfigMap",
            "metadata": _metadata("x"),
            "data": {"init.sql": "CREATE ROLE dsm LOGIN PASSWORD 'hunter2';"},
        },
        "a value looks like a secret",
    ),
    of_sprint("metadata/annotations", {"note": "password=hunter2"}, "looks like a secret"),
    at("StatefulSet", "valkey", f"{FIRST}/args/5", "hunter2", "in plain text", "dev"),
    at("StatefulSet", "valkey", f"{FIRST}/args/5", "$(VALKEY)", "names a variable that", "dev"),
    at("StatefulSet", "valkey", f"{FIRST}/args", [], "it asks for no password", "dev"),
]
EGRESS, INGRESS = "spec/egress/0", "spec/ingress/0"
CNPG, MONITORING = "production+cnpg", "production+monitoring"
OPERATORS = [
    *(
        at("Cluster", "dsm-postgres", path, value, sentence, CNPG)
        for path, value, sentence in (
            ("spec/instanses", 3, "('instanses' was unexpected)"),
            ("spec/instances", "three", "is not of type 'integer'"),
            ("spec/imageName", "ghcr.io/cloudnative-pg/postgresql", "names no release"),
            ("spec/postgresql/parameters/max_connections", "100", "admits fewer connections"),
            ("spec/postgresql/parameters/max_connections", 500, "is not of type 'string'"),
            ("spec/bootstrap/initdb/owner", "app", "the role that migrates does not own it"),
        )
    ),
    at("Database", "dsm-sprint", "spec/cluster/name", "postgres", "no Cluster postgres", CNPG),
    at("Database", "dsm-sprint", "spec/owner", "postgres", "does not own it", CNPG),
    at("Database", "dsm-sprint", "spec/databaseReclaimPolicy", "delete", "is not one of", CNPG),
    at("ScheduledBackup", "dsm-postgres", "spec/schedule", "0 2 * * *", "does not match", CNPG),
    at("ScheduledBackup", "dsm-postgres", "spec/cluster/name", "x", "no Cluster x", CNPG),
    at(
        "ScheduledBackup",
        "dsm-postgres",
        "apiVersion",
        "postgresql.cnpg.io/v2",
        "no operator",
        CNPG,
    ),
    at("NetworkPolicy", "to-cnpg", f"{EGRESS}/ports/0/port", 5433, "reach dsm-postgres", CNPG),
    at("NetworkPolicy", "cnpg", f"{INGRESS}/from", [OF_JOBS], "reach dsm-postgres", CNPG),
    *(
        at("ServiceMonitor", "dsm", path, value, sentence, MONITORING)
        for path, value, sentence in (
            ("spec/endpoints/0/port", "web", "no port web"),
            ("spec/endpoints/0/intervall", "30s", "('intervall' was unexpected)"),
            ("spec/endpoints/0/interval", 30, "is not of type 'string'"),
            ("spec/selector/matchLabels", {"app.kubernetes.io/name": SPRINT}, "it reads the"),
            ("spec/endpoints/0/path", "/metricz", "'/metrics' was expected"),
            ("spec/endpoints/0/scrapeTimeout", "40s", "a timeout above the interval"),
        )
    ),
    at("PrometheusRule", "dsm", "spec/groups/0/rules/0/exp", "up", "was unexpected", MONITORING),
    at("PrometheusRule", "dsm", "spec/groups/0/rules/0/for", "5 min", "not match", MONITORING),
]
ALL = [*ACCESS, *POLICIES, *SECRECY, *OPERATORS]


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_a_broken_rule_is_named(mutation: Mutation) -> None:
    assert_named(mutation)
