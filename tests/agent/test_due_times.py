"""Due schedules in a real database: what a look reads, and who fires."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from agent.jobs.firing import Firing
from agent.jobs.firings import FiringInProgress, Firings
from agent.jobs.own_jobs import OWN_JOBS
from agent.jobs.schedule import Scheduler
from agent.jobs.skipped import SkippedTimes
from domain_services.kernel.errors import Invalid, NotFound, Unavailable
from memory.job_results import JobResults
from memory.pool import Pool, open_pool
from tools.cronjobs import CronJob

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Installation:
    """Table, claims, scheduler and firings with a clock of the test."""

    def __init__(self, pool: Pool, tries: int = 10) -> None:
        self.pool = pool
        self.now = NINE
        self.fired: list[tuple[str, datetime]] = []
        self.failure: Exception | None = None

        def clock() -> datetime:
            return self.now

        results = JobResults(pool)
        self.table, self.claims = CronJobTable(pool, clock), Claims(pool, clock, tries)
        kinds = ("daily_scrum", "orchestrate", "learn")
        values: dict[str, Any] = {"kinds": kinds, "poll_seconds": 1, "clock": clock}
        self.scheduler = Scheduler(self.claims, results, self.fire, **values)
        self.skipped = SkippedTimes(self.claims, results, self.fire, **values)
        self.firings = Firings(self.table, self.claims, results, self.fire, clock)

    async def fire(self, job: CronJob, due: datetime) -> Firing:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        self.fired.append((job.name, due))
        return Firing("Done.")

    async def look(self, now: datetime) -> int:
        self.now = now
        return await self.scheduler.fire_due()

    async def run(self, first: datetime, last: datetime, step: timedelta) -> None:
        while first <= last:
            await self.look(first)
            first += step

    async def query(self, statement: str, *values: Any) -> list[Any]:
        async with self.pool.connection() as connection:
            cursor = await connection.execute(statement, values)  # pyright: ignore[reportArgumentType]
            return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def installation(database_url: Callable[[str], str]) -> AsyncIterator[Installation]:
    async with open_pool(database_url("memory")) as pool:
        yield Installation(pool)


def job(name: str = "run-orchestrate-p1", schedule: str = "0 9 * * *", **values: Any) -> CronJob:
    defaults: dict[str, Any] = {"kind": "orchestrate", "project_id": "P1", "timezone": "UTC"}
    return CronJob(name=name, schedule=schedule, **defaults | values)


def scrum(**values: Any) -> CronJob:
    defaults: dict[str, Any] = {
        "kind": "daily_scrum",
        "sprint_id": "P1-S01",
        "ends_on": date(2026, 12, 31),
    }
    return job("run-dailyscrum-p1-s01", **defaults | values)


async def rows_read(installation: Installation, count: int) -> int:
    """Count the rows that a look touches in a table of so many schedules, of which one is due."""
    await installation.query("DELETE FROM cronjobs")
    await installation.query(
        "INSERT INTO cronjobs (name, kind, project_id, schedule, timezone, starts_at, next_due_at)"
        " SELECT 'run-' || n, 'orchestrate', 'P' || n, '0 9 * * *', 'UTC', %s,"
        "        %s::timestamptz + CASE n WHEN 1 THEN interval '0' ELSE interval '1 day' END"
        " FROM generate_series(1, %s) AS n",
        NINE - timedelta(days=1),
        NINE,
        count,
    )
    await installation.query("ANALYZE cronjobs")
    before = await statistics(installation)
    assert await installation.look(NINE) == 1
    return await statistics(installation) - before


async def statistics(installation: Installation) -> int:
    # A session reports its counts late unless it is asked: both of the pool are.
    async with installation.pool.connection() as one, installation.pool.connection() as other:
        for connection in (one, other):
            await connection.execute("SELECT pg_stat_force_next_flush()")
    [[read]] = await installation.query(
        "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'cronjobs'"
    )
    return int(read or 0)


async def test_look_at_ten_thousand_schedules_reads_no_more_rows_than_at_ten(
    database_url: Callable[[str], str],
) -> None:
    async with open_pool(database_url("memory"), most=2) as pool:
        installation = Installation(pool)
        few = await rows_read(installation, 10)
        many = await rows_read(installation, 10_000)
    assert few >= 1
    assert many <= few + 10


async def test_next_due_time_follows_creation_change_resumption_and_firing(
    installation: Installation,
) -> None:
    table = installation.table
    stored = await table.create(job())
    assert stored.next_due_at == NINE
    assert await installation.look(NINE) == 1
    stored_job = await table.find(stored.name)
    assert stored_job is not None
    assert (stored_job.next_due_at, stored_job.last_due_at) == (NINE + timedelta(days=1), NINE)
    await table.change("P1", stored.name, "30 9 * * *")
    stored_job = await table.find(stored.name)
    assert stored_job is not None
    assert stored_job.next_due_at == NINE + timedelta(minutes=30)


async def test_schedule_that_never_comes_again_has_no_next_due_time(
    installation: Installation,
) -> None:
    stored = await installation.table.create(scrum(ends_on=NINE.date()))
    assert stored.next_due_at == NINE
    await installation.look(NINE)
    stored_job = await installation.table.find(stored.name)
    assert stored_job is not None
    assert stored_job.next_due_at is None


async def test_nothing_is_due_before_the_first_day_of_the_sprint(
    installation: Installation,
) -> None:
    zone = ZoneInfo("Pacific/Kiritimati")
    first = date(2026, 3, 9)
    stored = await installation.table.create(
        scrum(starts_on=first, schedule="0 0 * * *", timezone=zone.key)
    )
    assert stored.next_due_at == datetime(2026, 3, 9, tzinfo=zone)
    await installation.run(NINE, NINE + timedelta(days=5), timedelta(hours=6))
    assert installation.fired == []


async def test_hundreds_resumed_at_once_begin_at_different_seconds(
    installation: Installation,
) -> None:
    names = [f"run-orchestrate-p{number}" for number in range(200)]
    for name in names:
        await installation.table.create(job(name, "*/15 * * * *"))
        await installation.table.suspend("P1", name, "maria")
    installation.now = NINE + timedelta(hours=1, minutes=1)
    for name in names:
        await installation.table.resume("P1", name)
    due = NINE + timedelta(hours=1, minutes=15)
    assert await installation.look(due - timedelta(seconds=1)) == 0
    moments = [stored_job.next_due_at for stored_job in await installation.table.list_all()]
    assert min(moment for moment in moments if moment) >= due
    assert max(moment for moment in moments if moment) < due + timedelta(minutes=5)
    assert len(set(moments)) > 100
    assert await installation.look(due + timedelta(minutes=5)) == 200
    assert {moment for _, moment in installation.fired} == {due}


async def test_two_schedulers_at_once_fire_each_of_many_times_once(
    installation: Installation,
) -> None:
    for number in range(40):
        await installation.table.create(job(f"run-orchestrate-p{number}"))
    other = Installation(installation.pool)
    counts = await asyncio.gather(installation.look(NINE), other.look(NINE))
    assert sum(counts) == 40
    assert len(set(installation.fired) | set(other.fired)) == 40
    assert len(installation.fired) + len(other.fired) == 40


async def test_broken_schedule_of_an_earlier_page_does_not_stop_a_later_one(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.claims.Claims.due.__defaults__", (None, 1))
    await installation.table.create(job("run-a"))
    await installation.table.create(job("run-b"))
    await installation.query("UPDATE cronjobs SET timezone = 'Nowhere' WHERE name = 'run-a'")
    await installation.look(NINE)
    assert [name for name, _ in installation.fired] == ["run-b"]


async def reasons(installation: Installation) -> dict[str, tuple[int, str | None, bool]]:
    """Return tries, reason and whether it is looked at again, by the name of the schedule."""
    query = "SELECT name, tries, applied_reason, next_due_at IS NOT NULL FROM cronjobs"
    return {row[0]: row[1:] for row in await installation.query(query)}


@pytest.mark.parametrize(
    ("column", "value", "part"),
    [
        ("timezone", "Nowhere", "No time zone found"),
        ("kind", "an_unknown_kind", "Input should be"),
    ],
)
async def test_schedule_that_cannot_be_read_is_set_aside_with_its_reason(
    database_url: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    column: str,
    value: str,
    part: str,
) -> None:
    # A page of nothing that can be read is not the last one.
    monkeypatch.setattr("agent.jobs.claims.Claims.due.__defaults__", (None, 1))
    async with open_pool(database_url("memory")) as pool:
        installation = Installation(pool, tries=2)
        installation.scheduler._kinds = (*installation.scheduler._kinds, "an_unknown_kind")  # pyright: ignore
        for name in ("run-a", "run-b"):
            await installation.table.create(job(name))
        for constraint in ("cronjobs_kind_check", "cronjobs_owner_check"):  # of another release
            await installation.query(f"ALTER TABLE cronjobs DROP CONSTRAINT IF EXISTS {constraint}")
        await installation.query(f"UPDATE cronjobs SET {column} = %s WHERE name = 'run-a'", value)
        assert await installation.look(NINE) == 1
        tries, reason, is_again = (await reasons(installation))["run-a"]
        assert (tries, is_again) == (1, True)
        assert reason is not None and part in reason
        [sentence] = await installation.table.refused()
        assert sentence.startswith("the schedule run-a is refused: it cannot be read")
        await installation.query("UPDATE cronjobs SET next_due_at = %s WHERE tries > 0", NINE)
        assert await installation.look(NINE) == 0
        tries, _, is_again = (await reasons(installation))["run-a"]
        assert (tries, is_again) == (2, False)
        await installation.query("UPDATE cronjobs SET timezone = 'UTC', kind = 'orchestrate'")
        await installation.table.change("P1", "run-a", "0 9 * * *", "Europe/Berlin")
        assert (await reasons(installation))["run-a"] == (0, None, True)


async def test_job_that_raises_is_tried_ever_later_and_then_given_up(
    database_url: Callable[[str], str],
) -> None:
    async with open_pool(database_url("memory")) as pool:
        installation = Installation(pool, tries=2)
        await installation.table.create(job())
        installation.failure = LookupError("nobody listed this")
        assert await installation.look(NINE) == 0
        [(result,)] = await installation.query("SELECT result FROM job_results")
        assert result == "Failed and tried again: LookupError: nobody listed this"
        assert await installation.look(NINE) == 0  # claimed until its pause ends
        assert (await reasons(installation))["run-orchestrate-p1"][0] == 1
        await installation.query("UPDATE cronjobs SET claimed_until = NULL")
        await installation.look(NINE)
        [(result,)] = await installation.query("SELECT result FROM job_results")
        assert result == "Given up: LookupError: nobody listed this"
        installation.failure = None
        assert await installation.look(NINE) == 0  # this time is over
        assert await installation.look(NINE + timedelta(days=1)) == 1


# Days of 2026 on which the clock is set forward and back, with a time in the gap or the overlap.
CHANGES = [
    ("Europe/Berlin", "30 2 * * *", date(2026, 3, 29)),
    ("Europe/Berlin", "30 2 * * *", date(2026, 10, 25)),
    ("Europe/Berlin", "*/30 2 * * *", date(2026, 3, 29)),
    ("Australia/Lord_Howe", "15 2 * * *", date(2026, 10, 4)),
    ("Australia/Lord_Howe", "45 1 * * *", date(2026, 4, 5)),
    ("America/Nuuk", "30 23 * * *", date(2026, 3, 28)),
]


@pytest.mark.parametrize(("timezone", "schedule", "day"), CHANGES)
async def test_scrum_is_held_on_each_local_day_across_a_change_of_the_clock(
    installation: Installation, timezone: str, schedule: str, day: date
) -> None:
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(day, datetime.min.time(), tzinfo=zone).astimezone(UTC)
    installation.now = midnight - timedelta(days=1)
    await installation.table.create(scrum(timezone=timezone, schedule=schedule))
    await installation.run(installation.now, midnight + timedelta(days=2), timedelta(minutes=15))
    days = {due.astimezone(zone).date() for _, due in installation.fired}
    assert days >= {day + timedelta(days=offset) for offset in (-1, 0, 1)}
    if "/" not in schedule:
        assert len(installation.fired) == 3


@pytest.mark.parametrize(
    ("timezone", "day", "fired"),
    [("Europe/Berlin", date(2026, 3, 29), 1), ("Europe/Berlin", date(2026, 3, 31), 0)],
)
async def test_time_that_a_cluster_skips_is_fired_here_and_no_other(
    installation: Installation, timezone: str, day: date, fired: int
) -> None:
    noon = datetime.combine(day, datetime.min.time(), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    installation.now = noon
    await installation.table.create(scrum(timezone=timezone, schedule="30 2 * * *"))
    installation.now = noon + timedelta(hours=2, minutes=10)
    assert await installation.skipped.fire_due() == fired
    stored_job = await installation.table.find("run-dailyscrum-p1-s01")
    assert stored_job is not None
    assert stored_job.next_due_at is not None


async def test_firing_that_a_cluster_repeats_in_the_repeated_hour_says_that_it_was_done(
    installation: Installation,
) -> None:
    installation.now = datetime(2026, 10, 24, tzinfo=UTC)
    await installation.table.create(job(schedule="30 2 * * *", timezone="Europe/Berlin"))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    installation.now = first + timedelta(hours=1)
    assert (await installation.firings.fire("run-orchestrate-p1", first)).fired
    again = await installation.firings.fire("run-orchestrate-p1", first + timedelta(hours=1))
    assert (again.fired, "done already" in again.result) == (False, True)
    assert len(installation.fired) == 1


async def test_firing_is_done_once_for_a_due_time(installation: Installation) -> None:
    await installation.table.create(job())
    installation.failure = Unavailable("the project service is away")
    with pytest.raises(Unavailable):
        await installation.firings.fire("run-orchestrate-p1", NINE)
    installation.failure = None
    assert (await installation.firings.fire("run-orchestrate-p1", NINE)).result == "Done."
    again = await installation.firings.fire("run-orchestrate-p1", NINE)
    assert (again.fired, "done already" in again.result) == (False, True)
    assert await installation.look(NINE) == 0


async def test_firing_of_a_claimed_paused_unknown_or_coming_time_is_refused(
    installation: Installation,
) -> None:
    stored = await installation.table.create(job())
    fire = installation.firings.fire
    assert await installation.claims.claim(stored, NINE)
    with pytest.raises(FiringInProgress):
        await fire(stored.name, NINE)
    await installation.claims.release(stored)
    with pytest.raises(Invalid, match="is to come"):
        await fire(stored.name, NINE + timedelta(hours=1))
    with pytest.raises(NotFound, match="dsm schedule list"):
        await fire("other", NINE)
    before = await fire(stored.name, NINE - timedelta(days=1))
    assert (before.fired, "before it was created" in before.result) == (False, True)
    await installation.table.suspend("P1", stored.name, "maria")
    paused = await fire(stored.name, NINE)
    assert (paused.fired, "paused by maria" in paused.result) == (False, True)
    assert installation.fired == []


async def test_own_job_is_caught_up_in_the_morning_after_a_night_without_power(
    installation: Installation,
) -> None:
    await installation.table.ensure(OWN_JOBS)
    assert await installation.look(NINE + timedelta(days=1)) == 1
    assert installation.fired == [("run-learn", NINE.replace(hour=4) + timedelta(days=1))]
    await installation.table.change(None, "run-learn", "0 5 * * *")
    await installation.table.ensure(OWN_JOBS)
    stored_job = await installation.table.find("run-learn")
    assert stored_job is not None
    assert stored_job.schedule == "0 5 * * *"


async def test_job_of_a_bad_time_zone_is_refused(installation: Installation) -> None:
    for timezone in ("Local", "localtime", "Mars/Base", "TZ=UTC"):
        with pytest.raises(Invalid, match="IANA"):
            await installation.table.create(job(timezone=timezone))
    assert await installation.table.list_all() == []


async def test_row_that_an_earlier_release_writes_or_changes_gets_its_next_due_time(
    installation: Installation,
) -> None:
    await installation.query(
        "INSERT INTO schedules (name, project_id, sprint_id, schedule, timezone, ends_on)"
        " VALUES ('run-dailyscrum-p1-s01', 'P1', 'P1-S01', '0 9 * * *', 'UTC', '2099-12-31')"
    )
    await installation.query("UPDATE cronjobs SET starts_at = %s", NINE - timedelta(days=1))
    assert await installation.look(NINE) == 1
    await installation.query("UPDATE cronjobs SET schedule = '15 9 * * *'")
    assert await installation.look(NINE + timedelta(minutes=15)) == 1
