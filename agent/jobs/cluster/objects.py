"""CronJobs as objects of Kubernetes: names, labels, pods, and the hash that tells them apart."""

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, cast

from kubernetes import client

from tools.cronjobs import CronJob

MANAGED_BY = "app.kubernetes.io/managed-by"
INSTANCE = "app.kubernetes.io/instance"
PROJECT = "dsm.dev/project"
SPRINT = "dsm.dev/sprint"
SPEC_HASH = "dsm.dev/spec-hash"
PRODUCT = "dsm"

# A day that was missed for longer is not made up for; as agent/jobs/schedule.py in one process.
STARTING_DEADLINE_SECONDS = 3600
# A pod that cannot pull its image would otherwise hold up `Forbid` for ever.
LONGEST_RUN_SECONDS = 600
# Three days: the logs of a Friday are still there on Monday.
KEPT_SECONDS = 259_200
# The image's own user (deploy/docker/Containerfile).
USER = 10001

_LABEL = re.compile("[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Pods:
    """Properties of the pods of all schedules."""

    namespace: str
    """Namespace of the CronJobs."""
    installation: str
    """Id of this installation; objects of another are not touched."""
    image: str
    """Image that the orchestrator itself runs."""
    key_secret: str
    """Secret of the namespace; its key `service-key` holds what the command calls with."""
    sprint_url: str
    """Base URL of the sprint service, as the pods reach it."""
    orchestrator_url: str
    """Base URL of the orchestrator, as the pods reach it."""
    version: str
    """Version of the product."""


def label_value(text: str) -> str:
    """Return `text`, or a digest of it where Kubernetes would refuse it as a label's value."""
    if _LABEL.fullmatch(text):
        return text
    return f"sha256-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def selector(installation: str) -> str:
    """Return the label selector of an installation's objects."""
    return f"{MANAGED_BY}={PRODUCT},{INSTANCE}={installation}"


def build(job: CronJob, pods: Pods) -> client.V1CronJob:
    """Build the object of a schedule, with the hash of everything in it."""
    labels, owners = _labels(job, pods), _owners(job)
    hashed = {name: owner for name, owner in owners.items() if label_value(owner) != owner}
    built = client.V1CronJob(
        api_version="batch/v1",
        kind="CronJob",
        metadata=client.V1ObjectMeta(
            name=job.name, namespace=pods.namespace, labels=labels, annotations=hashed
        ),
        spec=client.V1CronJobSpec(
            schedule=job.schedule,
            time_zone=job.timezone,
            concurrency_policy="Forbid",
            starting_deadline_seconds=STARTING_DEADLINE_SECONDS,
            suspend=job.suspended,
            successful_jobs_history_limit=3,
            failed_jobs_history_limit=3,
            job_template=client.V1JobTemplateSpec(
                metadata=client.V1ObjectMeta(labels=labels),
                spec=client.V1JobSpec(
                    active_deadline_seconds=LONGEST_RUN_SECONDS,
                    backoff_limit=3,
                    ttl_seconds_after_finished=KEPT_SECONDS,
                    template=client.V1PodTemplateSpec(
                        metadata=client.V1ObjectMeta(labels=labels), spec=_pod(job, pods)
                    ),
                ),
            ),
        ),
    )
    annotations = {SPEC_HASH: _hash(built), **hashed}
    cast(client.V1ObjectMeta, built.metadata).annotations = annotations
    return built


def spec_hash(built: client.V1CronJob) -> str:
    """Return the hash that `build` wrote into an object."""
    return (cast(client.V1ObjectMeta, built.metadata).annotations or {})[SPEC_HASH]


def serialize(built: client.V1CronJob) -> dict[str, Any]:
    """Return an object as the JSON that is sent."""
    # The client's method needs nothing of an open client.
    return cast(dict[str, Any], client.ApiClient.sanitize_for_serialization(_SERIALIZER, built))


_SERIALIZER = client.ApiClient(client.Configuration())


def _hash(built: client.V1CronJob) -> str:
    text = json.dumps(serialize(built), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _labels(job: CronJob, pods: Pods) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": PRODUCT,
        "app.kubernetes.io/part-of": PRODUCT,
        "app.kubernetes.io/component": job.kind.replace("_", "-"),
        MANAGED_BY: PRODUCT,
        INSTANCE: pods.installation,
        "app.kubernetes.io/version": label_value(pods.version),
    } | {name: label_value(owner) for name, owner in _owners(job).items()}


def _owners(job: CronJob) -> dict[str, str]:
    owners = {PROJECT: job.project_id, SPRINT: job.sprint_id}
    return {name: owner for name, owner in owners.items() if owner is not None}


def _pod(job: CronJob, pods: Pods) -> client.V1PodSpec:
    return client.V1PodSpec(
        automount_service_account_token=False,
        enable_service_links=False,
        restart_policy="Never",
        security_context=client.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=USER,
            seccomp_profile=client.V1SeccompProfile(type="RuntimeDefault"),
        ),
        containers=[
            client.V1Container(
                name=PRODUCT,
                image=pods.image,
                command=[_literal(word) for word in _command(job)],
                env=_environment(job, pods),
                resources=client.V1ResourceRequirements(
                    requests={"cpu": "50m", "memory": "192Mi"}, limits={"memory": "384Mi"}
                ),
                security_context=client.V1SecurityContext(
                    allow_privilege_escalation=False,
                    capabilities=client.V1Capabilities(drop=["ALL"]),
                    read_only_root_filesystem=True,
                ),
            )
        ],
    )


def _command(job: CronJob) -> list[str]:
    if job.kind == "daily_scrum" and job.sprint_id is not None:
        return ["dsm", "run-daily-scrum", job.sprint_id]
    return ["dsm", "run-schedule", job.name]


def _environment(job: CronJob, pods: Pods) -> list[client.V1EnvVar]:
    values = {
        "DSM_PEERS__SPRINT": pods.sprint_url,
        "DSM_PEERS__ORCHESTRATOR": pods.orchestrator_url,
    }
    # A resumed or changed CronJob makes up for a missed hour; the orchestrator knows that of its
    # own jobs, and the command of a scrum by this.
    if job.kind == "daily_scrum" and job.starts_at is not None:
        values["DSM_JOB_STARTS_AT"] = job.starts_at.isoformat(timespec="seconds")
    # Kubernetes names a Job `<cronjob>-<minute for which it was due>`.
    job_name = client.V1ObjectFieldSelector(
        field_path="metadata.labels['batch.kubernetes.io/job-name']"
    )
    key = client.V1SecretKeySelector(name=pods.key_secret, key="service-key")
    return [
        client.V1EnvVar(name="DSM_JOB_NAME", value_from=client.V1EnvVarSource(field_ref=job_name)),
        *(client.V1EnvVar(name=name, value=_literal(text)) for name, text in values.items()),
        client.V1EnvVar(
            name="DSM_AUTH__SERVICE_KEY", value_from=client.V1EnvVarSource(secret_key_ref=key)
        ),
    ]


def _literal(text: str) -> str:
    """Keep Kubernetes from replacing `$(NAME)` in a text."""
    return text.replace("$", "$$")
