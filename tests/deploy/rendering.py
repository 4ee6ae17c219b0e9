"""Manifests as a cluster gets them: kustomizations rendered by kubectl."""

import copy
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.manifests import rendering
from deploy.manifests.tree import TREE
from tests.deploy.checks.pods import Manifest, pods

OVERLAYS = ("dev", "staging", "production")
KUBECTL = Path(sys.executable).with_name("kubectl")

COMPONENTS = sorted(folder.name for folder in (TREE / "components").iterdir())
# The overlay of a laptop brings its stores already.
SWITCHED = [
    (overlay, component)
    for overlay in OVERLAYS
    for component in COMPONENTS
    if (overlay, component) != ("dev", "dev-stores")
]
# Components that others stand upon, before them in the list.
BEFORE = {"chat": ["ollama"]}
KUSTOMIZATION = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
_FOLDER = tempfile.TemporaryDirectory(prefix="dsm-deploy-")

JOBS = {
    "dev": ["sprint-planning.yaml"],
    "staging": ["sprint-planning.yaml", "restore.yaml"],
    "production": ["sprint-planning.yaml", "restore.yaml"],
}


@cache
def rendered(folder: Path) -> str:
    """Render a kustomization; the tree does not change while the tests run."""
    command = [str(KUBECTL), "kustomize", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def overlay(name: str) -> list[Manifest]:
    """Return the objects of an overlay, new ones for each caller."""
    return parsed(rendered(TREE / "overlays" / name))


def with_component(name: str, component: str) -> str:
    """Render an overlay with one more component, as the component's first lines ask."""
    return rendered(_tree() / "overlays" / f"{name}+{component}")


@cache
def _tree() -> Path:
    """Copy the tree, with a kustomization for each overlay and each component."""
    folder = Path(_FOLDER.name) / "k8s"
    rendering.copy(folder)
    for name, component in SWITCHED:
        overlay = folder / "overlays" / f"{name}+{component}"
        overlay.mkdir()
        kustomization: dict[str, object] = {
            **KUSTOMIZATION,
            "resources": [f"../{name}"],
            "components": [
                f"../../components/{one}" for one in (*BEFORE.get(component, ()), component)
            ],
        }
        if component == "cnpg" and name != "dev":
            kustomization["patches"] = [_without("NetworkPolicy", "to-postgres")]
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    return folder


def _without(kind: str, name: str) -> dict[str, object]:
    patch = {"$patch": "delete", "apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
    return {"target": {"kind": kind, "name": name}, "patch": yaml.safe_dump(patch)}


def parsed(text: str) -> list[Manifest]:
    """Read the objects of a stream of YAML documents."""
    return copy.deepcopy(_documents(text))


class _Loader(yaml.SafeLoader):
    """Loader that refuses what an API server refuses: a field that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [name.value for name, _ in node.value]
        for name in {name for name in names if names.count(name) > 1}:
            raise ValueError(f"line {node.start_mark.line + 1}: the field {name} is there twice")
        return super().construct_mapping(node, deep)


@cache
def _documents(text: str) -> list[Manifest]:
    return [document for document in yaml.load_all(text, _Loader) if document]


def cluster(name: str) -> list[Manifest]:
    """Return the objects of an overlay, and the Jobs that a person starts beside them.

    `production+cnpg` is an overlay with a component.
    """
    base, _, component = name.partition("+")
    objects = parsed(with_component(base, component)) if component else overlay(base)
    return with_jobs(objects, JOBS[base])


def with_jobs(objects: list[Manifest], files: list[str]) -> list[Manifest]:
    """Add Jobs to the objects of an overlay, with its image, as their first lines ask."""
    image = next(
        container["image"]
        for owner in pods(objects)
        for container in owner.containers
        if container["name"] == "project-orchestrator"
    )
    texts = ((TREE / "jobs" / file).read_text() for file in files)
    started = [parsed(text.replace("image: dsm:0.1.0", f"image: {image}")) for text in texts]
    return [*objects, *(job for jobs in started for job in jobs)]
