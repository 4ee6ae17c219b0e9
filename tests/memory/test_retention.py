"""Retention of the agent's tables: what learning, the impact and the audits read stays true."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from agent.intelligence.impact import compare
from agent.settings import AgentSettings
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.retention import Retention, Rule
from memory import outcomes
from memory.decision import DecisionSource
from memory.decision_outcomes import EndedDecisions
from memory.outcomes import CancelledSprint
from memory.pool import Pool, open_pool
from memory.retention import RETENTION
from memory.runs import RunTable
from memory.statistics import count_decisions
from tests.memory.conftest import (
    SECONDS,
    Memory,
    adjust,
    decide,
    end_sprint,
    perceive,
    remember,
)

OLD = 100  # days: every setting of the agent is below
RUNS = """
    INSERT INTO runs (run_id, project_id, status, lease_seconds, lease_until, request, response,
                      started_at, ended_at)
    SELECT uuidv7(make_interval(days => -:days)), :project, :status, 1, now(), '{}',
           CASE WHEN :status = 'done' THEN CAST('{}' AS jsonb) END,
           now() - make_interval(days => :days),
           CASE WHEN :status IN ('running', 'decided') THEN NULL
                ELSE now() - make_interval(days => :days) END
    FROM generate_series(1, :count) RETURNING run_id
"""
CHECKPOINTS = """
    WITH run AS (SELECT run_id FROM runs),
    one AS (INSERT INTO checkpoints (thread_id, checkpoint_id, checkpoint)
            SELECT run_id::text, number::text, '{}' FROM run, generate_series(1, 3) AS number),
    two AS (INSERT INTO checkpoint_blobs (thread_id, channel, version, type)
            SELECT run_id::text, 'c', '1', 'null' FROM run)
    INSERT INTO checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, blob)
    SELECT run_id::text, '1', 't', 0, 'c', '' FROM run
"""


@pytest.fixture
async def database(pool: Pool) -> AsyncIterator[Database]:
    connected = Database(pool.conninfo, pool_size=2)
    yield connected
    await connected.close()


@pytest.fixture
async def pool(database_url: Callable[[str], str]) -> AsyncIterator[Pool]:
    async with open_pool(database_url("memory")) as connections:
        yield connections


def cleaning(database: Database, **values: Any) -> Retention:
    rules = [
        replace(rule, batch=values.pop("batch", rule.batch))
        for rule in RETENTION
        if isinstance(rule, Rule)
    ]
    settings = AgentSettings(port=1, database_url=SecretStr(database.url), **values)
    return Retention(database, rules, settings)


async def add_runs(
    database: Database, days: int, status: str = "done", project: str = "ALPHA", count: int = 1
) -> list[UUID]:
    values = {"days": days, "status": status, "project": project, "count": count}
    async with database.transaction() as connection:
        return list(await connection.scalars(text(RUNS), values))


async def ids(database: Database) -> set[UUID]:
    async with database.reading() as connection:
        return set(await connection.scalars(text("SELECT run_id FROM runs")))


async def count(database: Database, table: str) -> int:
    async with database.reading() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


async def test_old_runs_go_and_young_unfinished_and_newest_ones_stay(
    database: Database, pool: Pool
) -> None:
    old = [
        *await add_runs(database, OLD, count=4),
        *await add_runs(database, OLD, "failed"),
        *await add_runs(database, OLD, "abandoned"),
    ]
    staying = [
        *await add_runs(database, OLD, "decided"),
        *await add_runs(database, 1),
        *await add_runs(database, 5000, project="ASLEEP"),
    ]
    runs = RunTable(pool, start_seconds=SECONDS)
    newest = await runs.last("ASLEEP")
    assert await cleaning(database).delete_ended() == {"runs": 6}
    assert await ids(database) == set(staying)
    assert await runs.last("ASLEEP") == newest
    assert not await ids(database) & set(old)


async def test_runs_go_batch_by_batch_past_those_that_stay(database: Database) -> None:
    for number in range(30):
        await add_runs(database, 5000 + number, project=f"ASLEEP-{number}")
    await add_runs(database, OLD, count=45)
    await add_runs(database, 1)
    assert await cleaning(database, batch=10).delete_ended() == {"runs": 45}


async def test_zero_days_keep_runs_for_good(database: Database) -> None:
    await add_runs(database, 5000, count=3)
    assert await cleaning(database, keep_runs_days=0).delete_ended() == {}


async def test_checkpoints_of_ended_runs_go_and_those_of_others_stay(database: Database) -> None:
    [ended] = await add_runs(database, 8)
    staying = [
        *await add_runs(database, 8, "decided", "STUCK"),
        *await add_runs(database, 6),
    ]
    async with database.transaction() as connection:
        await connection.execute(text(CHECKPOINTS))
        # A run that is deleted already must not leave its checkpoints.
        await connection.execute(text("DELETE FROM runs WHERE run_id = :id"), {"id": ended})
    assert await cleaning(database).delete_ended() == {"checkpoints": 3}
    for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
        async with database.reading() as connection:
            threads = set(await connection.scalars(text(f"SELECT thread_id FROM {table}")))
        assert threads == {str(run_id) for run_id in staying}


async def test_checkpoints_of_thousands_of_runs_go_in_one_round(database: Database) -> None:
    await add_runs(database, 8, count=5000)
    async with database.transaction() as connection:
        await connection.execute(text(CHECKPOINTS))
    assert await cleaning(database).delete_ended() == {"checkpoints": 15_000}
    assert await count(database, "checkpoint_writes") == 0


async def test_locked_checkpoint_does_not_stop_the_others(database: Database) -> None:
    [locked, *_] = await add_runs(database, 8, count=20)
    async with database.transaction() as connection:
        await connection.execute(text(CHECKPOINTS))
    async with database.transaction() as holder:
        lock = text("SELECT 1 FROM checkpoints WHERE thread_id = :id FOR UPDATE")
        await holder.execute(lock, {"id": str(locked)})
        assert await cleaning(database, batch=10).delete_ended() == {"checkpoints": 57}


async def add_episodes(memory: Memory) -> None:
    """Add ended, running and cancelled decisions, dry runs and shadow decisions of long ago."""
    start = datetime.now(UTC) - timedelta(OLD)
    sources: list[DecisionSource] = ["rule_based_only", "intelligence_enhanced"]
    for number in range(40):
        perception = perceive(day=start.date() + timedelta(number % 7))
        kind = number % 5
        episode = remember(
            perception,
            number,
            decided_at=start + timedelta(minutes=number),
            outcome=None,
            sprint_id=None if kind in {3, 4} else f"ALPHA-S{number:02d}",
            dry_run=kind == 3,
            shadow=kind == 4,
            decision=decide(source=sources[number % 2], adjustments=(adjust(),)),
        )
        await memory.store.add([episode])
        if kind in {0, 1}:
            await end_sprint(memory, episode, completed_tasks=4 + number % 4)
        if kind == 2 and number % 2:
            async with memory.pool.connection() as connection, connection.transaction():
                sprint = CancelledSprint(episode.sprint_id or "", "ALPHA", None, start)
                await outcomes.cancel(connection, sprint)


async def test_impact_learning_and_recall_are_the_same_after_the_deletion(
    memory: Memory, database: Database
) -> None:
    await add_episodes(memory)

    async def readings() -> list[object]:
        ended = await EndedDecisions(memory.pool).read()
        counts = await count_decisions(memory.pool, "ALPHA")
        later = perceive("BETA", day=datetime.now(UTC).date())
        recalled = await memory.recaller.recall(later, deadline_seconds=SECONDS)
        order = sorted(counts, key=repr)
        return [ended, order, compare("ALPHA", ended, order), recalled.neighbours]

    before = await readings()
    cleaner = cleaning(database)
    # 8 dry runs, 8 shadow decisions, 4 cancelled; 16 ended ones and 4 running ones stay.
    assert await cleaner.delete_ended() == {"episodes": 20}
    assert await count(database, "episodes") == 20
    assert await readings() == before
    assert await cleaner.delete_ended() == Counter()


async def test_young_decisions_stay(memory: Memory, database: Database) -> None:
    await add_episodes(memory)
    assert await cleaning(database, keep_episodes_days=OLD + 30).delete_ended() == {}
    assert await cleaning(database, keep_episodes_days=0).delete_ended() == {}


async def test_cached_embeddings_go_after_a_month(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO embedding_cache (text_sha256, model, embedding, created_at)"
                " SELECT sha256(n::text::bytea), 'm', array_fill(0, ARRAY[1024])::halfvec(1024),"
                " now() - make_interval(days => n) FROM generate_series(28, 33) AS n"
            )
        )
    assert await cleaning(database).delete_ended() == {"embedding_cache": 4}


RULES = [rule for rule in RETENTION if isinstance(rule, Rule)]


@pytest.mark.parametrize("table", ["runs", "episodes", "checkpoints"])
async def test_batch_does_not_read_the_table(
    memory: Memory, database: Database, table: str
) -> None:
    await add_runs(database, 1, count=20_000)
    if table == "episodes":
        await add_episodes(memory)
        async with database.transaction() as connection:
            await connection.execute(text(COPIES))
    async with database.transaction() as connection:
        await connection.execute(text(CHECKPOINTS if table == "checkpoints" else "SELECT 1"))
    async with database.engine.execution_options(
        isolation_level="AUTOCOMMIT"
    ).connect() as connection:
        await connection.execute(text("ANALYZE"))
    [rule] = [rule for rule in RULES if rule.table == table]
    async with database.transaction() as connection:
        plan = await connection.scalars(
            text(f"EXPLAIN ANALYZE {rule.statement}"), {"days": 90, "batch": rule.batch}
        )
        lines = "\n".join(plan)
    assert f"Seq Scan on {table}" not in lines, lines


# Young decisions without an outcome, as many as a busy installation makes.
COPIES = """
    INSERT INTO episodes (episode_id, project_id, origin, decided_at, agent_version,
        decision_source, day, perception, reasoning, action, quality, recallable, features)
    SELECT uuidv7(), project_id, origin, now(), agent_version, decision_source, day, perception,
           reasoning, action, quality, false, features
    FROM (SELECT * FROM episodes LIMIT 1) AS one, generate_series(1, 20000)
"""
