"""Rules of CronJobs and Jobs: one at a time, an end to each try, logs that outlive a weekend."""

import re
from collections.abc import Iterator
from typing import Any

from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.checks.references import of_kind

WEEKEND_SECONDS = 72 * 3600
# Newest PostgreSQL that is supported, and how images name theirs.
SERVER_VERSION = 18
OWN_VERSION = re.compile(r"^postgres:(\d+)")
VERSION = re.compile(r"(?:postgresql:|-pg)(\d+)")
WAVE = "argocd.argoproj.io/sync-wave"
HOOK = "argocd.argoproj.io/hook"
DELETED = "argocd.argoproj.io/hook-delete-policy"


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which jobs pile up, never end, or leave no logs."""
    for cronjob in of_kind(objects, "CronJob"):
        name, spec = f"CronJob {cronjob['metadata']['name']}", cronjob["spec"]
        yield from (f"{name}: {fault}" for fault in _cronjob(spec))
        yield from (f"{name}: {fault}" for fault in _job(spec["jobTemplate"]["spec"]))
    for job in of_kind(objects, "Job"):
        metadata = job["metadata"]
        name = f"Job {metadata.get('name') or metadata['generateName']}"
        yield from (f"{name}: {fault}" for fault in _job(job["spec"]))
    yield from _backups(objects)
    yield from _migration(objects)


def _backups(objects: list[Manifest]) -> Iterator[str]:
    """Tell which backup has nowhere to write, or programs older than a server of the tree."""
    versions = [
        int(match[1]) for image in _server_images(objects) for match in VERSION.finditer(image)
    ]
    for owner in pods(objects):
        container = owner.spec["containers"][0]
        own = OWN_VERSION.search(container.get("image", ""))
        if own is None:
            continue
        is_read_only = {
            m["mountPath"]: m.get("readOnly") for m in container.get("volumeMounts", [])
        }
        if owner.kind == "CronJob" and is_read_only.get("/backups") is not None:
            yield f"{owner}: it cannot write its backup"
        if int(own[1]) < max(versions, default=SERVER_VERSION):
            yield f"{owner}: its programs are of PostgreSQL {own[1]}, older than a server"


def _server_images(objects: list[Manifest]) -> Iterator[str]:
    for owner in pods(objects):
        if owner.name == "postgres":
            yield owner.spec["containers"][0]["image"]
    for cluster in of_kind(objects, "Cluster"):
        yield cluster["spec"].get("imageName", "")


def _cronjob(spec: dict[str, Any]) -> Iterator[str]:
    if spec.get("concurrencyPolicy") != "Forbid":
        yield "two of its Jobs may run at once"
    if spec.get("suspend"):
        yield "it is suspended: it never runs"
    if spec.get("startingDeadlineSeconds") != 3600:
        yield "a missed start is made up for at any time, or never"
    for field in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
        if spec.get(field) != 3:
            yield f"{field} is not 3"


def _job(spec: dict[str, Any]) -> Iterator[str]:
    if "backoffLimit" not in spec:
        yield "it names no number of tries"
    if not spec.get("activeDeadlineSeconds"):
        yield "a pod that cannot start would block it for good: no activeDeadlineSeconds"
    if spec.get("ttlSecondsAfterFinished", 0) < WEEKEND_SECONDS:
        yield "its logs are gone before a weekend is over"
    if spec["template"]["spec"].get("restartPolicy") == "OnFailure":
        yield "a failed try leaves no logs: restartPolicy is not Never"


def _migration(objects: list[Manifest]) -> Iterator[str]:
    """Tell where Argo CD would migrate before what it needs, or after the services."""
    commands = [owner.spec["containers"][0].get("command", [])[:2] for owner in pods(objects)]
    if ["dsm", "serve"] in commands and ["dsm", "migrate"] not in commands:
        yield "no Job migrates: the services would wait for good"
    for job in of_kind(objects, "Job"):
        container = job["spec"]["template"]["spec"]["containers"][0]
        if container.get("command", [])[:2] != ["dsm", "migrate"]:
            continue
        name, tag = job["metadata"]["name"], container["image"].rpartition(":")[2]
        if name != f"dsm-migrate-{tag}":
            yield f"Job {name}: its name does not end with the tag {tag}: a Job cannot be changed"
        volumes = job["spec"]["template"]["spec"].get("volumes", [])
        if container.get("envFrom") or any("configMap" in volume for volume in volumes):
            yield f"Job {name}: a changed ConfigMap would change it, and a Job cannot be changed"
        notes = job["metadata"].get("annotations", {})
        if (notes.get(HOOK), notes.get(DELETED)) != ("Sync", "BeforeHookCreation"):
            yield f"Job {name}: Argo CD would change it, and a Job cannot be changed"
        early = [*of_kind(objects, "Namespace"), *of_kind(objects, "ServiceAccount")]
        if not all(_wave(manifest) < _wave(job) < 0 for manifest in early):
            yield f"Job {name}: Argo CD does not run it between the accounts and the services"


def _wave(manifest: Manifest) -> int:
    return int(manifest["metadata"].get("annotations", {}).get(WAVE, "0"))
