"""Daily scrums of the embedded mode: each runs once, though replicas race, fail or die."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.firing import Firing
from agent.jobs.schedule import Scheduler
from domain_services.kernel.errors import Conflict, Invalid, Problem, Unavailable
from memory.job_results import JobResults
from memory.pool import Pool, open_pool
from memory.run import RunInProgress
from tests.faults import mutations
from tools.cronjobs import CronJob

NAME = "run-dailyscrum-p1-s01"
NINE = datetime(2025, 3, 28, 8, tzinfo=UTC)  # in Berlin


class Replica:
    """Scheduler with a clock and a sprint service of the test."""

    def __init__(self, pool: Pool) -> None:
        self.now = NINE
        self.fired: list[datetime] = []
        self.failure: Problem | None = None
        self.rests = False
        self.results = JobResults(pool)
        self.cronjobs = CronJobTable(pool, clock=lambda: self.now)
        self.claims = Claims(pool, clock=lambda: self.now)
        self.scheduler = Scheduler(
            self.claims,
            self.results,
            self._fire,
            kinds=("daily_scrum",),
            poll_seconds=1,
            clock=lambda: self.now,
        )

    async def _fire(self, job: CronJob, due: datetime) -> Firing:
        if self.failure is not None and job.name == NAME:
            raise self.failure
        await asyncio.sleep(0.05)  # long enough for another replica to poll meanwhile
        if self.rests:
            return Firing("Nothing was done: the project is held.", rested=True)
        self.fired.append(due)
        return Firing("Held.")

    async def result(self) -> str | None:
        stored = (await self.results.by_name([NAME])).get(NAME)
        return stored and stored.result

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
    await replica.cronjobs.create(daily_at_nine(NAME))
    return replica


def daily_at_nine(name: str) -> CronJob:
    return CronJob(
        name=name,
        project_id="P1",
        sprint_id="P1-S01",
        schedule="0 9 * * *",
        timezone="Europe/Berlin",
        ends_on=date(2025, 4, 2),
    )


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
    assert await replica.claims.claim(job, NINE)
    assert await replica.poll(NINE) == 0
    async with pool.connection() as connection:
        await connection.execute("UPDATE cronjobs SET claimed_until = now() - interval '1 s'")
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


async def test_result_of_the_last_firing_is_stored(replica: Replica) -> None:
    replica.failure = Conflict("the sprint is closed")
    await replica.poll(NINE)
    assert await replica.result() == "Failed: the sprint is closed"
    replica.failure = None
    await replica.poll(NINE + timedelta(days=1))
    assert await replica.result() == "Held."


async def test_nothing_fires_for_a_time_before_the_creation_or_the_change(
    replica: Replica,
) -> None:
    replica.now = NINE + timedelta(minutes=20)
    await replica.cronjobs.create(daily_at_nine("run-dailyscrum-p1-s02"))
    assert await replica.poll(replica.now) == 1  # of the first job, which was there at nine
    assert await replica.cronjobs.change("P1", NAME, "15 9 * * *")
    assert await replica.poll(NINE + timedelta(minutes=25)) == 0
    assert await replica.poll(NINE + timedelta(days=1)) == 1  # of the second
    assert await replica.poll(NINE + timedelta(days=1, minutes=15)) == 1  # of the changed one


async def test_paused_job_does_not_fire_and_does_not_catch_up(replica: Replica) -> None:
    replica.now = NINE - timedelta(minutes=20)
    assert await replica.cronjobs.suspend("P1", NAME, "maria")
    assert await replica.poll(NINE) == 0
    replica.now = NINE + timedelta(minutes=5)
    assert await replica.cronjobs.resume("P1", NAME)
    assert await replica.poll(NINE + timedelta(minutes=30)) == 0
    assert await replica.poll(NINE + timedelta(days=1, minutes=5)) == 1
    assert replica.fired == [NINE + timedelta(days=1)]


async def test_job_of_a_held_project_lets_its_time_pass(replica: Replica) -> None:
    replica.rests = True
    assert await replica.poll(NINE) == 0
    assert await replica.result() == "Nothing was done: the project is held."
    replica.rests = False
    assert await replica.poll(NINE + timedelta(minutes=5)) == 0
    [job] = await replica.cronjobs.list_all()
    assert job.last_due_at is None
    assert await replica.poll(NINE + timedelta(days=1)) == 1


async def test_unfinished_run_postpones_a_firing(replica: Replica) -> None:
    replica.failure = RunInProgress("run 1 of P1 is not finished; try again when it is")
    assert await replica.poll(NINE) == 0
    assert await replica.result() == (
        "Postponed and tried again: run 1 of P1 is not finished; try again when it is"
    )
    replica.failure = None
    assert await replica.poll(NINE + timedelta(seconds=5)) == 1


async def test_broken_row_does_not_stop_the_others(pool: Pool, replica: Replica) -> None:
    await replica.cronjobs.create(daily_at_nine("run-dailyscrum-p1-s00"))
    await replica.cronjobs.create(daily_at_nine("run-dailyscrum-p1-s02"))
    async with pool.connection() as connection:
        await connection.execute(
            "UPDATE cronjobs SET timezone = 'Nowhere/At_all' WHERE name LIKE '%s00'"
        )
    assert await replica.poll(NINE) == 2
    assert len(replica.fired) == 2


async def test_slow_project_does_not_delay_the_others(pool: Pool, replica: Replica) -> None:
    other_fired, release = asyncio.Event(), asyncio.Event()

    async def fire(job: CronJob, _due: datetime) -> Firing:
        if job.name == NAME:
            await release.wait()
        else:
            other_fired.set()
        return Firing("Held.")

    await replica.cronjobs.create(daily_at_nine("run-dailyscrum-p1-s02"))
    scheduler = Scheduler(
        replica.claims,
        replica.results,
        fire,
        kinds=("daily_scrum",),
        poll_seconds=1,
        clock=lambda: NINE,
    )
    polling = asyncio.create_task(scheduler.fire_due())
    await other_fired.wait()
    release.set()
    assert await polling == 2


async def test_job_of_an_earlier_release_keeps_its_dialect(pool: Pool, replica: Replica) -> None:
    async with pool.connection() as connection:
        await connection.execute("UPDATE cronjobs SET schedule = '0 9 * * 1-7'")
    assert await replica.poll(NINE) == 1
    with pytest.raises(Invalid, match="write 0"):
        await replica.cronjobs.change("P1", NAME, "0 9 * * 1-7")


async def test_replica_of_an_earlier_release_sees_daily_scrums_alone(
    pool: Pool, replica: Replica
) -> None:
    await replica.cronjobs.create(
        CronJob(
            name="run-orchestrate-p1",
            kind="orchestrate",
            project_id="P1",
            schedule="0 9 * * *",
            timezone="UTC",
        )
    )
    insert = (
        "INSERT INTO schedules (name, project_id, sprint_id, schedule, timezone, ends_on)"
        " VALUES (%s, 'P1', 'P1-S01', '0 8 * * *', 'UTC', '2025-04-02') ON CONFLICT (name)"
        " DO UPDATE SET schedule = excluded.schedule, ends_on = excluded.ends_on"
    )
    async with pool.connection() as connection:
        for name in (NAME, "run-dailyscrum-p1-s02"):
            await connection.execute(insert, [name])
        rows = await (await connection.execute("SELECT name FROM schedules")).fetchall()
    assert sorted(row[0] for row in rows) == [NAME, "run-dailyscrum-p1-s02"]
    assert len(await replica.cronjobs.list_all()) == 3
