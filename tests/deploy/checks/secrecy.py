"""Secrets stay outside the tree."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from tests.deploy.checks.edges import MODEL_URLS
from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind

VALUES = (
    re.compile(r"[a-z+]+://[^\s/@\"']*:[^\s/@\"'{}$]+@"),
    re.compile(r"\bdsm_[A-Za-z0-9_-]{30,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    re.compile(r"\b[0-9a-f]{64}\b"),
    # In a script or a note: not `$(NAME)`, `$NAME` or psql's :'name'.
    re.compile(r"(?i)passw(or)?d\s*[=:]\s*[^\s'\":$({\\]"),
    re.compile(r"(?i)\bpassword\s+'[^']"),
)
OPTION = re.compile("-.*(pass|secret|token)")
NAMES = re.compile(r"PASSWORD|SECRET_KEY|TOKEN|SERVICE_KEY|_URL$|AUTH__KEYS")
# Variables of such a name that hold no secret.
OPEN = {"DSM_AUTH__KEYS_FILE", *MODEL_URLS}


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
    for owner in pods(objects):
        for container in owner.containers:
            words = [*container.get("command", []), *container.get("args", [])]
            for option, value in pairwise(words):
                if OPTION.match(option) and not value.startswith("$("):
                    yield f"{owner}: {option} is given in plain text"


def _variables(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _variables(item)
    elif isinstance(value, dict):
        name = value.get("name")
        if isinstance(name, str) and NAMES.search(name) and name not in OPEN and "value" in value:
            yield f"{name} is given in plain text"
        for key, inner in value.items():
            if isinstance(inner, str) and NAMES.search(str(key)) and key not in OPEN:
                yield f"{key} is given in plain text"
            yield from _variables(inner)
