"""Conformance of the adapters of the port `CronJobs`: each must pass all of it."""

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.jobs.cronjob_table import CronJobTable
from domain_services.kernel.errors import Conflict, Invalid
from memory.pool import open_pool
from tests.kubernetes.rig import DECISION, SCRUM, open_rig
from tools.cronjob_tools import cronjob_reads, cronjob_writes
from tools.cronjobs import CronJobs, orchestration_name
from tools.tool import acting_tool

DatabaseUrl = Callable[[str], str]


@asynccontextmanager
async def embedded(database_url: DatabaseUrl) -> AsyncIterator[CronJobs]:
    async with open_pool(database_url("memory")) as pool:
        yield CronJobTable(pool)


@asynccontextmanager
async def cluster(database_url: DatabaseUrl) -> AsyncIterator[CronJobs]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_rig(database_url, Path(folder)) as rig, rig.serving():
            yield rig.cronjobs


# An adapter of another scheduler joins this list, and nothing else changes.
ADAPTERS: tuple[Callable[[DatabaseUrl], AbstractAsyncContextManager[CronJobs]], ...] = (
    embedded,
    cluster,
)


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.__name__)
async def cronjobs(
    request: pytest.FixtureRequest, database_url: DatabaseUrl
) -> AsyncIterator[CronJobs]:
    async with request.param(database_url) as store:
        yield store


async def test_created_jobs_are_listed_by_name(cronjobs: CronJobs) -> None:
    for job in (DECISION, SCRUM):
        stored = await cronjobs.create(job)
        assert stored.created_at is not None
    assert [job.name for job in await cronjobs.list_jobs("P1")] == [SCRUM.name, DECISION.name]
    assert await cronjobs.list_jobs("P2") == []
    scrum, decision = await cronjobs.list_jobs("P1")
    for stored, job in ((scrum, SCRUM), (decision, DECISION)):
        for name in ("kind", "sprint_id", "schedule", "timezone", "ends_on", "created_by"):
            assert getattr(stored, name) == getattr(job, name), name
        assert not stored.suspended
        assert stored.last_due_at is None


async def test_jobs_of_all_projects_are_listed(cronjobs: CronJobs) -> None:
    other = DECISION.model_copy(update={"project_id": "P2", "name": orchestration_name("P2")})
    await cronjobs.create(SCRUM)
    await cronjobs.create(other)
    assert [job.name for job in await cronjobs.list_all()] == [SCRUM.name, other.name]


async def test_repeated_creation_adopts_the_job(cronjobs: CronJobs) -> None:
    first = await cronjobs.create(SCRUM)
    again = await cronjobs.create(SCRUM)
    assert again == first
    changed = await cronjobs.create(SCRUM.model_copy(update={"schedule": "0 9 * * *"}))
    assert (changed.schedule, changed.created_at) == ("0 9 * * *", first.created_at)
    assert len(await cronjobs.list_jobs("P1")) == 1


async def test_adopted_job_stays_suspended(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    await cronjobs.suspend("P1", SCRUM.name, "maria")
    assert (await cronjobs.create(SCRUM)).suspended


async def test_schedule_is_changed(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    assert await cronjobs.change("P1", SCRUM.name, "30 9 * * *")
    [job] = await cronjobs.list_jobs("P1")
    assert job.schedule == "30 9 * * *"


async def test_schedule_is_changed_with_its_time_zone(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    assert await cronjobs.change("P1", SCRUM.name, SCRUM.schedule, "Asia/Tokyo")
    [job] = await cronjobs.list_jobs("P1")
    assert (job.schedule, job.timezone) == (SCRUM.schedule, "Asia/Tokyo")
    assert job.next_due_at == job.next_from(job.starts_at or datetime.now(UTC))
    with pytest.raises(Invalid, match="IANA"):
        await cronjobs.change("P1", SCRUM.name, SCRUM.schedule, "Local")


async def test_job_is_suspended_and_resumed_and_says_by_whom(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    assert await cronjobs.suspend("P1", SCRUM.name, "maria")
    assert await cronjobs.suspend("P1", SCRUM.name, "ben")
    [job] = await cronjobs.list_jobs("P1")
    assert (job.suspended, job.suspended_by) == (True, "maria")
    assert await cronjobs.resume("P1", SCRUM.name)
    assert await cronjobs.resume("P1", SCRUM.name)
    [job] = await cronjobs.list_jobs("P1")
    assert (job.suspended, job.suspended_by) == (False, None)


async def test_job_is_deleted_once(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    assert await cronjobs.delete("P1", SCRUM.name)
    assert not await cronjobs.delete("P1", SCRUM.name)
    assert await cronjobs.list_jobs("P1") == []


async def test_job_of_another_project_is_not_reached(cronjobs: CronJobs) -> None:
    await cronjobs.create(SCRUM)
    assert not await cronjobs.change("P2", SCRUM.name, "0 9 * * *")
    assert not await cronjobs.suspend("P2", SCRUM.name, "maria")
    assert not await cronjobs.resume("P2", SCRUM.name)
    assert not await cronjobs.delete("P2", SCRUM.name)
    [job] = await cronjobs.list_jobs("P1")
    assert (job.schedule, job.suspended) == (SCRUM.schedule, False)


@pytest.mark.parametrize("owner", [{"project_id": "P2"}, {"sprint_id": "P1-S02"}])
async def test_job_of_another_owner_is_not_adopted_by_its_name(
    cronjobs: CronJobs, owner: dict[str, str]
) -> None:
    stored = await cronjobs.create(SCRUM)
    with pytest.raises(Conflict, match="belongs to another project or sprint"):
        await cronjobs.create(SCRUM.model_copy(update={**owner, "schedule": "0 9 * * *"}))
    assert await cronjobs.list_all() == [stored]


async def test_schedule_of_another_dialect_is_refused(cronjobs: CronJobs) -> None:
    with pytest.raises(Invalid, match="write 0"):
        await cronjobs.create(SCRUM.model_copy(update={"schedule": "0 9 * * 7"}))
    await cronjobs.create(SCRUM)
    with pytest.raises(Invalid, match="write five"):
        await cronjobs.change("P1", SCRUM.name, "@daily")
    [job] = await cronjobs.list_jobs("P1")
    assert job.schedule == SCRUM.schedule


@pytest.mark.parametrize(
    ("owner", "name"),
    [("APOLLO", "run-orchestrate-apollo"), ("P_", None), ("A" * 32 + "-_B", None)],
)
def test_name_of_an_orchestration_is_a_short_label(owner: str, name: str | None) -> None:
    label = orchestration_name(owner)
    assert name is None or label == name
    assert len(label) <= 52
    assert label.replace("-", "").isalnum()
    assert label != orchestration_name(owner + "-")


async def test_tools_do_what_the_port_does(cronjobs: CronJobs) -> None:
    tools = {
        function.__name__: acting_tool(function)
        for function in (*cronjob_reads(cronjobs), *cronjob_writes(cronjobs))
    }
    arguments = SCRUM.model_dump(include={"project_id", "sprint_id", "schedule", "timezone"})
    created = await tools["create_cronjob"].ainvoke({**arguments, "ends_on": SCRUM.ends_on})
    assert (created["name"], created["state"]) == (SCRUM.name, "active")
    named = {"project_id": "P1", "name": SCRUM.name}
    assert (await tools["suspend_cronjob"].ainvoke(named))["suspended"]
    [job] = (await tools["list_cronjobs"].ainvoke({"project_id": "P1"}))["cronjobs"]
    assert job["suspended_by"] == "project-orchestrator"
    assert (await tools["resume_cronjob"].ainvoke(named))["resumed"]
    await tools["delete_cronjob"].ainvoke(named)
    assert (await tools["list_cronjobs"].ainvoke({"project_id": "P1"}))["cronjobs"] == []
