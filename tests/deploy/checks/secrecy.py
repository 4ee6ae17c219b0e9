"""Secrets stay outside the tree."""

import json
import re
from collections.abc import Iterator

from tests.deploy.checks.pods import Manifest
from tests.deploy.checks.references import of_kind

VALUES = (
    re.compile(r"[a-z+]+://[^\s/@\"']*:[^\s/@\"'{}$]+@"),
    re.compile(r"\bdsm_[A-Za-z0-9_-]{30,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(r"\b[0-9a-f]{64}\b"),
)
NAMES = re.compile(r"PASSWORD|SECRET_KEY|TOKEN|SERVICE_KEY|_URL$|AUTH__KEYS")
# Variables of such a name that hold no secret.
OPEN = {"DSM_EMBEDDING__OLLAMA_URL"}


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell where a secret's value stands in a manifest."""
    for secret in of_kind(objects, "Secret"):
        yield f"the Secret {secret['metadata']['name']} is part of the tree"
    for manifest in objects:
        text = json.dumps(manifest, default=str)
        identity = f"{manifest['kind']} {manifest['metadata'].get('name')}"
        for form in VALUES:
            if form.search(text):
                yield f"{identity}: a value looks like a secret"
        yield from (f"{identity}: {fault}" for fault in _variables(manifest))


def _variables(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _variables(item)
    elif isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and NAMES.search(name) and name not in OPEN and "value" in value:
            yield f"{name} is given in plain text"
        for inner in value.values():
            yield from _variables(inner)
