"""CronJobs as the orchestrator writes them, in the cluster that the tree makes."""

from datetime import UTC, datetime

import pytest
import yaml

from agent.jobs.cluster.objects import Pods, build, serialize
from agent.settings import AgentSettings
from tests.deploy.checks import complaints, environment
from tests.deploy.checks.pods import Manifest, pods
from tests.deploy.printed import printed
from tests.deploy.rendering import cluster
from tests.deploy.test_schemas import VERSIONS
from tests.deploy.test_schemas import complaints as schema_complaints
from tools.cronjobs import CronJob, cronjob_name, orchestration_name

MORNING = "0 8 * * 1-5"
STARTS_AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
SCHEDULES = [
    CronJob(
        name=cronjob_name(sprint),
        project_id=project,
        sprint_id=sprint,
        schedule=MORNING,
        timezone="Europe/Berlin",
        starts_at=STARTS_AT,
    )
    for project, sprint in (("TEST-001", "TEST-001-S09"), ("P_", "P_-S1"), ("a" * 60, "b" * 90))
] + [
    CronJob(
        name=orchestration_name("TEST-001"),
        kind="orchestrate",
        project_id="TEST-001",
        schedule=MORNING,
        timezone="America/New_York",
    ),
    CronJob(name="run-backfill", kind="backfill", schedule="0 3 * * *", timezone="UTC"),
]


def written(objects: list[Manifest], schedule: CronJob) -> Manifest:
    """Build the CronJob that the orchestrator of an overlay writes."""
    (owner,) = (owner for owner in pods(objects) if owner.calls_the_cluster)
    settings = environment.settings_of(objects, owner)
    assert isinstance(settings, AgentSettings)
    assert settings.image is not None
    of_jobs = Pods(
        namespace=settings.jobs_namespace,
        installation="0f",
        image=settings.image,
        key_secret=settings.jobs_key_secret,
        sprint_url=settings.peers.sprint,
        orchestrator_url=settings.peers.orchestrator,
        version="0.1.0",
    )
    return serialize(build(schedule, of_jobs))


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.name)
def test_nothing_is_wrong_with_a_cronjob_in_its_cluster(schedule: CronJob) -> None:
    objects = cluster("production")
    assert complaints([*objects, written(objects, schedule)], printed()) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_every_cronjob_keeps_the_schemas(version: str) -> None:
    objects = cluster("production")
    text = yaml.safe_dump_all([written(objects, schedule) for schedule in SCHEDULES])
    assert schema_complaints(text, version) == ""


@pytest.mark.parametrize("policy", ["jobs", "sprint-service", "project-orchestrator"])
def test_a_cronjob_without_its_policy_is_named(policy: str) -> None:
    objects = cluster("production")
    objects.append(written(objects, SCHEDULES[0]))
    without = [
        manifest
        for manifest in objects
        if (manifest["kind"], manifest["metadata"].get("name")) != ("NetworkPolicy", policy)
    ]
    faults = complaints(without, printed())
    assert any(fault.startswith("run-dailyscrum") and "not reach" in fault for fault in faults)
