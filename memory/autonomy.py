"""Store of autonomy, how far each project acts without a person, and of pauses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row, scalar_row

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.errors import Unavailable
from memory.audits import enqueue
from memory.pool import Connection, Pool
from memory.run import AutonomyLevel, PauseRow

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

_Values = Mapping[str, str | None] | tuple[str, ...]

RETRY_SECONDS = 30  # after which a caller may ask whether a pause has ended


@dataclass(frozen=True, slots=True)
class AutonomyVersion:
    """A stored autonomy. Versions are only added."""

    level: AutonomyLevel
    """`observe` acts on nothing, `approve` asks a person first, `act` acts."""
    always_ask: list[str]
    """Tools whose calls wait for a person at every level."""
    version: int
    """Counted from 1 for each project."""
    changed_at: datetime
    """Time of the change."""
    changed_by: str
    """Name of the API key."""


class Paused(Unavailable):
    """Refusal to make a call while its project is paused; `paused_by` and `paused_at` say more."""

    code = "paused"
    title = "The project is paused"

    def __init__(self, pause: PauseRow, opening: str = "", **fields: str) -> None:
        super().__init__(
            opening + describe_pause(pause),
            retry_after_seconds=RETRY_SECONDS,
            **pause_fields(pause),
            **fields,
        )
        self.pause = pause
        """The pause that is in force."""


def describe_pause(pause: PauseRow) -> str:
    """Say what is paused, by whom, since when, why, and how it is ended."""
    project = pause["project_id"]
    since = datetime.fromisoformat(pause["paused_at"])
    why = f" ({pause['reason']})" if pause["reason"] else ""
    command = "dsm pause --end" if project is None else f"dsm pause {project} --end"
    return (
        f"{'all projects are' if project is None else f'{project} is'} paused by"
        f" {pause['paused_by']} since {since:%Y-%m-%d %H:%M} UTC{why}; {command} ends the pause"
    )


def pause_fields(pause: PauseRow) -> dict[str, str | None]:
    """Return the members of a refusal that name the pause."""
    return {
        "paused_project": pause["project_id"],
        "paused_by": pause["paused_by"],
        "paused_at": pause["paused_at"],
        "reason": pause["reason"],
    }


_VERSION: LiteralString = "level, always_ask, version, changed_at, changed_by"
_ADD: LiteralString = f"""
    INSERT INTO autonomy (project_id, version, level, always_ask, changed_by)
    VALUES (%(project)s, %(base)s::integer + 1, %(level)s, %(always_ask)s::text[], %(by)s)
    ON CONFLICT (project_id, version) DO NOTHING
    RETURNING {_VERSION}
"""
_HISTORY: LiteralString = f"""
    SELECT {_VERSION} FROM autonomy WHERE project_id = %s ORDER BY version DESC LIMIT %s
"""
_LEVELS = """
    SELECT level, count(*) FROM (
        SELECT DISTINCT ON (project_id) level FROM autonomy ORDER BY project_id, version DESC
    ) AS newest GROUP BY level
"""
_PAUSE = """
    INSERT INTO pauses (project_id, reason, paused_by) VALUES (%(project)s, %(reason)s, %(by)s)
    ON CONFLICT (coalesce(project_id, '')) WHERE ended_at IS NULL DO NOTHING
    RETURNING to_jsonb(pauses)
"""
_END = """
    UPDATE pauses SET ended_at = now(), ended_by = %(by)s
    WHERE ended_at IS NULL AND project_id IS NOT DISTINCT FROM %(project)s::text
    RETURNING to_jsonb(pauses)
"""
# The pause of all projects says more than that of one.
_CURRENT = """
    SELECT to_jsonb(pauses) FROM pauses
    WHERE ended_at IS NULL AND (project_id IS NULL OR project_id = %s)
    ORDER BY project_id NULLS FIRST LIMIT 1
"""
_IN_FORCE = """
    SELECT to_jsonb(pauses) FROM pauses WHERE ended_at IS NULL ORDER BY project_id NULLS FIRST
"""


class Autonomies:
    """Autonomy in the agent's database; a run reads its own when it starts (`Run.autonomy`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def change(
        self,
        project_id: str,
        level: AutonomyLevel,
        always_ask: Sequence[str],
        by: str,
        base: int,
        audit: DecisionAuditCreate | None = None,
    ) -> AutonomyVersion | None:
        """Add the version after `base`, which holds from the next run on, with its audit.

        `base` is the version that the values were derived from, 0 for none. Return None and change
        nothing when somebody else has added a version since.
        """
        values = {
            "project": project_id,
            "base": base,
            "level": level,
            "always_ask": list(always_ask),
            "by": by,
        }
        # The pool's connections commit by themselves: without the transaction, a version could be
        # stored whose audit is not.
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=class_row(AutonomyVersion)) as cursor,
        ):
            await cursor.execute(_ADD, values)
            version = await cursor.fetchone()
            if version is not None and audit is not None:
                await enqueue(connection, audit)
            return version

    async def history(self, project_id: str, limit: int = 100) -> list[AutonomyVersion]:
        """Return a project's versions, newest first; the first one holds."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(AutonomyVersion)) as cursor,
        ):
            await cursor.execute(_HISTORY, (project_id, limit))
            return await cursor.fetchall()

    async def levels(self) -> dict[AutonomyLevel, int]:
        """Count the projects with a level of their own, by level."""
        async with self._pool.connection() as connection:
            return dict(await (await connection.execute(_LEVELS)).fetchall())


class Pauses:
    """Pauses of single projects and of all, in the agent's database."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def pause(
        self,
        project_id: str | None,
        reason: str | None,
        by: str,
        audit: DecisionAuditCreate | None = None,
    ) -> PauseRow | None:
        """Pause a project, None for all, with its audit; return None when it is paused already."""
        values = {"project": project_id, "reason": reason, "by": by}
        return await self._change(_PAUSE, values, audit)

    async def end(
        self, project_id: str | None, by: str, audit: DecisionAuditCreate | None = None
    ) -> PauseRow | None:
        """End the pause of a project, None for that of all; return None when there is none."""
        return await self._change(_END, {"project": project_id, "by": by}, audit)

    async def current(self, project_id: str) -> PauseRow | None:
        """Return the pause that holds for a project, its own or that of all; None without one."""
        async with self._pool.connection() as connection:
            rows = await _rows(connection, _CURRENT, (project_id,))
        return rows[0] if rows else None

    async def in_force(self) -> list[PauseRow]:
        """Return every pause that has not ended, that of all projects first."""
        async with self._pool.connection() as connection:
            return await _rows(connection, _IN_FORCE, ())

    async def check(self, project_id: str) -> None:
        """Let a call of the project pass. Raises: `Paused`."""
        pause = await self.current(project_id)
        if pause is not None:
            raise Paused(pause)

    async def _change(
        self, query: LiteralString, values: _Values, audit: DecisionAuditCreate | None
    ) -> PauseRow | None:
        async with self._pool.connection() as connection, connection.transaction():
            rows = await _rows(connection, query, values)
            if rows and audit is not None:
                await enqueue(connection, audit)
        return rows[0] if rows else None


async def _rows(connection: Connection, query: LiteralString, values: _Values) -> list[PauseRow]:
    async with connection.cursor(row_factory=scalar_row) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
