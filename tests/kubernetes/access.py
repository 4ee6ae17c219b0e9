"""Kubeconfig of the double."""

import json
from pathlib import Path
from typing import Any

from tests.kubernetes.cluster import ORCHESTRATOR


def write_kubeconfig(path: Path, server: str, user: dict[str, Any] | None = None) -> None:
    """Write a kubeconfig for a server; `user` replaces the orchestrator's token."""
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "double",
                "contexts": [{"name": "double", "context": {"cluster": "double", "user": "me"}}],
                "clusters": [{"name": "double", "cluster": {"server": server}}],
                "users": [{"name": "me", "user": user or {"token": ORCHESTRATOR}}],
            }
        )
    )
