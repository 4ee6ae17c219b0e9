"""Recordings of a real kube-apiserver 1.36, as requests and answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent.parent / "recorded" / "kubernetes"
NAMES = ("cronjobs-life", "cronjobs-refused", "cronjobs-rbac")


@dataclass(frozen=True)
class Recorded:
    """One request and its answer."""

    method: str
    target: str
    """Path and query."""
    content_type: str
    body: str
    status: int
    warnings: list[str]
    answer: dict[str, Any]


def read(name: str) -> list[Recorded]:
    """Read a recording in its order."""
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return [_recorded(item["request"], item["response"]) for item in content["interactions"]]


def _recorded(request: dict[str, Any], response: dict[str, Any]) -> Recorded:
    headers = {key.lower(): values[0] for key, values in request["headers"].items()}
    return Recorded(
        method=request["method"],
        target="/" + request["uri"].split("/", 3)[3],
        content_type=headers.get("content-type", "application/json"),
        body=request["body"] or "",
        status=response["status"]["code"],
        warnings=response["headers"].get("Warning", []),
        answer=json.loads(response["body"]["string"]),
    )


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of a JSON value by their paths; an empty object is a leaf."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from flat(item, f"{path}/{key}")
    elif isinstance(value, list) and value:
        for number, item in enumerate(value):
            yield from flat(item, f"{path}/{number}")
    else:
        yield path, value
