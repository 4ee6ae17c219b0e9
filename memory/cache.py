"""Caches of embeddings: in this process for an hour, in the database for a month."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256

from memory.pool import HANG_UP_SECONDS, Pool
from memory.vectors import Embedding

TTL_SECONDS = 3600.0
MAX_ENTRIES = 2000  # about 2 KiB each

_SELECT_ONE = """
    SELECT embedding, model FROM embedding_cache
    WHERE text_sha256 = %s AND (%s::text IS NULL OR model = %s)
    ORDER BY created_at DESC LIMIT 1
"""
_SELECT_ALL = """
    SELECT text_sha256, embedding FROM embedding_cache WHERE text_sha256 = ANY(%s) AND model = %s
"""
_INSERT = """
    INSERT INTO embedding_cache (text_sha256, model, embedding) VALUES (%s, %s, %s)
    ON CONFLICT DO NOTHING
"""


class ProcessCache:
    """Embeddings by text in the memory of this process.

    An entry expires after an hour. The least recently used one makes room for a new one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By hashes, so that the text of a forgotten episode is in no process.
        self._entries: OrderedDict[bytes, tuple[float, Embedding]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, text: str) -> Embedding | None:
        """Return the embedding of a text; None when there is none or it has expired."""
        key = _key(text)
        stored_at, embedding = self._entries.get(key, (0.0, None))
        if embedding is None:
            return None
        if self._clock() - stored_at > TTL_SECONDS:
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return embedding

    def put(self, text: str, embedding: Embedding) -> None:
        """Store the embedding of a text."""
        key = _key(text)
        self._entries[key] = (self._clock(), embedding)
        self._entries.move_to_end(key)
        if len(self._entries) > MAX_ENTRIES:
            self._entries.popitem(last=False)


class TableCache:
    """Embeddings by text and model in the database, shared by all processes."""

    def __init__(self, pool: Pool, reading: Pool | None = None) -> None:
        self._pool = pool
        self._reading = reading or pool

    async def get(
        self, text: str, model: str | None, seconds: float = HANG_UP_SECONDS
    ) -> Embedding | None:
        """Return the embedding of a text by `model`, or the newest one when `model` is None.

        Raises: `psycopg.Error`, also when it takes longer than `seconds`.
        """
        async with self._reading.connection(seconds, hang_up_seconds=seconds) as connection:
            cursor = await connection.execute(_SELECT_ONE, (_key(text), model, model), binary=True)
            row = await cursor.fetchone()
        return None if row is None else Embedding(row[0], row[1])

    async def get_all(self, texts: Iterable[str], model: str) -> dict[str, Embedding]:
        """Return the stored embeddings of `texts` by `model`."""
        keys = {_key(text): text for text in texts}
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_SELECT_ALL, (list(keys), model), binary=True)
            rows = await cursor.fetchall()
        return {keys[row[0]]: Embedding(row[1], model) for row in rows}

    async def put(self, embeddings: Iterable[tuple[str, Embedding]]) -> None:
        """Store the embeddings of texts; a stored one stays as it is."""
        rows = [(_key(text), embedding.model, embedding.vector) for text, embedding in embeddings]
        async with self._pool.connection() as connection, connection.cursor() as cursor:
            await cursor.executemany(_INSERT, rows)


def _key(text: str) -> bytes:
    # A hash, because texts are long and an index entry has a size limit.
    return sha256(text.encode()).digest()
