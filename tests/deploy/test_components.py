"""Every component in a kustomization of its own."""

from urllib.parse import urlsplit

import pytest
import yaml

from agent.settings import AgentSettings
from deploy.catalogue import SERVICES
from deploy.manifests.own_stores import CHRONICLE_ROLE, CNPG_HOST, POSTGRES_HOST, VALKEY_HOST
from deploy.manifests.tree import TREE
from tests.deploy.checks import complaints, environment
from tests.deploy.checks.pods import pods
from tests.deploy.checks.references import of_kind
from tests.deploy.printed import printed
from tests.deploy.rendering import OVERLAYS, SWITCHED, cluster, parsed, rendered, with_component
from tests.deploy.test_schemas import OPERATORS, VERSIONS
from tests.deploy.test_schemas import complaints as schema_complaints

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
DATABASES = {spec.database for spec in SERVICES if spec.database}
# Stores of a component beside those of an overlay are rendered, and make no installation.
INSTALLATIONS = [
    f"{overlay}+{component}"
    for overlay, component in SWITCHED
    if component != "dev-stores" and (overlay, component) != ("dev", "cnpg")
]


@pytest.mark.parametrize("name", INSTALLATIONS)
def test_nothing_is_wrong_with_a_component_in_an_overlay(name: str) -> None:
    assert complaints(cluster(name), printed()) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_component_keeps_the_schemas_in_every_overlay(overlay: str, version: str) -> None:
    without = parsed(rendered(TREE / "overlays" / overlay))
    changed = [
        manifest
        for names in SWITCHED
        if names[0] == overlay
        for manifest in parsed(with_component(*names))
        if manifest not in without and not manifest["apiVersion"].startswith(OPERATORS)
    ]
    assert {manifest["kind"] for manifest in changed} >= {"ConfigMap", "Deployment", "StatefulSet"}
    assert schema_complaints(yaml.safe_dump_all(changed), version) == ""


def test_the_stores_of_a_laptop_make_every_database_and_role() -> None:
    script = (TREE / "components" / "dev-stores" / "init.sql").read_text()
    made_databases = {
        line.split()[2] for line in script.splitlines() if line.startswith("CREATE DATABASE")
    }
    assert made_databases == DATABASES
    for spec in SERVICES:
        assert spec.role is None or f"CREATE ROLE {spec.role} LOGIN" in script
        for extension, _ in spec.extensions:
            assert f"\\connect {spec.database}\nCREATE EXTENSION {extension};" in script
    (postgres,) = (owner for owner in pods(cluster("dev")) if owner.name == "postgres")
    mounts = {mount["mountPath"] for mount in postgres.containers[0]["volumeMounts"]}
    # Where the image of PostgreSQL 18 keeps its data; the root is read-only.
    assert "/var/lib/postgresql" in mounts


def test_the_operator_makes_every_database_and_role() -> None:
    made_objects = cluster("production+cnpg")
    databases = {database["spec"]["name"] for database in of_kind(made_objects, "Database")}
    assert databases == DATABASES
    for spec in SERVICES:
        for manifest in of_kind(made_objects, "Database"):
            if manifest["spec"]["name"] == spec.database:
                extensions = [one["name"] for one in manifest["spec"].get("extensions", [])]
                assert extensions == [name for name, _ in spec.extensions]
    (postgres,) = of_kind(made_objects, "Cluster")
    assert [role["name"] for role in postgres["spec"]["managed"]["roles"]] == [CHRONICLE_ROLE]
    named = {
        postgres["spec"]["bootstrap"]["initdb"]["secret"]["name"],
        postgres["spec"]["managed"]["roles"][0]["passwordSecret"]["name"],
    }
    for name in named:
        assert {("dsm", name, "username"), ("dsm", name, "password")} <= printed()
    assert f"{postgres['metadata']['name']}-rw.dsm.svc.cluster.local" == CNPG_HOST


def test_the_urls_of_a_laptop_lead_to_its_stores() -> None:
    names = {service["metadata"]["name"] for service in of_kind(cluster("dev"), "Service")}
    assert {POSTGRES_HOST.partition(".")[0], VALKEY_HOST.partition(".")[0]} <= names


@pytest.mark.parametrize("name", OVERLAYS)
def test_chat_and_advisor_have_a_model_and_its_server(name: str) -> None:
    settings = settings_of_orchestrator(f"{name}+chat")
    assert settings.chat.model is not None
    assert settings.chat.ollama_url == settings.advisor.ollama_url
    assert settings.advisor.model is None


@pytest.mark.parametrize("name", OVERLAYS)
def test_tools_are_served_to_callers_inside_and_by_a_forwarded_port(name: str) -> None:
    settings = settings_of_orchestrator(f"{name}+mcp")
    assert settings.mcp.enabled
    own_host = urlsplit(settings.peers.orchestrator).hostname
    assert {"127.0.0.1", own_host} <= set(settings.mcp.allowed_hosts)
    assert not settings_of_orchestrator(name).mcp.enabled


def settings_of_orchestrator(name: str) -> AgentSettings:
    """Return the settings of the orchestrator in an overlay, with or without a component."""
    objects = cluster(name)
    (owner,) = (owner for owner in pods(objects) if owner.name == "project-orchestrator")
    settings = environment.settings_of(objects, owner)
    assert isinstance(settings, AgentSettings)
    return settings


@pytest.mark.parametrize("name", OVERLAYS)
def test_spans_go_to_the_collector_of_the_component(name: str) -> None:
    objects = cluster(f"{name}+traces")
    for owner in pods(objects):
        is_set = ENDPOINT in environment.variables(objects, owner)
        assert is_set == (environment.served(owner) is not None), owner
