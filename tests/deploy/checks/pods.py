"""Pods of manifests, and the rules of the restricted profile."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]

USER = 10001
# Volume types that the restricted profile allows.
VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image"),
    *("persistentVolumeClaim", "projected", "secret"),
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
TAGGED = re.compile(
    r"(?P<name>[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*):(?P<tag>[A-Za-z0-9_][\w.-]{0,127})"
)


@dataclass(frozen=True)
class Pods:
    """Pods of one workload."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str]
    spec: dict[str, Any]

    @property
    def containers(self) -> list[dict[str, Any]]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def calls_the_cluster(self) -> bool:
        return self.name == "project-orchestrator"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def pods(objects: Iterable[Manifest]) -> Iterator[Pods]:
    """Find the pods of every workload."""
    for manifest in objects:
        kind, spec = manifest["kind"], manifest.get("spec", {})
        if kind == "CronJob":
            template = spec["jobTemplate"]["spec"]["template"]
        elif kind in ("Deployment", "StatefulSet", "Job", "DaemonSet"):
            template = spec["template"]
        else:
            continue
        metadata = manifest["metadata"]
        yield Pods(
            kind,
            metadata.get("name") or metadata["generateName"],
            metadata.get("namespace", "default"),
            template.get("metadata", {}).get("labels", {}),
            template["spec"],
        )


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell where a pod breaks the restricted profile, or a rule of this tree."""
    for owner in pods(objects):
        yield from (f"{owner}: {fault}" for fault in _pod(owner))
        for container in owner.containers:
            for fault in _container(owner, container):
                yield f"{owner}, container {container['name']}: {fault}"


def _pod(owner: Pods) -> Iterator[str]:
    spec = owner.spec
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is set"
    for volume in spec.get("volumes", []):
        for kind in set(volume) - {"name"} - VOLUMES:
            yield f"the volume {volume['name']} is a {kind}"
    context = spec.get("securityContext", {})
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "it is a process of the host"
    if context.get("sysctls"):
        yield "it sets sysctls"
    if context.get("runAsUser") == 0 or context.get("runAsNonRoot") is False:
        yield "it runs as root"
    if spec.get("enableServiceLinks") is not False:
        yield "enableServiceLinks is not false: a Service could set DSM_PORT"
    if spec.get("automountServiceAccountToken") is not owner.calls_the_cluster:
        yield "only the orchestrator mounts a token, and every pod says so"
    if owner.calls_the_cluster != bool(spec.get("serviceAccountName")):
        yield "only the orchestrator has a service account"


def _container(owner: Pods, container: dict[str, Any]) -> Iterator[str]:
    pod, own = owner.spec.get("securityContext", {}), container.get("securityContext", {})
    context = {**pod, **own}
    if own.get("privileged"):
        yield "it is privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    capabilities = own.get("capabilities", {})
    if "ALL" not in capabilities.get("drop", []):
        yield "it does not drop all capabilities"
    if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
        yield "it adds capabilities"
    if context.get("runAsNonRoot") is not True or own.get("runAsUser") == 0:
        yield "runAsNonRoot is not true"
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "it has no seccomp profile"
    if own.get("procMount", "Default") != "Default":
        yield "procMount is not Default"
    if context.get("appArmorProfile", {}).get("type") == "Unconfined":
        yield "AppArmor is off"
    selinux = context.get("seLinuxOptions", {})
    if selinux.keys() & {"user", "role"} or selinux.get("type", "") not in SELINUX_TYPES:
        yield "it sets an SELinux user or role, or a type that is not allowed"
    if any(port.get("hostPort") for port in container.get("ports", [])):
        yield "it takes a port of the node"
    if own.get("readOnlyRootFilesystem") is not True:
        yield "its root is writable"
    yield from _image(context, container, owner.spec.get("volumes", []))
    resources = container.get("resources", {})
    if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
        yield "it requests no cpu or no memory"
    if "memory" not in resources.get("limits", {}) or "cpu" in resources.get("limits", {}):
        yield "it has a limit of memory, and none of cpu"


def _image(
    context: dict[str, Any], container: dict[str, Any], volumes: list[dict[str, Any]]
) -> Iterator[str]:
    image = TAGGED.fullmatch(container.get("image", ""))
    if image is None or image["tag"] == "latest":
        yield f"the image {container.get('image')} names no release"
    elif image["name"].rpartition("/")[2] == "dsm":
        if context.get("runAsUser") != USER:
            yield f"the image's user is {USER}"
        if container.get("command", [""])[0] != "dsm":
            yield "its command does not begin with dsm"
        if container.get("imagePullPolicy") == "Never":
            yield "its image is never pulled"
        if any("emptyDir" in volume for volume in volumes):
            yield "it has a folder to write to, and nothing of ours writes"
