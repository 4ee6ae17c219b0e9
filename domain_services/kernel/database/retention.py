"""Old rows leave by themselves: keys, sent events, and what is known of received ones."""

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from domain_services.kernel.background import wanted
from domain_services.kernel.database import idempotency
from domain_services.kernel.database.database import Database

logger = structlog.get_logger()

FIRST_SECONDS = 60
PERIOD_SECONDS = 3600
# Streams keep 7 days: what was received is known for longer than it can come again.
KEEP_SENT_DAYS = 7
KEEP_RECEIVED_DAYS = 30
BATCH = 5000

_TABLES = text(
    """
    SELECT name FROM unnest(ARRAY['idempotency_keys', 'outbox', 'inbox']) AS name
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
_RECEIVED = text("DELETE FROM inbox WHERE processed_at < now() - make_interval(days => :days)")


async def delete_expired_rows(database: Database) -> None:
    """Serve for ever; an outage is waited out."""
    pause = FIRST_SECONDS
    while wanted():
        await asyncio.sleep(pause)
        try:
            await clean(database)
        except (SQLAlchemyError, OSError) as error:
            logger.warning("housekeeping.failed", error=str(error))
        pause = PERIOD_SECONDS


async def clean(database: Database) -> None:
    """Delete what is past its time from the tables that this service has."""
    async with database.transaction() as connection:
        tables = set(await connection.scalars(_TABLES))
        if "idempotency_keys" in tables:
            await idempotency.purge(connection)
        if "inbox" in tables:
            await connection.execute(_RECEIVED, {"days": KEEP_RECEIVED_DAYS})
    deleted = BATCH if "outbox" in tables else 0
    while deleted == BATCH:
        async with database.transaction() as connection:
            values = {"days": KEEP_SENT_DAYS, "batch": BATCH}
            deleted = (await connection.execute(_SENT, values)).rowcount
