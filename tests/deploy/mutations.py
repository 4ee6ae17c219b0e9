"""Faults to put into manifests, each with what a check says about it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind

Change = Callable[[list[Manifest]], None]
GONE = object()


@dataclass(frozen=True)
class Mutation:
    """One fault."""

    name: str
    change: Change
    sentence: str
    """Part of what a check says."""
    overlay: str = "production"


def one(objects: list[Manifest], kind: str, name: str) -> Manifest:
    """Return the object of a kind whose name begins so."""
    for manifest in of_kind(objects, kind):
        metadata = manifest["metadata"]
        if (metadata.get("name") or metadata["generateName"]).startswith(name):
            return manifest
    raise LookupError(f"there is no {kind} {name}")


def pod(objects: list[Manifest], name: str = "sprint-service") -> dict[str, Any]:
    """Return the pod of a workload."""
    return next(owner.spec for owner in pods(objects) if owner.name.startswith(name))


def container(objects: list[Manifest], name: str = "sprint-service") -> dict[str, Any]:
    """Return the first container of a workload."""
    return pod(objects, name)["containers"][0]


def at(
    kind: str, name: str, path: str, value: object, sentence: str, overlay: str = "production"
) -> Mutation:
    """Set what `path` leads to, as "spec/ports/0/name"; GONE takes it away."""

    def change(objects: list[Manifest]) -> None:
        *folders, last = (int(part) if part.isdecimal() else part for part in path.split("/"))
        place: Any = one(objects, kind, name)
        for folder in folders:
            place = place[folder]
        if value is GONE:
            del place[last]
        else:
            place[last] = value

    shown = "gone" if value is GONE else value
    return Mutation(f"{kind} {name}: {path} {shown}", change, sentence, overlay)


def in_pod(field: str, value: object, sentence: str) -> Mutation:
    """Set a field of the sprint service's pod."""
    return Mutation(f"pod: {field}", lambda o: pod(o).update({field: value}), sentence)


def in_container(field: str, value: object, sentence: str, name: str = "") -> Mutation:
    """Set a field of the sprint service's container."""
    title = f"container: {name or field}"
    return Mutation(title, lambda o: container(o).update({field: value}), sentence)


def in_context(field: str, value: object, sentence: str) -> Mutation:
    """Set a field of the container's security context."""
    return Mutation(
        f"security context: {field} {value}",
        lambda o: container(o)["securityContext"].update({field: value}),
        sentence,
    )


def in_spec(kind: str, name: str, field: str, value: object, sentence: str) -> Mutation:
    """Set a field of an object's spec."""
    return Mutation(
        f"{kind} {name}: {field} {value}",
        lambda o: one(o, kind, name)["spec"].update({field: value}),
        sentence,
    )


def in_metadata(kind: str, name: str, field: str, value: object, sentence: str) -> Mutation:
    """Set a field of an object's metadata."""
    return Mutation(
        f"{kind} {name}: {field} {value}",
        lambda o: one(o, kind, name)["metadata"].update({field: value}),
        sentence,
    )


def variable(objects: list[Manifest], name: str, owner: str = "sprint-service") -> dict[str, Any]:
    """Return an entry of a container's environment."""
    return next(entry for entry in container(objects, owner)["env"] if entry["name"] == name)


def remove(kind: str, name: str, sentence: str, overlay: str = "production") -> Mutation:
    """Leave an object out."""
    return Mutation(
        f"without {kind} {name}", lambda o: o.remove(one(o, kind, name)), sentence, overlay
    )


def config(name: str, value: str, sentence: str) -> Mutation:
    """Set a common setting."""
    return Mutation(
        f"{name}={value}",
        lambda o: one(o, "ConfigMap", "dsm-config")["data"].update({name: value}),
        sentence,
    )


def environment(entry: dict[str, Any], sentence: str) -> Mutation:
    """Add an entry to the sprint service's environment."""
    return Mutation(
        f"env {entry['name']}", lambda o: container(o)["env"].append(dict(entry)), sentence
    )


def policy_rule(name: str, direction: str, rule: dict[str, Any], sentence: str) -> Mutation:
    """Add a rule to a NetworkPolicy."""
    return Mutation(
        f"policy {name}: {direction}",
        lambda o: one(o, "NetworkPolicy", name)["spec"].setdefault(direction, []).append(rule),
        sentence,
    )
