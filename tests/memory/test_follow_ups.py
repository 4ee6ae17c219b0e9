"""A run that closed a sprint leaves a follow-up, which is due once the outcome has arrived."""

from datetime import UTC, datetime
from uuid import UUID

from memory import outcomes
from memory.follow_ups import FollowUps
from memory.outcomes import ClosedSprint
from tests.memory.conftest import Memory, decide, perceive, remember

ORCHESTRATION = """
    INSERT INTO cronjobs (name, kind, project_id, schedule, timezone)
    VALUES ('run-orchestrate-alpha', 'orchestrate', 'ALPHA', '0 8 * * *', 'UTC')
"""


async def close_sprint(memory: Memory, sprint_id: str | None = "ALPHA-S01") -> UUID:
    """Finish a run that closed a sprint."""
    run = await memory.runs.start("ALPHA", {}, 60)
    episode = remember(perceive(), episode_id=run.run_id, outcome=None)
    await memory.runs.finish(run.run_id, run.token, decide(), episode, closed_sprint=sprint_id)
    return run.run_id


async def execute(memory: Memory, statement: str) -> None:
    async with memory.pool.connection() as connection:
        await connection.execute(statement)  # type: ignore[arg-type]


async def store_outcome(memory: Memory, sprint_id: str) -> None:
    sprint = ClosedSprint(sprint_id, "ALPHA", 5, 8, 0.625, 3, 14, datetime.now(UTC))
    async with memory.pool.connection() as connection, connection.transaction():
        await outcomes.store(connection, sprint)


async def test_follow_up_waits_for_the_outcome(memory: Memory) -> None:
    await execute(memory, ORCHESTRATION)
    follow_ups = FollowUps(memory.pool, quiet_seconds=0)
    run_id = await close_sprint(memory)
    assert await follow_ups.claim_due() == []
    await store_outcome(memory, "ALPHA-S01")
    [follow_up] = await follow_ups.claim_due()
    assert (follow_up.project_id, follow_up.run_id) == ("ALPHA", run_id)
    assert follow_up.sprint_id == "ALPHA-S01"


async def test_follow_up_waits_for_released_tasks_a_moment(memory: Memory) -> None:
    await execute(memory, ORCHESTRATION)
    await store_outcome(memory, "ALPHA-S01")
    await close_sprint(memory)
    follow_ups = FollowUps(memory.pool)
    assert await follow_ups.claim_due() == []
    await execute(memory, "UPDATE follow_up_runs SET created_at = now() - interval '6 s'")
    assert len(await follow_ups.claim_due()) == 1


async def test_follow_up_without_an_outcome_is_due_after_ten_minutes(memory: Memory) -> None:
    await execute(memory, ORCHESTRATION)
    await close_sprint(memory)
    follow_ups = FollowUps(memory.pool)
    await execute(memory, "UPDATE follow_up_runs SET due_at = due_at - interval '599 s'")
    assert await follow_ups.claim_due() == []
    await execute(memory, "UPDATE follow_up_runs SET due_at = due_at - interval '1 s'")
    assert len(await follow_ups.claim_due()) == 1


async def test_claimed_follow_up_passes_on_when_its_process_dies(memory: Memory) -> None:
    await execute(memory, ORCHESTRATION)
    await store_outcome(memory, "ALPHA-S01")
    await close_sprint(memory)
    one, other = (FollowUps(memory.pool, quiet_seconds=0) for _ in range(2))
    [follow_up] = await one.claim_due()
    assert await other.claim_due() == []
    await execute(memory, "UPDATE follow_up_runs SET claimed_until = now() - interval '1 s'")
    assert await other.claim_due() == [follow_up]
    await other.finish(follow_up)
    await execute(memory, "UPDATE follow_up_runs SET claimed_until = NULL")
    assert await one.claim_due() == []


async def test_postponed_follow_up_is_due_again_after_a_pause(memory: Memory) -> None:
    await execute(memory, ORCHESTRATION)
    await store_outcome(memory, "ALPHA-S01")
    await close_sprint(memory)
    follow_ups = FollowUps(memory.pool, quiet_seconds=0)
    [follow_up] = await follow_ups.claim_due()
    await follow_ups.postpone(follow_up)
    assert await follow_ups.claim_due() == []
    await execute(
        memory, "UPDATE follow_up_runs SET claimed_until = claimed_until - interval '10 s'"
    )
    assert await follow_ups.claim_due() == [follow_up]


async def test_follow_up_of_a_newer_run_stays_when_an_older_one_is_finished(
    memory: Memory,
) -> None:
    await execute(memory, ORCHESTRATION)
    await store_outcome(memory, "ALPHA-S01")
    await store_outcome(memory, "ALPHA-S02")
    follow_ups = FollowUps(memory.pool, quiet_seconds=0)
    await close_sprint(memory)
    [older] = await follow_ups.claim_due()
    newer_run = await close_sprint(memory, "ALPHA-S02")
    await follow_ups.finish(older)
    [newer] = await follow_ups.claim_due()
    assert (newer.run_id, newer.sprint_id) == (newer_run, "ALPHA-S02")


async def test_project_without_a_running_schedule_gets_no_follow_up(memory: Memory) -> None:
    follow_ups = FollowUps(memory.pool, quiet_seconds=0)
    await store_outcome(memory, "ALPHA-S01")
    await close_sprint(memory)
    await execute(memory, ORCHESTRATION)
    await execute(memory, "UPDATE cronjobs SET suspended_at = now()")
    await close_sprint(memory)
    await execute(memory, "UPDATE cronjobs SET suspended_at = NULL")
    await close_sprint(memory, None)
    assert await follow_ups.claim_due() == []
