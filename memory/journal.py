"""Episode journal: a queue table between the end of a run and the indexed table of episodes.

A run writes its episode to the journal in its last transaction. A loop moves it to the table
afterwards: inserting into a vector index takes ten times as long as a run can spare.
"""

import asyncio

import structlog
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from domain_services.kernel.background import Loop, every
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
    SELECT id, episode FROM episode_journal WHERE refused IS NULL
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_REFUSE = "UPDATE episode_journal SET refused = %s WHERE id = %s"
_REMOVE = "DELETE FROM episode_journal WHERE id = ANY(%s)"


async def append(connection: Connection, episode: Episode) -> None:
    """Append an episode in the caller's transaction.

    Raises: `Invalid` for text that cannot be stored.
    """
    await connection.execute(_APPEND, (Jsonb(episode.model_dump(mode="json")),))


class Journal:
    """Moves episodes from the journal to the table of episodes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Make the loop move episodes at once."""
        self._woken.set()

    async def drain(self) -> int:
        """Move one batch, oldest first; return how many were moved. Replicas share the work.

        An unreadable episode stays in the journal with the reason, and delays no other.
        """
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(_TAKE, (BATCH,))
            episodes: dict[int, Episode] = {}
            for row_id, document in await cursor.fetchall():
                try:
                    episodes[row_id] = read_episode(document)
                except ValidationError as error:
                    logger.error("memory.episode_refused", journal_id=row_id, error=str(error))
                    await connection.execute(_REFUSE, (str(error), row_id))
            await postgres.insert(connection, episodes.values())
            sprint_ids = [episode.sprint_id for episode in episodes.values() if episode.sprint_id]
            # The sprint may have been closed while the episode was in the journal.
            await outcomes.update_episodes(connection, sprint_ids)
            await connection.execute(_REMOVE, (list(episodes),))
        return len(episodes)

    def loop(self) -> Loop:
        """Return the loop that moves episodes: at once when woken, and each second."""
        return every(IDLE_SECONDS, self._drain_batch, name="episode journal", wake=self._woken)

    async def _drain_batch(self) -> bool:
        return await self.drain() == BATCH
