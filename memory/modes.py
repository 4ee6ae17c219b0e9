"""Store of decision modes: how far evidence may change the decisions of each project."""

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from memory.episode import ModeName
from memory.pool import Pool


@dataclass(frozen=True, slots=True)
class Setting:
    """A decision mode with its limits."""

    mode: ModeName
    """`shadow` decides as `intelligence_enhanced` does and acts on nothing, as `observe` does."""
    confidence_threshold: float
    """Lowest confidence that passes the gate, 0..1."""
    enable_task_count_adjustment: bool
    """True when evidence may change the number of tasks."""
    enable_sprint_duration_adjustment: bool
    """True when evidence may change the length of a sprint."""
    certainty: int
    """Percent of the sprints that are to complete their plan: 50, 60, 70 or 85."""


@dataclass(frozen=True, slots=True)
class ModeVersion(Setting):
    """A stored setting. Versions are only added."""

    version: int
    """Counted from 1 for each project."""
    changed_at: datetime
    """Time of the change."""
    changed_by: str
    """Name of the API key."""


_ADD = """
    INSERT INTO decision_modes (project_id, version, mode, confidence_threshold,
        enable_task_count_adjustment, enable_sprint_duration_adjustment, certainty, changed_by)
    VALUES (%(project)s, %(base)s::integer + 1, %(mode)s, %(threshold)s, %(tasks)s, %(duration)s,
            %(certainty)s, %(by)s)
    ON CONFLICT (project_id, version) DO NOTHING
    RETURNING mode, confidence_threshold, enable_task_count_adjustment,
              enable_sprint_duration_adjustment, certainty, version, changed_at, changed_by
"""
_HISTORY = """
    SELECT mode, confidence_threshold, enable_task_count_adjustment,
           enable_sprint_duration_adjustment, certainty, version, changed_at, changed_by
    FROM decision_modes WHERE project_id = %s ORDER BY version DESC LIMIT %s
"""


class Modes:
    """Decision modes in the agent's database; a run reads its own when it starts (`Run.mode`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def change(
        self, project_id: str, setting: Setting, by: str, base: int
    ) -> ModeVersion | None:
        """Add the version after `base`, which holds from the next run on.

        `base` is the version that `setting` was derived from, 0 for none. Return None and change
        nothing when somebody else has added a version since.
        """
        values = {
            "project": project_id,
            "base": base,
            "mode": setting.mode,
            "threshold": setting.confidence_threshold,
            "tasks": setting.enable_task_count_adjustment,
            "duration": setting.enable_sprint_duration_adjustment,
            "certainty": setting.certainty,
            "by": by,
        }
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ModeVersion)) as cursor,
        ):
            await cursor.execute(_ADD, values)
            return await cursor.fetchone()

    async def history(self, project_id: str, limit: int = 100) -> list[ModeVersion]:
        """Return a project's versions, newest first; the first one holds."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(ModeVersion)) as cursor,
        ):
            await cursor.execute(_HISTORY, (project_id, limit))
            return await cursor.fetchall()
