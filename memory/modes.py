"""How far intelligence may go in each project: every change is a version that stays."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from memory.episode import ModeName
from memory.pool import Pool


@dataclass(frozen=True, slots=True)
class Setting:
    """A decision mode; `confidence_threshold` is a probability in 0..1.

    `shadow` decides and records as `intelligence_enhanced` does, and acts on nothing.
    """

    mode: ModeName
    confidence_threshold: float
    enable_task_count_adjustment: bool
    enable_sprint_duration_adjustment: bool


@dataclass(frozen=True, slots=True)
class ModeVersion(Setting):
    """A setting as it was made; versions of a project count from 1."""

    version: int
    changed_at: datetime
    changed_by: str


_ADD = """
    INSERT INTO decision_modes (project_id, version, mode, confidence_threshold,
        enable_task_count_adjustment, enable_sprint_duration_adjustment, changed_by)
    VALUES (%(project)s, %(base)s::integer + 1, %(mode)s, %(threshold)s, %(tasks)s, %(duration)s,
            %(by)s)
    ON CONFLICT (project_id, version) DO NOTHING
    RETURNING mode, confidence_threshold, enable_task_count_adjustment,
              enable_sprint_duration_adjustment, version, changed_at, changed_by
"""
_HISTORY = """
    SELECT mode, confidence_threshold, enable_task_count_adjustment,
           enable_sprint_duration_adjustment, version, changed_at, changed_by
    FROM decision_modes WHERE project_id = %s ORDER BY version DESC LIMIT %s
"""


class Modes:
    """The decision modes of all projects; a run reads its own when it starts (`Run.mode`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def change(
        self, project_id: str, setting: Setting, by: str, base: int
    ) -> ModeVersion | None:
        """Add the version after `base`; it holds from the next run on.

        `base` is the version that `setting` was made from, 0 for none. None, and nothing changed,
        when another version was added since.
        """
        values = {
            "project": project_id,
            "base": base,
            "mode": setting.mode,
            "threshold": setting.confidence_threshold,
            "tasks": setting.enable_task_count_adjustment,
            "duration": setting.enable_sprint_duration_adjustment,
            "by": by,
        }
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ModeVersion)) as cursor,
        ):
            await cursor.execute(_ADD, values)
            return await cursor.fetchone()

    async def history(self, project_id: str, limit: int = 100) -> list[ModeVersion]:
        """Its versions, newest first: the first one holds; empty when none was ever set."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ModeVersion)) as cursor,
        ):
            await cursor.execute(_HISTORY, (project_id, limit))
            return await cursor.fetchall()
