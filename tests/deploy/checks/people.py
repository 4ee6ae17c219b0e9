"""People's keys: every service reads the Secret by itself, and starts without it."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from deploy.people import PEOPLE_FILE
from tests.deploy.checks.environment import served, variables
from tests.deploy.checks.pods import Manifest, Pods, pods

SECRET = "dsm-people"
FILE = "DSM_AUTH__KEYS_FILE"


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which services would not follow the Secret of people's keys."""
    for owner in pods(objects):
        if served(owner):
            file = PurePosixPath(variables(objects, owner).get(FILE, ""))
            yield from (f"{owner}: {fault}" for fault in _service(owner, file))
        elif any(_is_of_people(volume) for volume in owner.spec.get("volumes", [])):
            yield f"{owner}: it checks no keys, and mounts those of people"


def _service(owner: Pods, file: PurePosixPath) -> Iterator[str]:
    volumes = [volume for volume in owner.spec.get("volumes", []) if _is_of_people(volume)]
    names = {volume["name"] for volume in volumes}
    mounts = [
        mount
        for mount in owner.spec["containers"][0].get("volumeMounts", [])
        if mount["name"] in names
    ]
    if file.name != PEOPLE_FILE or [mount["mountPath"] for mount in mounts] != [str(file.parent)]:
        yield f"{FILE} does not lead to the Secret {SECRET}"
    if not all(volume["secret"].get("optional") for volume in volumes):
        yield f"it does not start without the Secret {SECRET}"
    if any("subPath" in mount or "subPathExpr" in mount for mount in mounts):
        yield "a file mounted by subPath never changes: a revoked key would be accepted"
    if not all(mount.get("readOnly") for mount in mounts):
        yield "people's keys are mounted to be written"


def _is_of_people(volume: Manifest) -> bool:
    return volume.get("secret", {}).get("secretName") == SECRET
