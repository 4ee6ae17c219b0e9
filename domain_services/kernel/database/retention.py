"""Retention: deletes rows that have ended, table by table, in small batches.

Each service lists its tables once, in its `retention.py`. The loop works through that list, and
docs/operate/retention.md is written from it.
"""

# ruff: noqa: S608 (statements are made of the lists in the code, never of input)

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.database.database import Database
from domain_services.kernel.settings import KernelSettings

logger = structlog.get_logger()

# A start has more urgent work than deleting.
FIRST_SECONDS = 60
PERIOD_SECONDS = 3600
# Rows of one transaction. 5,000 take about 50 ms of the 3 s that a statement may take.
BATCH = 5000
LEAST_BATCH = 50
# A table with a huge backlog leaves the other tables their turn after this.
TABLE_SECONDS = 60.0
_CANCELED = "57014"  # SQLSTATE of a statement that took too long


@dataclass(frozen=True, slots=True)
class Kept:
    """Table whose rows are never deleted by their age."""

    table: str
    rows: str
    """One row, in words."""
    why: str
    """Reason to keep them, and what bounds their number."""
    how_long: str = "for good"
    """Time for which they stay, in words."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Table whose rows are deleted some days after they have ended."""

    table: str
    rows: str
    """One row, in words."""
    setting: str
    """Field of the service's settings with the days; 0 there keeps the rows for good."""
    ended: str
    """SQL condition of a row that may go; `:days` is the setting."""
    order: str
    """SQL order of the batches; its first column has an index that serves `ended`."""
    why: str
    """Reason of the rule."""
    delete: str | None = None
    """Statement in place of the plain DELETE, with `:days` and `:batch`; returns the count."""
    batch: int = BATCH
    """Most rows of one batch."""

    @property
    def statement(self) -> str:
        """Return the statement that deletes one batch and returns the number of rows."""
        return self.delete or plain_delete(self)


Tables = Sequence[Rule | Kept]


def chosen(rule: Rule) -> str:
    """Return the SELECT of a rule's batch.

    Rows that somebody works on are passed over: one locked row must not stop the others.
    """
    return (
        f"SELECT ctid AS place FROM {rule.table} WHERE {rule.ended}"
        f" ORDER BY {rule.order} LIMIT :batch FOR UPDATE SKIP LOCKED"
    )


def plain_delete(rule: Rule) -> str:
    """Return the statement that deletes a rule's batch and nothing else."""
    return (
        f"WITH chosen AS MATERIALIZED ({chosen(rule)}), gone AS (DELETE FROM {rule.table}"
        " WHERE ctid = ANY (ARRAY(SELECT place FROM chosen)) RETURNING 1)"
        " SELECT count(*) FROM gone"
    )


class Retention:
    """Deletion of the ended rows of one database."""

    def __init__(self, database: Database, tables: Tables, settings: KernelSettings) -> None:
        self._database = database
        self.rules = [table for table in tables if isinstance(table, Rule)]
        """Rules in the order of the list."""
        self._settings = settings
        self.deleted: Counter[str] = Counter()
        """Rows deleted since the start, by table."""
        self.is_more_due = False
        """True when the last round left ended rows for the next."""

    def loop(self) -> Loop:
        """Return the loop that deletes ended rows each hour."""
        return every(PERIOD_SECONDS, self._round, name="retention", first_after=FIRST_SECONDS)

    async def _round(self) -> bool:
        """Work on every table once; True when one has more to delete."""
        await self.delete_ended()
        return self.is_more_due

    def days(self, table: str) -> int:
        """Return the days for which ended rows of a table with a rule are stored; 0: for good."""
        return next(self._days(rule) for rule in self.rules if rule.table == table)

    def _days(self, rule: Rule) -> int:
        return int(getattr(self._settings, rule.setting))

    async def delete_ended(self, seconds: float = TABLE_SECONDS) -> Counter[str]:
        """Delete ended rows of every table, and return how many by table.

        No batch of a table begins after `seconds`. Raises: `ItemsFailed` after the last table,
        naming those that failed.
        """
        before = self.deleted.copy()
        self.is_more_due = False

        async def work(rule: Rule) -> None:
            self.is_more_due |= await self._delete_batches(rule, seconds)

        await for_each(self.rules, work, name=lambda rule: f"table {rule.table}")
        return self.deleted - before

    async def _delete_batches(self, rule: Rule, seconds: float) -> bool:
        """Delete batch after batch of a table; True when time ended before the rows did."""
        days = self._days(rule)
        until = time.monotonic() + seconds
        batch = rule.batch
        while days:
            try:
                count = await self._delete_batch(rule, days, batch)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _CANCELED or batch <= LEAST_BATCH:
                    raise
                # A loaded server: fewer rows end within the statement's time.
                batch = max(batch // 4, LEAST_BATCH)
                logger.warning("retention.smaller_batch", table=rule.table, rows=batch)
                continue
            self.deleted[rule.table] += count
            if count < batch:
                return False
            if time.monotonic() > until:
                return True
        return False

    async def _delete_batch(self, rule: Rule, days: int, batch: int) -> int:
        async with self._database.transaction() as connection:
            values = {"days": days, "batch": batch}
            return await connection.scalar(text(rule.statement), values) or 0
