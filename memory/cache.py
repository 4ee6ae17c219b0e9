"""Embeddings that were made before: in this process for an hour, in the database for a month."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import timedelta
from hashlib import sha256

from memory.pool import HANG_UP_SECONDS, Pool
from memory.vectors import Embedding

TTL_SECONDS = 3600.0
MOST_ENTRIES = 2000  # about 2 KiB each
KEPT_FOR = timedelta(days=30)

_FIND = """
    SELECT embedding, model FROM embedding_cache
    WHERE text_sha256 = %s AND (%s::text IS NULL OR model = %s)
    ORDER BY created_at DESC LIMIT 1
"""
_FIND_ALL = """
    SELECT text_sha256, embedding FROM embedding_cache WHERE text_sha256 = ANY(%s) AND model = %s
"""
_KEEP = """
    INSERT INTO embedding_cache (text_sha256, model, embedding) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING
"""
_PRUNE = "DELETE FROM embedding_cache WHERE created_at < now() - %s"


class ProcessCache:
    """Embeddings by text; an entry ends an hour after it was made, or when newer ones need room."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, Embedding]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, text: str) -> Embedding | None:
        made_at, found = self._entries.get(text, (0.0, None))
        if found is None:
            return None
        if self._clock() - made_at > TTL_SECONDS:
            del self._entries[text]
            return None
        self._entries.move_to_end(text)
        return found

    def put(self, text: str, embedding: Embedding) -> None:
        self._entries[text] = (self._clock(), embedding)
        self._entries.move_to_end(text)
        if len(self._entries) > MOST_ENTRIES:
            self._entries.popitem(last=False)


class TableCache:
    """Embeddings by text and model, shared by all processes and kept over restarts."""

    def __init__(self, pool: Pool, reading: Pool | None = None) -> None:
        self._pool = pool
        self._reading = reading or pool

    async def get(
        self, text: str, model: str | None, seconds: float = HANG_UP_SECONDS
    ) -> Embedding | None:
        """The embedding made by `model`; when that is None, the newest of any.

        Raises: `psycopg.Error`, also when it takes longer than `seconds`.
        """
        async with self._reading.connection(seconds, hang_up_seconds=seconds) as connection:
            cursor = await connection.execute(_FIND, (_key(text), model, model), binary=True)
            row = await cursor.fetchone()
        return None if row is None else Embedding(row[0], row[1])

    async def get_all(self, texts: Iterable[str], model: str) -> dict[str, Embedding]:
        """Those of the texts that `model` has embedded."""
        keys = {_key(text): text for text in texts}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_FIND_ALL, (list(keys), model), binary=True)
            rows = await cursor.fetchall()
        return {keys[row[0]]: Embedding(row[1], model) for row in rows}

    async def put(self, made: Iterable[tuple[str, Embedding]]) -> None:
        rows = [(_key(text), each.model, each.vector) for text, each in made]
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(_KEEP, rows)

    async def prune(self) -> int:
        """Delete what was made more than a month ago; how many there were."""
        async with self._pool.connection() as connection:
            return (await connection.execute(_PRUNE, (KEPT_FOR,))).rowcount


def _key(text: str) -> bytes:
    return sha256(text.encode()).digest()
