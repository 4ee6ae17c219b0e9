"""State of a cluster: its CronJobs, namespaces, users and what they may do."""

import copy
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.kubernetes import statuses, validation

ADMIN = "admin"
ORCHESTRATOR = "orchestrator"
ACCOUNT = "system:serviceaccount:dsm-jobs:dsm-orchestrator"
VERBS = frozenset({"get", "list", "create", "update", "patch", "delete"})


@dataclass
class Cluster:
    """State of an API server. Each method is one request that was allowed."""

    namespaces: set[str] = field(default_factory=lambda: {"default", "dsm-jobs"})
    verbs: set[str] = field(default_factory=lambda: set(VERBS))
    """Verbs on cronjobs in dsm-jobs that the orchestrator has."""
    tokens: set[str] = field(default_factory=lambda: {ADMIN, ORCHESTRATOR})
    """Tokens that are accepted."""
    warns: bool = True
    """True: the namespaces warn of pods that the restricted profile does not admit."""
    objects: dict[tuple[str, str], dict[str, Any]] = field(
        default_factory=dict[tuple[str, str], dict[str, Any]]
    )
    version: int = 279
    written: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Writes that took effect: method and name."""
    expire_pages: bool = False
    """True: the next continued list is answered 410."""

    def may(self, token: str, verb: str, resource: str, group: str, namespace: str) -> bool:
        """Tell whether the holder of a token may do something."""
        if token == ADMIN:
            return True
        own = (resource, group, namespace) == ("cronjobs", "batch", "dsm-jobs")
        return own and verb in self.verbs

    def create(self, namespace: str, body: dict[str, Any], *, is_dry: bool) -> dict[str, Any]:
        if namespace not in self.namespaces:
            raise statuses.no_namespace(namespace)
        name = body["metadata"].get("name", "")
        _validate(name, body)
        if (namespace, name) in self.objects:
            raise statuses.already_exists(name)
        created = validation.with_defaults(body)
        created["metadata"] |= {
            "namespace": namespace,
            "uid": str(uuid4()),
            "generation": 1,
            "creationTimestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        if is_dry:
            return created
        return self._keep("POST", namespace, created)

    def read(self, namespace: str, name: str) -> dict[str, Any]:
        if (namespace, name) not in self.objects:
            raise statuses.not_found(name)
        return self.objects[namespace, name]

    def list(
        self, namespace: str, selector: str | None, limit: int, token: str | None
    ) -> dict[str, Any]:
        if token and self.expire_pages:
            self.expire_pages = False
            raise statuses.expired()
        selected = [
            item
            for (place, _), item in sorted(self.objects.items())
            if place == namespace and matches(item["metadata"].get("labels") or {}, selector)
        ]
        start = int(token or 0)
        end = start + limit if limit else len(selected)
        metadata: dict[str, Any] = {"resourceVersion": str(self.version)}
        if end < len(selected):
            metadata |= {"continue": str(end), "remainingItemCount": len(selected) - end}
        # Items of a list carry no kind.
        items = [
            {key: value for key, value in item.items() if key not in ("kind", "apiVersion")}
            for item in selected[start:end]
        ]
        return {
            "kind": "CronJobList",
            "apiVersion": "batch/v1",
            "metadata": metadata,
            "items": items,
        }

    def replace(self, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        present = self.read(namespace, name)
        metadata = body["metadata"]
        if (uid := metadata.get("uid")) and uid != present["metadata"]["uid"]:
            raise statuses.other_uid(name, uid, present["metadata"]["uid"])
        version = metadata.get("resourceVersion")
        if version and version != present["metadata"]["resourceVersion"]:
            raise statuses.modified(name)
        _validate(name, body)
        changed = validation.with_defaults(body)
        preserved = ("namespace", "uid", "creationTimestamp", "generation", "resourceVersion")
        changed["metadata"] |= {key: present["metadata"][key] for key in preserved}
        changed["status"] = present["status"]
        return self._store_change("PUT", present, changed)

    def patch(self, namespace: str, name: str, body: dict[str, Any]) -> dict[str, Any]:
        present = self.read(namespace, name)
        changed = merge(present, body)
        _validate(name, changed)
        return self._store_change("PATCH", present, changed)

    def delete(self, namespace: str, name: str, options: dict[str, Any]) -> dict[str, Any]:
        present = self.read(namespace, name)
        uid = (options.get("preconditions") or {}).get("uid")
        if uid and uid != present["metadata"]["uid"]:
            raise statuses.other_uid(name, uid, present["metadata"]["uid"])
        del self.objects[namespace, name]
        self.written.append(("DELETE", name))
        details = {"name": name, **statuses.GROUP, "uid": present["metadata"]["uid"]}
        return statuses.status("Success") | {"details": details}

    def fire(self, name: str, due: datetime, namespace: str = "dsm-jobs") -> None:
        """Record a firing, as the cluster's controller does."""
        status = {"lastScheduleTime": due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        present = self.objects[namespace, name]
        self._keep("STATUS", namespace, present | {"status": status})

    def _store_change(
        self, method: str, present: dict[str, Any], changed: dict[str, Any]
    ) -> dict[str, Any]:
        if changed == present:
            return present
        if changed["spec"] != present["spec"]:
            changed["metadata"]["generation"] += 1
        return self._keep(method, changed["metadata"]["namespace"], changed)

    def _keep(self, method: str, namespace: str, item: dict[str, Any]) -> dict[str, Any]:
        self.version += 1
        stored = copy.deepcopy(item)
        stored["metadata"]["resourceVersion"] = str(self.version)
        self.objects[namespace, stored["metadata"]["name"]] = stored
        self.written.append((method, stored["metadata"]["name"]))
        return stored


def _validate(name: str, body: dict[str, Any]) -> None:
    if causes := list(validation.causes(body)):
        raise statuses.invalid(name, causes)


def merge(present: Any, change: Any) -> Any:
    """Merge a patch of objects into objects; None removes a field."""
    if not isinstance(present, dict) or not isinstance(change, dict):
        return copy.deepcopy(change)
    merged = copy.deepcopy(present)
    for key, value in change.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def matches(labels: dict[str, str], selector: str | None) -> bool:
    """Tell whether labels match `key=value` and `key in (a,b)`, separated by commas."""
    for term in re.findall(r"[^,(]+(?:\([^)]*\))?", selector or ""):
        if chosen := re.fullmatch(r"\s*(\S+) in \(([^)]*)\)", term):
            if labels.get(chosen[1]) not in chosen[2].split(","):
                return False
        else:
            key, _, value = term.partition("=")
            if labels.get(key.strip()) != value.lstrip("="):
                return False
    return True
