"""Manifests as a cluster gets them: kustomizations rendered by kubectl."""

import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deploy.manifests.tree import TREE

OVERLAYS = ("dev", "staging", "production")
KUBECTL = Path(sys.executable).with_name("kubectl")

Manifest = Mapping[str, Any]


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
    return [document for document in yaml.safe_load_all(text) if document]
