"""A waiting follow-up decides once, waits for an unfinished run, and ends with its schedule."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.firing import Firing
from agent.jobs.follow_up_runs import FollowUpRuns
from domain_services.kernel.errors import NotFound, Problem, Unavailable
from memory.follow_ups import FollowUps
from memory.job_results import JobResults
from memory.pool import Pool, open_pool
from memory.run import RunInProgress
from tools.cronjobs import CronJob, orchestration_name

NAME = orchestration_name("P1")


@dataclass
class Project:
    """Project with a follow-up that is due, and a stand-in for its decision."""

    pool: Pool
    failure: Exception | None = None
    decided: list[str] = field(default_factory=list[str])

    async def decide(self, project_id: str) -> Firing:
        if self.failure is not None:
            raise self.failure
        self.decided.append(project_id)
        return Firing("Created sprint P1-S02 with 8 tasks.", run_id=uuid4())

    async def poll(self) -> int:
        runs = FollowUpRuns(
            FollowUps(self.pool),
            CronJobTable(self.pool),
            JobResults(self.pool),
            self.decide,
            poll_seconds=1,
            tries=2,
        )
        return await runs.do_due()

    async def waiting(self) -> int:
        async with self.pool.connection() as connection:
            return (await connection.execute("SELECT 1 FROM follow_up_runs")).rowcount

    async def end_pause(self) -> None:
        async with self.pool.connection() as connection:
            await connection.execute("UPDATE follow_up_runs SET claimed_until = NULL")

    async def result(self) -> str | None:
        stored = (await JobResults(self.pool).by_name([NAME])).get(NAME)
        return stored and stored.result


@pytest.fixture
async def project(database_url: Callable[[str], str]) -> AsyncIterator[Project]:
    async with open_pool(database_url("memory")) as pool:
        job = CronJob(
            name=NAME, kind="orchestrate", project_id="P1", schedule="0 8 * * *", timezone="UTC"
        )
        await CronJobTable(pool).create(job)
        async with pool.connection() as connection:
            await connection.execute(
                "INSERT INTO follow_up_runs (project_id, run_id, sprint_id, due_at)"
                " VALUES ('P1', gen_random_uuid(), 'P1-S01', now())"
            )
        yield Project(pool)


async def test_due_follow_up_decides_once_and_keeps_its_result(project: Project) -> None:
    assert await project.poll() == 1
    assert await project.poll() == 0
    assert project.decided == ["P1"]
    assert await project.result() == (
        "After sprint P1-S01 was closed: Created sprint P1-S02 with 8 tasks."
    )


@pytest.mark.parametrize(
    "failure", [RunInProgress("run 1 is not finished"), Unavailable("the backlog is away")]
)
async def test_follow_up_that_cannot_decide_now_is_tried_again(
    project: Project, failure: Problem
) -> None:
    project.failure = failure
    assert await project.poll() == 0
    assert await project.waiting() == 1
    project.failure = None
    await project.end_pause()
    assert await project.poll() == 1


async def test_refused_follow_up_is_not_repeated_and_says_why(project: Project) -> None:
    project.failure = NotFound("there is no project P1")
    await project.poll()
    assert await project.waiting() == 0
    assert await project.result() == (
        "After sprint P1-S01 was closed: Failed: there is no project P1"
    )


async def test_follow_up_that_raises_is_tried_ever_later_and_set_aside(project: Project) -> None:
    async with project.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO follow_up_runs (project_id, run_id, sprint_id, due_at)"
            " VALUES ('P2', gen_random_uuid(), 'P2-S01', now() + interval '1 hour')"
        )
    project.failure = LookupError("nobody listed this")
    assert await project.poll() == 0
    assert await project.poll() == 0  # its pause has not ended
    reason = "LookupError: nobody listed this"
    assert await project.result() == (
        f"Failed and tried again after sprint P1-S01 was closed: {reason}"
    )
    await project.end_pause()
    await project.poll()
    assert await project.result() == f"Set aside after sprint P1-S01 was closed: {reason}"
    async with project.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT tries, error, set_aside_at IS NOT NULL FROM follow_up_runs"
            " WHERE project_id = 'P1'"
        )
        assert await cursor.fetchall() == [(2, reason, True)]
    project.failure = None
    await project.end_pause()
    assert await project.poll() == 0  # only a person brings it back
    assert project.decided == []


async def test_follow_up_of_a_paused_or_deleted_schedule_does_nothing(project: Project) -> None:
    await CronJobTable(project.pool).suspend("P1", NAME, "maria")
    assert await project.poll() == 0
    assert (project.decided, await project.waiting()) == ([], 0)
