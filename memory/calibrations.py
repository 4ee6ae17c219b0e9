"""Calibrations as they were learned, and which one is in force. None is ever changed or deleted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain_services.kernel.errors import NotFound
from memory.pool import Connection, Pool

SHIPPED = 0  # the version that comes with the software; it has no row


@dataclass(frozen=True, slots=True)
class Attempt:
    """One learning: what it made, and the scores (mean log loss, lower is better) that decided.

    `log_loss` and `active_log_loss` are of the `compared_with` newest outcomes, which neither had
    seen; `learned_through` is when the newest sprint behind it ended.
    """

    calibration: dict[str, Any]
    accepted: bool
    reason: str
    outcomes: int
    new_outcomes: int
    log_loss: float | None
    active_log_loss: float | None
    compared_with: int
    learned_through: datetime


@dataclass(frozen=True, slots=True)
class Version(Attempt):
    version: int
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Active:
    """`version` 0 is the shipped one; `since` is None while it was never replaced."""

    version: int
    calibration: dict[str, Any] | None
    learned_through: datetime | None
    since: datetime | None


_COLUMNS: LiteralString = """
    version, calibration, accepted, reason, outcomes, new_outcomes, log_loss, active_log_loss,
    compared_with, learned_through, created_at, created_by
"""
_ADD: LiteralString = f"""
    INSERT INTO calibrations (calibration, accepted, reason, outcomes, new_outcomes, log_loss,
        active_log_loss, compared_with, learned_through, created_by)
    VALUES (%(calibration)s, %(accepted)s, %(reason)s, %(outcomes)s, %(new_outcomes)s, %(log_loss)s,
        %(active_log_loss)s, %(compared_with)s, %(learned_through)s, %(by)s)
    RETURNING {_COLUMNS}
"""  # noqa: S608 - constants
_ACTIVE = """
    SELECT a.version, calibration, learned_through, activated_at AS since
    FROM calibration_activations a LEFT JOIN calibrations c ON c.version = a.version
    ORDER BY a.id DESC LIMIT 1
"""
_ACTIVATE = """
    INSERT INTO calibration_activations (version, reason, activated_by)
    SELECT %(version)s, %(reason)s, %(by)s
    WHERE %(version)s = 0 OR EXISTS (SELECT FROM calibrations WHERE version = %(version)s)
"""


class Calibrations:
    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def active(self) -> Active:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Active)) as cursor,
        ):
            await cursor.execute(_ACTIVE)
            return await cursor.fetchone() or Active(SHIPPED, None, None, None)

    async def add(self, attempt: Attempt, by: str) -> Version:
        """Keep what was learned; an accepted one is in force from then on."""
        values = {name: getattr(attempt, name) for name in Attempt.__slots__}
        values |= {"calibration": Jsonb(attempt.calibration), "by": by}
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=class_row(Version)) as cursor,
        ):
            await cursor.execute(_ADD, values)
            made = await cursor.fetchone()
            if made is None:
                raise LookupError("the calibration was not stored")
            if attempt.accepted:
                await _activate(connection, made.version, attempt.reason, by)
        return made

    async def activate(self, version: int, reason: str, by: str) -> None:
        """Put an older version in force again, 0 for the shipped one. Raises: `NotFound`."""
        async with self._pool.connection() as connection:
            if not await _activate(connection, version, reason, by):
                raise NotFound(f"there is no calibration {version}", version=version)

    async def history(self, limit: int = 100) -> list[Version]:
        """Every attempt, newest first, refused ones too."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Version)) as cursor,
        ):
            query: LiteralString = (
                f"SELECT {_COLUMNS} FROM calibrations ORDER BY version DESC LIMIT %s"  # noqa: S608
            )
            await cursor.execute(query, (limit,))
            return await cursor.fetchall()


async def _activate(connection: Connection, version: int, reason: str, by: str) -> bool:
    values = {"version": version, "reason": reason, "by": by}
    return (await connection.execute(_ACTIVATE, values)).rowcount == 1
