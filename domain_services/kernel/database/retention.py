"""Retention: deletes expired keys, sent events, delivered requests and ids of received events."""

from functools import partial

from sqlalchemy import TextClause, text

from domain_services.kernel.background import Loop, every
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import Database

# A start has more urgent work than deleting.
FIRST_SECONDS = 60
PERIOD_SECONDS = 3600
# Streams hold 7 days (trimming). The ids of received events outlive any second arrival.
KEEP_SENT_DAYS = 7
KEEP_RECEIVED_DAYS = 30
# Of one transaction, which must end within the statement timeout.
BATCH = 5000

_TABLES = text(
    """
    SELECT name FROM unnest(ARRAY['keyed_requests', 'outbox', 'inbox', 'deliveries']) AS name
    WHERE to_regclass(name) IS NOT NULL
    """
)
# The oldest ids are the oldest rows, so that no index by age is needed.
_SENT = text(
    """
    DELETE FROM outbox WHERE id IN (
        SELECT id FROM (SELECT id, closed_at FROM outbox ORDER BY id LIMIT :batch) AS oldest
        WHERE closed_at < now() - make_interval(days => :days))
    """
)
_DELIVERED = text(
    """
    DELETE FROM deliveries WHERE id IN (
        SELECT id FROM deliveries
        WHERE delivered_at < now() - make_interval(days => :days) LIMIT :batch)
    """
)
_RECEIVED = text("DELETE FROM inbox WHERE processed_at < now() - make_interval(days => :days)")


def retention(database: Database) -> Loop:
    """Return the loop that deletes expired rows."""
    return every(
        PERIOD_SECONDS,
        partial(delete_expired_rows, database),
        name="retention",
        first_after=FIRST_SECONDS,
    )


async def delete_expired_rows(database: Database) -> None:
    """Delete expired rows from the tables that this service has."""
    async with database.transaction() as connection:
        tables = set(await connection.scalars(_TABLES))
        if "keyed_requests" in tables:
            await idempotency.purge(connection)
        if "inbox" in tables:
            await connection.execute(_RECEIVED, {"days": KEEP_RECEIVED_DAYS})
    if "outbox" in tables:
        await _delete_batches(database, _SENT)
    if "deliveries" in tables:
        await _delete_batches(database, _DELIVERED)


async def _delete_batches(database: Database, statement: TextClause) -> None:
    deleted = BATCH
    while deleted == BATCH:
        async with database.transaction() as connection:
            values = {"days": KEEP_SENT_DAYS, "batch": BATCH}
            deleted = (await connection.execute(statement, values)).rowcount
