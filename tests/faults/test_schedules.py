"""Daily scrums of the embedded mode: each runs once, though replicas race, fail or die."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agent.jobs.schedule import EmbeddedCronJobs, Scheduler
from domain_services.kernel.errors import Conflict, Problem, Unavailable
from memory.pool import Pool, open_pool
from tests.faults import mutations
from tools.cronjobs import CronJob

NINE = datetime(2025, 3, 28, 8, tzinfo=UTC)  # in Berlin


class Replica:
    """Scheduler with a clock and a sprint service of the test."""

    def __init__(self, pool: Pool) -> None:
        self.now = NINE
        self.fired: list[datetime] = []
        self.failure: Problem | None = None
        self.cronjobs = EmbeddedCronJobs(pool)
        self.scheduler = Scheduler(
            self.cronjobs, self._fire, poll_seconds=1, clock=lambda: self.now
        )

    async def _fire(self, _job: CronJob, due: datetime) -> None:
        if self.failure is not None:
            raise self.failure
        await asyncio.sleep(0.05)  # long enough for another replica to poll meanwhile
        self.fired.append(due)

    async def poll(self, now: datetime) -> int:
        self.now = now
        return await self.scheduler.fire_due()


@pytest.fixture
async def pool(database_url: Callable[[str], str]) -> AsyncIterator[Pool]:
    async with open_pool(database_url("memory")) as memory_pool:
        yield memory_pool


@pytest.fixture
async def replica(pool: Pool) -> Replica:
    """Create a replica with one job: daily at nine in Berlin until the second of April."""
    replica = Replica(pool)
    await replica.cronjobs.create(
        CronJob(
            name="run-dailyscrum-p1-s01",
            project_id="P1",
            sprint_id="P1-S01",
            schedule="0 9 * * *",
            timezone="Europe/Berlin",
            ends_on=date(2025, 4, 2),
        )
    )
    return replica


async def fired_by_two(pool: Pool, replica: Replica) -> int:
    other = Replica(pool)
    await asyncio.gather(replica.poll(NINE), other.poll(NINE))
    return len(replica.fired) + len(other.fired)


async def test_two_replicas_run_a_daily_scrum_once(
    pool: Pool, replica: Replica, record_property: Any
) -> None:
    assert await fired_by_two(pool, replica) == 1
    record_property("mechanism", ("cron claim", "green"))


async def test_two_replicas_run_a_daily_scrum_twice_without_the_claim(
    pool: Pool, replica: Replica, monkeypatch: pytest.MonkeyPatch, record_property: Any
) -> None:
    mutations.MUTATIONS["cron claim"](mutations.undoable(monkeypatch))
    fired = await fired_by_two(pool, replica)
    assert fired == 2
    record_property("mechanism", ("cron claim", f"red: fired {fired} times"))


async def test_daily_scrum_missed_by_an_outage_runs_at_the_next_poll(replica: Replica) -> None:
    replica.failure = Unavailable("the sprint service is away")
    assert await replica.poll(NINE) == 0
    replica.failure = None
    assert await replica.poll(NINE + timedelta(minutes=10)) == 1
    assert await replica.poll(NINE + timedelta(minutes=11)) == 0
    assert replica.fired == [datetime(2025, 3, 28, 8, tzinfo=UTC)]


async def test_refused_daily_scrum_is_not_repeated(replica: Replica) -> None:
    replica.failure = Conflict("the sprint is closed")
    assert await replica.poll(NINE) == 0
    replica.failure = None
    assert await replica.poll(NINE + timedelta(minutes=1)) == 0


async def test_claim_of_a_dead_replica_passes_to_another(pool: Pool, replica: Replica) -> None:
    [job] = await replica.cronjobs.list_all()
    assert await replica.cronjobs.claim(job, NINE)
    assert await replica.poll(NINE) == 0
    async with pool.connection() as connection:
        await connection.execute("UPDATE schedules SET claimed_until = now() - interval '1 s'")
    assert await replica.poll(NINE) == 1


async def test_newest_missed_daily_scrum_runs_within_an_hour(replica: Replica) -> None:
    assert await replica.poll(NINE + timedelta(days=2, minutes=-70)) == 0
    assert await replica.poll(NINE + timedelta(days=2, minutes=-30)) == 1
    assert replica.fired == [datetime(2025, 3, 30, 7, tzinfo=UTC)]  # summer time since two o'clock


async def test_daily_scrum_runs_once_a_day_across_a_clock_change(
    replica: Replica,
) -> None:
    for minutes in range(0, 10 * 24 * 60, 20):
        await replica.poll(NINE.replace(hour=0) + timedelta(minutes=minutes))
    assert [due.date().isoformat()[5:] for due in replica.fired] == [
        "03-28", "03-29", "03-30", "03-31", "04-01", "04-02",
    ]  # fmt: skip
