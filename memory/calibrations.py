"""Store of calibrations: every learning attempt, and the calibration in force.

Rows are only added. A rollback adds an activation of an older version.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from domain_services.kernel.errors import NotFound
from memory.pool import Connection, Pool

SHIPPED = 0  # the version that comes with the software; it has no row


@dataclass(frozen=True, slots=True)
class Attempt:
    """A learning attempt with the scores that decided on it.

    Scores are mean log losses of outcomes that neither calibration was fitted on; lower is better.
    """

    calibration: dict[str, JsonValue]
    """The fitted calibration as JSON."""
    accepted: bool
    """True when it came into force."""
    reason: str
    """Reason of acceptance or refusal, in words."""
    outcomes: int
    """Outcomes that it was fitted on."""
    new_outcomes: int
    """Outcomes since the attempt before."""
    log_loss: float | None
    """Score of the attempt; None without a comparison."""
    active_log_loss: float | None
    """Score of the calibration in force; None as above."""
    compared_with: int
    """Outcomes that both scores were computed from."""
    learned_through: datetime
    """End of the newest sprint among the outcomes."""


@dataclass(frozen=True, slots=True)
class Version(Attempt):
    """A stored attempt."""

    version: int
    """Counted from 1 over all attempts, refused ones too."""
    created_at: datetime
    """Time of the attempt."""
    created_by: str
    """Name of the API key, or of the job."""


@dataclass(frozen=True, slots=True)
class Active:
    """The calibration in force."""

    version: int
    """0 for the shipped calibration."""
    calibration: dict[str, JsonValue] | None
    """The calibration as JSON; None for the shipped one, which is not stored."""
    learned_through: datetime | None
    """End of the newest sprint that it was fitted on; None for the shipped one."""
    since: datetime | None
    """Time of activation; None while no calibration was ever activated."""


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
    """Calibrations in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def active(self) -> Active:
        """Return the calibration in force."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Active)) as cursor,
        ):
            await cursor.execute(_ACTIVE)
            return await cursor.fetchone() or Active(SHIPPED, None, None, None)

    async def add(self, attempt: Attempt, by: str) -> Version:
        """Store an attempt and return it with its version; activate an accepted one."""
        values = {name: getattr(attempt, name) for name in Attempt.__slots__}
        values |= {"calibration": Jsonb(attempt.calibration), "by": by}
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=class_row(Version)) as cursor,
        ):
            await cursor.execute(_ADD, values)
            version = await cursor.fetchone()
            if version is None:
                raise LookupError("INSERT INTO calibrations returned no row")
            # In the same transaction: no other process sees an accepted attempt out of force.
            if attempt.accepted:
                await _activate(connection, version.version, attempt.reason, by)
        return version

    async def activate(self, version: int, reason: str, by: str) -> None:
        """Activate a stored version, or the shipped calibration for 0. Raises: `NotFound`."""
        async with self._pool.connection() as connection:
            if not await _activate(connection, version, reason, by):
                raise NotFound(
                    f"there is no calibration {version}; `dsm learn --history` lists them",
                    version=version,
                )

    async def history(self, limit: int = 100) -> list[Version]:
        """Return the newest attempts, newest first, refused ones too."""
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
