"""Retention deletes what has ended, in small batches that nothing stops, and keeps the rest."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace

import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import text
from structlog.testing import capture_logs

from domain_services.kernel.background import ItemsFailed
from domain_services.kernel.database import retention, session
from domain_services.kernel.database.database import Database
from domain_services.kernel.database.kernel_tables import (
    DEAD_LETTERS,
    DELIVERIES,
    INBOX,
    KEYS,
    OUTBOX,
)
from domain_services.kernel.database.retention import Retention, Rule
from domain_services.kernel.database.sizes import table_sizes
from domain_services.kernel.settings import KernelSettings
from domain_services.sprint.retention import RETENTION
from tests.kernel.conftest import BoxService

RULES = (*KEYS, OUTBOX, INBOX, DELIVERIES, DEAD_LETTERS)
# Rows of each table that ended :days ago; without them the row is open.
ROWS: Mapping[str, str] = {
    "idempotency_keys": """
        INSERT INTO idempotency_keys (route, key, request_hash, claimed_at)
        SELECT 'POST /x', gen_random_uuid()::text, 'h', now() - make_interval(days => :days)
        FROM generate_series(1, :count)
    """,
    "keyed_requests": """
        INSERT INTO keyed_requests (caller, route, key, request_hash, claimed_at)
        SELECT 'c', 'POST /x', gen_random_uuid()::text, 'h', now() - make_interval(days => :days)
        FROM generate_series(1, :count)
    """,
    "outbox": """
        INSERT INTO outbox (event_id, stream, payload, awaiting, created_at, closed_at)
        SELECT gen_random_uuid(), 's', '{}', '{}', now() - make_interval(days => :days),
               now() - make_interval(days => :days) FROM generate_series(1, :count)
    """,
    "inbox": """
        INSERT INTO inbox (consumer_group, event_id, processed_at)
        SELECT 'g', gen_random_uuid(), now() - make_interval(days => :days)
        FROM generate_series(1, :count)
    """,
    "deliveries": """
        INSERT INTO deliveries (id, route, body, created_at, delivered_at)
        SELECT gen_random_uuid(), '/x', '{}', now() - make_interval(days => :days),
               now() - make_interval(days => :days) FROM generate_series(1, :count)
    """,
    "dead_letters": """
        INSERT INTO dead_letters (stream, consumer_group, entry_id, payload, error, tries,
            parked_at, resolution, resolved_at)
        SELECT 's', 'g', gen_random_uuid()::text, '', '', 1,
               now() - make_interval(days => :days), 'replayed',
               now() - make_interval(days => :days) FROM generate_series(1, :count)
    """,
}
STUCK: Mapping[str, str] = {
    "outbox": "UPDATE outbox SET closed_at = NULL, awaiting = '{gone}'",
    "deliveries": "UPDATE deliveries SET delivered_at = NULL",
    "dead_letters": "UPDATE dead_letters SET resolution = NULL, resolved_at = NULL",
}


def days_of(rule: Rule) -> int:
    return int(KernelSettings.model_fields[rule.setting].default)


@pytest.fixture
async def database(database_url: Callable[[str], str]) -> AsyncIterator[Database]:
    database = Database(database_url("domain_services.sprint"), pool_size=3)
    yield database
    await database.close()


def cleaning(database: Database, *tables: Rule, **values: int) -> Retention:
    settings = KernelSettings(port=1, database_url=SecretStr(database.url), **values)
    return Retention(database, tables or RETENTION, settings)


async def fill(database: Database, table: str, *, days: int, count: int) -> None:
    async with database.transaction() as connection:
        await connection.execute(text(ROWS[table]), {"days": days, "count": count})


async def rows(database: Database, table: str) -> int:
    async with database.reading() as connection:
        return await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.table)
async def test_rows_that_ended_long_ago_go_and_the_others_stay(
    database: Database, rule: Rule
) -> None:
    await fill(database, rule.table, days=days_of(rule) + 1, count=3)
    await fill(database, rule.table, days=days_of(rule) - 1, count=2)
    cleaner = cleaning(database)
    assert await cleaner.delete_ended() == {rule.table: 3}
    assert await rows(database, rule.table) == 2
    assert await cleaner.delete_ended() == {}


@pytest.mark.parametrize("rule", [DELIVERIES, DEAD_LETTERS], ids=lambda rule: rule.table)
async def test_zero_days_keep_rows_for_good(database: Database, rule: Rule) -> None:
    await fill(database, rule.table, days=5000, count=3)
    assert await cleaning(database, **{rule.setting: 0}).delete_ended() == {}


@pytest.mark.parametrize("rule", [OUTBOX, DELIVERIES, DEAD_LETTERS], ids=lambda rule: rule.table)
async def test_open_rows_stay_and_do_not_stop_the_others(
    database: Database, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, rule.table, days=1000, count=30)
    async with database.transaction() as connection:
        await connection.execute(text(STUCK[rule.table]))
    await fill(database, rule.table, days=900, count=30)
    small = replace(rule, batch=10)
    assert await cleaning(database, small).delete_ended() == {rule.table: 30}
    assert await rows(database, rule.table) == 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.table)
async def test_locked_row_does_not_stop_the_others(database: Database, rule: Rule) -> None:
    await fill(database, rule.table, days=1000, count=1)
    async with database.transaction() as holder:
        await holder.execute(text(f"SELECT 1 FROM {rule.table} FOR UPDATE"))
        await fill(database, rule.table, days=900, count=25)
        small = replace(rule, batch=10)
        assert await cleaning(database, small).delete_ended() == {rule.table: 25}
    assert await rows(database, rule.table) == 1


async def test_many_rows_go_in_batches_of_a_transaction_each(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, "inbox", days=40, count=20_000)
    batches: list[int] = []
    delete_batch = Retention._delete_batch  # pyright: ignore[reportPrivateUsage]

    async def counted(self: Retention, rule: Rule, days: int, batch: int) -> int:
        batches.append(await delete_batch(self, rule, days, batch))
        return batches[-1]

    monkeypatch.setattr(Retention, "_delete_batch", counted)
    assert await cleaning(database, INBOX).delete_ended() == {"inbox": 20_000}
    assert batches == [5000, 5000, 5000, 5000, 0]


async def test_time_of_a_table_ends_after_a_batch_and_the_next_round_comes_at_once(
    database: Database,
) -> None:
    await fill(database, "inbox", days=40, count=30)
    cleaner = cleaning(database, replace(INBOX, batch=10))
    assert await cleaner.delete_ended(0) == {"inbox": 10}
    assert cleaner.is_more_due
    assert await cleaner.delete_ended() == {"inbox": 20}
    assert not cleaner.is_more_due


async def test_table_that_fails_is_named_and_does_not_stop_the_others(database: Database) -> None:
    await fill(database, "inbox", days=40, count=3)
    broken = replace(OUTBOX, ended="no_such_column < :days")
    cleaner = cleaning(database, broken, INBOX)
    with pytest.raises(ItemsFailed, match="table outbox"):
        await cleaner.delete_ended()
    assert cleaner.deleted == {"inbox": 3}


async def test_batch_that_takes_too_long_is_made_smaller(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, "inbox", days=40, count=100)
    monkeypatch.setattr(session, "STATEMENT_SECONDS", 1)
    hurried = Database(database.url, pool_size=1)
    # Twenty rows a second.
    slow = replace(INBOX, batch=1000, ended=f"{INBOX.ended} AND pg_sleep(0.05) IS NOT NULL")
    monkeypatch.setattr(retention, "LEAST_BATCH", 10)
    with capture_logs() as logs:
        assert await cleaning(hurried, slow).delete_ended() == {"inbox": 100}
    await hurried.close()
    smaller = [entry["rows"] for entry in logs if entry["event"] == "retention.smaller_batch"]
    assert smaller[:3] == [250, 62, 15]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.table)
async def test_batch_reads_the_rows_that_it_deletes_and_no_others(
    database: Database, rule: Rule
) -> None:
    await fill(database, rule.table, days=0, count=20_000)
    await fill(database, rule.table, days=days_of(rule) + 1, count=10)
    async with database.engine.execution_options(
        isolation_level="AUTOCOMMIT"
    ).connect() as connection:
        await connection.execute(text(f"ANALYZE {rule.table}"))
    async with database.transaction() as connection:
        plan = await connection.scalars(
            text(f"EXPLAIN (ANALYZE, BUFFERS) {rule.statement}"),
            {"days": days_of(rule), "batch": 1000},
        )
        lines = "\n".join(plan)
    assert f"Seq Scan on {rule.table}" not in lines, lines


async def test_deleted_rows_are_counted_in_the_metrics(box: BoxService) -> None:
    async with box.database.transaction() as connection:
        await connection.execute(text(ROWS["inbox"]), {"days": 40, "count": 7})
    await box.app.state.retention.delete_ended()
    page = (await box.http.get("/metrics")).text
    assert 'dsm_retention_deleted_total{table="inbox"} 7.0' in page


async def test_service_runs_the_loop(box: BoxService) -> None:
    assert "retention" in {loop.name for loop in box.app.state.background.loops}
    assert retention.FIRST_SECONDS < retention.PERIOD_SECONDS


def test_ids_of_events_outlive_the_events() -> None:
    with pytest.raises(ValidationError, match="DSM_KEEP_INBOX_DAYS"):
        KernelSettings(port=1, keep_inbox_days=6)


async def test_sizes_count_the_rows_of_every_table(database: Database) -> None:
    await fill(database, "inbox", days=1, count=1000)
    sizes = table_sizes(database.url)
    assert sizes["inbox"].rows == 1000
    assert sizes["inbox"].bytes > 50_000
    assert set(sizes) == {table.table for table in RETENTION}
