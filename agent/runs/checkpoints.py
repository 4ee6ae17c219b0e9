"""Where the graph keeps a run between its two durable points, and how long."""

import structlog
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from domain_services.kernel.background import Loop, every
from memory.pool import Pool

logger = structlog.get_logger()

KEEP_DAYS = 7
PRUNE_SECONDS = 3600.0
BATCH = 500

_ENDED = """
    SELECT DISTINCT thread_id FROM checkpoints JOIN runs ON runs.run_id = thread_id::uuid
    WHERE runs.ended_at < now() - make_interval(days => %s) LIMIT %s
"""


class Checkpoints:
    """Savers on the agent's pool, and their retention: the saver itself never deletes anything."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        # No type outside JSON is ever built from a stored checkpoint.
        self._serde = JsonPlusSerializer(allowed_msgpack_modules=())

    def saver(self) -> AsyncPostgresSaver:
        """A saver of its own for each run: a shared one makes runs queue for its lock."""
        return AsyncPostgresSaver(self._pool, serde=self._serde)  # pyright: ignore[reportArgumentType] - it sets its own row factory

    def loop(self) -> Loop:
        """Return the loop that deletes the checkpoints of old runs."""
        return every(PRUNE_SECONDS, self._prune, name="checkpoint retention")

    async def _prune(self) -> bool:
        deleted = await self.prune_batch()
        if deleted:
            logger.info("checkpoints.pruned", runs=deleted)
        return deleted == BATCH

    async def prune_batch(self, keep_days: int = KEEP_DAYS) -> int:
        """Delete the checkpoints of up to `BATCH` runs that ended `keep_days` ago; how many."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_ENDED, (keep_days, BATCH))).fetchall()
        for (thread_id,) in rows:
            await self.saver().adelete_thread(thread_id)
        return len(rows)
