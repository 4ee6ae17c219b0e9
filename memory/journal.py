"""Episode journal: a queue table between the end of a run and the indexed table of episodes.

A run writes its episode to the journal in its last transaction. A loop moves it to the table
afterwards: inserting into a vector index takes ten times as long as a run can spare.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from psycopg.types.json import Jsonb

from domain_services.kernel.background import Loop, every
from domain_services.kernel.database.failures import outage
from domain_services.kernel.database.set_aside import TRIES, error_text, pause_seconds
from memory import outcomes, postgres
from memory.episode import Episode
from memory.episode_documents import read_episode
from memory.pool import Connection, Pool

logger = structlog.get_logger()

BATCH = 200
# The end of a run wakes the loop of its own process; the others poll. Not NOTIFY: it makes commits
# queue for one lock, which cost two thirds of the journal's throughput with eight writers.
IDLE_SECONDS = 1.0

_APPEND = "INSERT INTO episode_journal (episode) VALUES (%s)"
_TAKE = """
    SELECT id, episode, tries FROM episode_journal
    WHERE refused IS NULL AND next_try <= now()
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_POSTPONE = """
    UPDATE episode_journal SET tries = tries + 1,
        next_try = now() + make_interval(secs => %(pause)s)
    WHERE id = %(id)s
"""
_SET_ASIDE = """
    UPDATE episode_journal SET tries = tries + 1, set_aside_at = now(), refused = %(error)s
    WHERE id = %(id)s
"""
_REMOVE = "DELETE FROM episode_journal WHERE id = ANY(%s)"


async def append(connection: Connection, episode: Episode) -> None:
    """Append an episode in the caller's transaction.

    Raises: `Invalid` for text that cannot be stored.
    """
    await connection.execute(_APPEND, (Jsonb(episode.model_dump(mode="json")),))


class _Entry(NamedTuple):
    """Row of the journal."""

    id: int
    document: Any
    """The episode as JSON."""
    tries: int
    """Tries that failed before."""


class Journal:
    """Moves episodes from the journal to the table of episodes."""

    def __init__(self, pool: Pool, tries: int = TRIES) -> None:
        """An episode that cannot be moved is set aside after `tries` tries."""
        self._pool = pool
        self._tries = tries
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Make the loop move episodes at once."""
        self._woken.set()

    async def drain(self) -> int:
        """Move one batch, oldest first; return how many were moved. Replicas share the work.

        An episode that cannot be moved stays in the journal with the reason, and delays no other.
        Raises: `psycopg.Error` when the database is in trouble.
        """
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_TAKE, (BATCH,))
            entries = [_Entry(*row) for row in await cursor.fetchall()]
            try:
                return await _move(connection, entries)
            except Exception as error:
                if outage(error) is not None:
                    raise
            # One of them is at fault: each is tried alone.
            moved = 0
            for entry in entries:
                moved += await self._move_alone(connection, entry)
        return moved

    async def _move_alone(self, connection: Connection, entry: _Entry) -> int:
        try:
            return await _move(connection, [entry])
        except Exception as error:
            if outage(error) is not None:
                raise
            tries = entry.tries + 1
            is_last = tries >= self._tries
            logger.error(
                "memory.episode_refused",
                journal_id=entry.id,
                tries=tries,
                set_aside=is_last,
                error=error_text(error),
            )
            values = {
                "id": entry.id,
                "pause": pause_seconds(tries),
                "error": error_text(error),
            }
            await connection.execute(_SET_ASIDE if is_last else _POSTPONE, values)
            return 0

    def loop(self) -> Loop:
        """Return the loop that moves episodes: at once when woken, and each second."""
        return every(IDLE_SECONDS, self._drain_batch, name="episode journal", wake=self._woken)

    async def _drain_batch(self) -> bool:
        return await self.drain() == BATCH


async def _move(connection: Connection, entries: Sequence[_Entry]) -> int:
    """Move episodes within the caller's transaction, all or none; return their number."""
    async with connection.transaction():
        episodes = {entry.id: read_episode(entry.document) for entry in entries}
        await postgres.insert(connection, episodes.values())
        sprint_ids = [episode.sprint_id for episode in episodes.values() if episode.sprint_id]
        # The sprint may have been closed while the episode was in the journal.
        await outcomes.update_episodes(connection, sprint_ids)
        await connection.execute(_REMOVE, (list(episodes),))
    return len(episodes)
