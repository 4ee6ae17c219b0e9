"""Manifests as a cluster gets them: kustomizations rendered by kubectl."""

import copy
import subprocess
import sys
from functools import cache
from pathlib import Path

import yaml

from deploy.manifests.tree import TREE
from tests.deploy.checks.pods import Manifest, pods

OVERLAYS = ("dev", "staging", "production")
KUBECTL = Path(sys.executable).with_name("kubectl")

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


def parsed(text: str) -> list[Manifest]:
    """Read the objects of a stream of YAML documents."""
    return copy.deepcopy(_documents(text))


@cache
def _documents(text: str) -> list[Manifest]:
    return [document for document in yaml.safe_load_all(text) if document]


def cluster(name: str) -> list[Manifest]:
    """Return the objects of an overlay, and the Jobs that a person starts beside them."""
    return with_jobs(overlay(name), JOBS[name])


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
