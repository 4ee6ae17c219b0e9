"""Episodes on their way into memory.

A run writes its episode here, in its last transaction, and the indexes get it afterwards: inserting
into a vector index takes ten times as long as the run can spare. Who finishes a run wakes the mover
in its own process; others look each second. Not by NOTIFY: it makes commits queue for one lock,
which cost two thirds of the journal's throughput with eight writers.
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
IDLE_SECONDS = 1.0

_APPEND = "INSERT INTO episode_journal (episode) VALUES (%s)"
_TAKE = """
    SELECT id, episode FROM episode_journal WHERE refused IS NULL
    ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_REFUSE = "UPDATE episode_journal SET refused = %s WHERE id = %s"
_REMOVE = "DELETE FROM episode_journal WHERE id = ANY(%s)"


async def append(connection: Connection, episode: Episode) -> None:
    """Owe `episode` to memory; it exists exactly when the caller's transaction commits.

    Raises: `Invalid` for text that cannot be stored.
    """
    await connection.execute(_APPEND, (Jsonb(episode.model_dump(mode="json")),))


class Journal:
    """Moves episodes from the journal into memory."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something was appended: look at once."""
        self._woken.set()

    async def drain(self) -> int:
        """Move one batch, oldest first; how many were moved. Replicas share the work.

        An episode that no longer can be read stays, with the reason, and holds up no other.
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
            made = [each.sprint_id for each in episodes.values() if each.sprint_id]
            await outcomes.settle(connection, made)
            await connection.execute(_REMOVE, (list(episodes),))
        return len(episodes)

    def loop(self) -> Loop:
        """Return the loop that moves episodes: at once when woken, and each second."""
        return every(IDLE_SECONDS, self._drain_batch, name="episode journal", wake=self._woken)

    async def _drain_batch(self) -> bool:
        return await self.drain() == BATCH
