"""Every manifest keeps the schemas of the oldest and the newest supported Kubernetes."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from deploy.manifests.tree import TREE
from tests.deploy.rendering import OVERLAYS, parsed, rendered

VERSIONS = ("1.31", "1.37")
# Kinds of operators, of which no schema is known here.
OPERATORS = ("monitoring.coreos.com/", "postgresql.cnpg.io/")
KUBERNETES_VALIDATE = Path(sys.executable).with_name("kubernetes-validate")


def complaints(text: str, version: str) -> str:
    """Return what kubernetes-validate says about manifests, warnings included."""
    command = [str(KUBERNETES_VALIDATE), "-k", version, "--strict", "--quiet", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", OVERLAYS)
def test_every_overlay_keeps_the_schemas(name: str, version: str) -> None:
    assert complaints(rendered(TREE / "overlays" / name), version) == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_an_unknown_field_is_found(version: str) -> None:
    text = rendered(TREE / "overlays" / "dev").replace("minReadySeconds", "minReadySecond", 1)
    assert "minReadySecond" in complaints(text, version)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_file_keeps_the_schemas_as_it_is(version: str) -> None:
    files = [file for file in TREE.rglob("*.yaml") if file.name != "kustomization.yaml"]
    objects = [manifest for file in files for manifest in parsed(file.read_text())]
    known = [manifest for manifest in objects if not manifest["apiVersion"].startswith(OPERATORS)]
    assert len(known) > 50
    assert complaints(yaml.safe_dump_all(known), version) == ""
