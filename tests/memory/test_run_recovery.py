"""Leases are renewed, failed tries are counted, and a start that was hung up on leaves no run."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from memory.run import LeaseLost, RequestKey, Run, RunError
from memory.run_list import RunFilter, read_page
from memory.run_recovery import FIRST_PAUSE_SECONDS, RunRecovery
from memory.runs import RunTable
from tests.memory.conftest import Memory, decide

LEASE = 60.0
# Before the row is stored, and not before the statement begins: the server then goes on alone.
WAIT_AT_INSERT = (
    "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " PERFORM pg_advisory_xact_lock(7); RETURN new; END $$",
    "CREATE TRIGGER wait BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION wait()",
)
ERROR = RunError(kind="KeyError", detail="'timezone'")


async def decided(memory: Memory, project_id: str = "ALPHA", lease: float = LEASE) -> Run:
    run = await memory.runs.start(project_id, {}, lease)
    await memory.runs.decided(run.run_id, run.token, decide())
    return run


async def stored(memory: Memory, run: Run) -> Run:
    row = await memory.runs.get(run.run_id)
    assert row is not None
    return row


async def now(memory: Memory) -> object:
    async with memory.pool.connection() as connection:
        row = await (await connection.execute("SELECT now()")).fetchone()
    return row and row[0]


async def test_each_failed_try_doubles_the_pause(memory: Memory) -> None:
    run = await decided(memory)
    pauses: list[timedelta] = []
    for tries in range(1, 5):
        before = await now(memory)
        assert await memory.recovery.count_failure(run, ERROR) == tries
        pauses.append((await stored(memory, run)).lease_until - before)  # pyright: ignore[reportOperatorIssue]
    seconds = [round(pause.total_seconds() / FIRST_PAUSE_SECONDS) for pause in pauses]
    assert seconds == [1, 2, 4, 8]
    assert (await stored(memory, run)).error == ERROR


async def test_outage_is_no_failed_try(memory: Memory) -> None:
    run = await decided(memory)
    await memory.recovery.postpone(run, ERROR, 0)
    assert ((await stored(memory, run)).tries, (await stored(memory, run)).error) == (0, ERROR)
    (claimed,) = await memory.recovery.due()
    assert claimed.run_id == run.run_id


async def test_former_holder_renews_and_counts_nothing(memory: Memory) -> None:
    run = await decided(memory, lease=0.001)
    assert await memory.recovery.renew(run)
    await asyncio.sleep(0.01)
    (claimed,) = await memory.recovery.due()
    assert not await memory.recovery.renew(run)
    with pytest.raises(LeaseLost):
        await memory.recovery.count_failure(run, ERROR)
    await memory.recovery.postpone(run, ERROR, 1000)
    assert (await stored(memory, run)).lease_until == claimed.lease_until


@pytest.mark.parametrize("key", [None, RequestKey("admin", "k-1", "")])
@pytest.mark.parametrize("found_by", ["next start", "recovery"])
async def test_start_that_was_hung_up_on_leaves_no_run(
    memory: Memory, key: RequestKey | None, found_by: str
) -> None:
    runs = RunTable(memory.pool, start_seconds=0.1)
    async with memory.pool.connection() as connection, connection.transaction():
        for statement in WAIT_AT_INSERT:
            await connection.execute(statement)
    async with memory.pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(7)")
        with pytest.raises(psycopg.OperationalError):
            await runs.start("ALPHA", {}, LEASE, key=key)
    # The server goes on where the caller has left.
    async with asyncio.timeout(20):
        while not (rows := await read_page(memory.pool, limit=2)):
            await asyncio.sleep(0.01)
    assert [run.status for run in rows] == ["running"]
    if found_by == "recovery":
        await RunRecovery(memory.pool, runs.hung_up).due()
        runs = memory.runs
    run = await runs.start("ALPHA", {}, LEASE, key=key)
    assert run.run_id != rows[0].run_id
    assert [run.status for run in await read_page(memory.pool, limit=2)] == ["running", "abandoned"]


async def test_run_that_gave_up_is_reported_until_a_later_one_is_done(memory: Memory) -> None:
    run = await decided(memory)
    await memory.runs.fail(run.run_id, run.token, ERROR)
    undecided = await memory.runs.start("BETA", {}, LEASE)
    await memory.runs.fail(undecided.run_id, undecided.token, ERROR)
    assert await memory.recovery.given_up(5) == [(run.run_id, "ALPHA", "'timezone'")]
    async with memory.pool.connection() as connection:
        await connection.execute(
            "INSERT INTO runs (project_id, status, lease_seconds, lease_until, request, ended_at)"
            " VALUES ('ALPHA', 'done', 1, now(), '{}', now())"
        )
    assert await memory.recovery.given_up(5) == []


async def test_pages_of_runs_follow_each_other(memory: Memory) -> None:
    for number in range(5):
        run = await decided(memory, f"P{number % 2}")
        await memory.runs.fail(run.run_id, run.token, ERROR)
    first = await read_page(memory.pool, limit=3)
    rest = await read_page(memory.pool, limit=3, before=first[-1].run_id)
    starts = [run.started_at for run in (*first, *rest)]
    assert starts == sorted(starts, reverse=True)
    assert (len(first), len(rest)) == (3, 2)
    assert len(await read_page(memory.pool, RunFilter("P1"), limit=9)) == 2
    assert await read_page(memory.pool, RunFilter(statuses=["done"]), limit=9) == []
    assert {run.reason for run in first} == {"'timezone'"}
