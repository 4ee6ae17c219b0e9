"""A daily job is done once a day by one replica, and again when it was cut off."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time

from agent.jobs.daily import Daily, Job
from domain_services.kernel.errors import Unavailable
from memory.job_results import JobResults
from memory.jobs import DailyJobs
from memory.pool import open_pool


async def test_job_of_a_day_is_done_once_and_repeated_after_a_failure(
    database_url: Callable[[str], str],
) -> None:
    done: list[str] = []
    now = datetime(2026, 3, 2, 2, 59, tzinfo=UTC)

    async def work() -> str:
        if len(done) == 1:
            done.append("failed")
            raise Unavailable("not now")
        done.append("done")
        return "learned"

    async with open_pool(database_url("memory")) as pool:
        jobs, plan = DailyJobs(pool), (Job("learn", time(3), work),)
        results = JobResults(pool)
        one, other = (Daily(jobs, results, plan, clock=lambda: now) for _ in range(2))
        assert await one.do_due() == []
        now = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
        assert await one.do_due() == ["learn"]
        assert await other.do_due() == []
        now = datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
        # The job fails, and the replica that tried it holds the lease until it ends.
        assert await other.do_due() == []
        assert await one.do_due() == []
        async with pool.connection() as connection:
            await connection.execute("UPDATE daily_jobs SET lease_until = now() - interval '1 s'")
        assert await one.do_due() == ["learn"]
        assert not await jobs.claim("learn", date(2026, 3, 3))
    assert done == ["done", "failed", "done"]


async def test_job_is_done_at_its_changed_time_and_not_while_it_is_paused(
    database_url: Callable[[str], str],
) -> None:
    now = datetime(2026, 3, 2, 3, 30, tzinfo=UTC)

    async def work() -> str:
        return "learned"

    async with open_pool(database_url("memory")) as pool:
        jobs, results = DailyJobs(pool), JobResults(pool)
        daily = Daily(jobs, results, (Job("learn", time(3), work),), clock=lambda: now)
        await jobs.change("learn", "0 5 * * 1-5")
        assert await daily.do_due() == []
        now = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
        await jobs.suspend("learn", "maria")
        assert await daily.do_due() == []
        await jobs.resume("learn")
        assert await daily.do_due() == ["learn"]
        assert (await results.by_name(["learn"]))["learn"].result == "learned"
        now = datetime(2026, 3, 7, 6, 0, tzinfo=UTC)  # a Saturday
        assert await daily.do_due() == []
