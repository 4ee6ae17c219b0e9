"""Imported episodes: those of a later export replace those of an earlier one."""

from collections.abc import Collection, Iterable
from typing import LiteralString
from uuid import UUID

from memory import rows
from memory.episode import Episode
from memory.pool import Connection
from memory.store import ImportedEpisodes

# Only the first version is an import's: what a person corrected or forgot stays so.
# An episode is embedded by its perception, so a changed one has to be embedded again.
_REMOVE_CHANGED: LiteralString = """
    DELETE FROM episodes USING jsonb_to_recordset(%s::jsonb) AS given (
        episode_id uuid, sprint_id text, perception jsonb, action jsonb, completed_tasks integer)
    WHERE episodes.episode_id = given.episode_id AND episodes.origin = 'import'
      AND episodes.project_id = %s
      AND version = 1
      AND (episodes.sprint_id, episodes.perception, episodes.action, episodes.completed_tasks)
          IS DISTINCT FROM
          (given.sprint_id, given.perception, given.action, given.completed_tasks)
"""
_REMOVE_OTHERS: LiteralString = """
    DELETE FROM episodes
    WHERE project_id = %s AND origin = 'import' AND version = 1 AND NOT episode_id = ANY(%s)
"""


async def replace(
    connection: Connection,
    project_id: str,
    episodes: Iterable[Episode],
    keep: Collection[UUID] | None,
) -> ImportedEpisodes:
    """Store imported episodes in place of changed ones, in the caller's transaction."""
    document = rows.to_document(episodes)
    replaced = (await connection.execute(_REMOVE_CHANGED, (document, project_id))).rowcount
    removed = 0
    if keep is not None:
        removed = (await connection.execute(_REMOVE_OTHERS, (project_id, [*keep]))).rowcount
    created = (await connection.execute(rows.INSERT, (document,))).rowcount
    return ImportedEpisodes(created - replaced, replaced, removed)
