"""Every component in a kustomization of its own."""

from pathlib import Path

import pytest
import yaml

from deploy.catalogue import SERVICES
from deploy.manifests import rendering
from deploy.manifests.own_stores import CHRONICLE_ROLE, CNPG_HOST, POSTGRES_HOST, VALKEY_HOST
from deploy.manifests.tree import TREE
from tests.deploy.checks import complaints
from tests.deploy.checks.pods import Manifest
from tests.deploy.checks.references import of_kind
from tests.deploy.printed import printed
from tests.deploy.rendering import parsed, rendered, with_jobs
from tests.deploy.test_schemas import OPERATORS, VERSIONS
from tests.deploy.test_schemas import complaints as schema_complaints

COMPONENTS = sorted(folder.name for folder in (TREE / "components").iterdir())
KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
DATABASES = {spec.database for spec in SERVICES if spec.database}


def kustomization(component: str) -> dict[str, object]:
    """Add a component to the overlay that it is meant for."""
    if component == "dev-stores":
        return {**KUSTOMIZATION, "resources": ["../dev"]}
    components = [f"../../components/{component}"]
    overlay = {**KUSTOMIZATION, "resources": ["../production"], "components": components}
    # As its first lines ask.
    patches = [_without("NetworkPolicy", "to-postgres")] if component == "cnpg" else []
    return {**overlay, "patches": patches}


def _without(kind: str, name: str) -> dict[str, object]:
    patch = {"$patch": "delete", "apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    return {"target": {"kind": kind, "name": name}, "patch": yaml.safe_dump(patch)}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deploy") / "k8s"
    rendering.copy(folder)
    for component in COMPONENTS:
        overlay = folder / "overlays" / f"with-{component}"
        overlay.mkdir()
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization(component)))
    return folder


def objects(tree: Path, component: str) -> list[Manifest]:
    made_objects = parsed(rendered(tree / "overlays" / f"with-{component}"))
    return with_jobs(made_objects, ["sprint-planning.yaml"])


@pytest.mark.parametrize("component", COMPONENTS)
def test_nothing_is_wrong_with_a_component(tree: Path, component: str) -> None:
    assert complaints(objects(tree, component), printed()) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("component", COMPONENTS)
def test_a_component_keeps_the_schemas(tree: Path, component: str, version: str) -> None:
    known = [
        manifest
        for manifest in objects(tree, component)
        if not manifest["apiVersion"].startswith(OPERATORS)
    ]
    assert schema_complaints(yaml.safe_dump_all(known), version) == ""


def test_the_stores_of_a_laptop_make_every_database_and_role() -> None:
    script = (TREE / "components" / "dev-stores" / "init.sql").read_text()
    made_databases = {
        line.split()[2] for line in script.splitlines() if line.startswith("CREATE DATABASE")
    }
    assert made_databases == DATABASES
    for spec in SERVICES:
        assert spec.role is None or f"CREATE ROLE {spec.role} LOGIN" in script


def test_the_operator_makes_every_database_and_role(tree: Path) -> None:
    made_objects = objects(tree, "cnpg")
    databases = {database["spec"]["name"] for database in of_kind(made_objects, "Database")}
    assert databases == DATABASES
    (cluster,) = of_kind(made_objects, "Cluster")
    assert [role["name"] for role in cluster["spec"]["managed"]["roles"]] == [CHRONICLE_ROLE]
    named = {
        cluster["spec"]["bootstrap"]["initdb"]["secret"]["name"],
        cluster["spec"]["managed"]["roles"][0]["passwordSecret"]["name"],
    }
    assert named <= {name for _, name, _ in printed()}
    assert f"{cluster['metadata']['name']}-rw.dsm.svc.cluster.local" == CNPG_HOST


def test_the_urls_of_a_laptop_lead_to_its_stores(tree: Path) -> None:
    names = {
        service["metadata"]["name"] for service in of_kind(objects(tree, "dev-stores"), "Service")
    }
    assert {POSTGRES_HOST.partition(".")[0], VALKEY_HOST.partition(".")[0]} <= names
