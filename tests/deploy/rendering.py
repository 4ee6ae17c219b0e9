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
    objects = overlay(name)
    images = {
        container["image"]
        for owner in pods(objects)
        for container in owner.containers
        if container["name"] == "project-orchestrator"
    }
    for file in JOBS[name]:
        text = (TREE / "jobs" / file).read_text()
        # As its first lines ask: the image of the overlay.
        objects += parsed(text.replace("image: dsm:0.1.0", f"image: {images.copy().pop()}"))
    return objects
