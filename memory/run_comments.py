"""Comments of a model on finished decisions; no decision reads them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from memory.episode_documents import JsonObject
from memory.pool import Pool

# A decision of an hour ago is no news, so that a model which was away has no backlog.
_NEXT: LiteralString = """
    SELECT run_id, response FROM runs
    WHERE status = 'done' AND kind = 'decision' AND response IS NOT NULL
        AND ended_at > now() - interval '10 minutes' AND run_id <> ALL (%(but)s)
        AND NOT EXISTS (SELECT FROM run_comments WHERE run_comments.run_id = runs.run_id)
        AND NOT EXISTS (
            SELECT FROM episodes WHERE episode_id = runs.run_id AND forgotten_at IS NOT NULL)
    ORDER BY run_id DESC LIMIT 1
"""
_ADD: LiteralString = """
    INSERT INTO run_comments (run_id, model, comment)
    SELECT run_id, %(model)s, %(comment)s FROM runs WHERE run_id = %(run_id)s AND NOT EXISTS (
        SELECT FROM episodes WHERE episode_id = run_id AND forgotten_at IS NOT NULL)
    ON CONFLICT DO NOTHING
"""
_READ: LiteralString = """
    SELECT model, comment, commented_at FROM run_comments WHERE run_id = %(run_id)s
"""


@dataclass(frozen=True, slots=True)
class Uncommented:
    """A decision without a comment."""

    run_id: UUID
    """Its run."""
    response: JsonObject
    """The answer to its caller."""


@dataclass(frozen=True, slots=True)
class RunComment:
    """Comment of a model on a decision."""

    model: str
    """Name of the model."""
    comment: str
    """Its words."""
    commented_at: datetime
    """Time of the comment."""


class RunComments:
    """Table of comments."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def next(self, but: Collection[UUID]) -> Uncommented | None:
        """Return the newest decision of the last ten minutes without a comment; not one of `but`.

        None without any.
        """
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Uncommented)) as cursor,
        ):
            return await (await cursor.execute(_NEXT, {"but": list(but)})).fetchone()

    async def add(self, run_id: UUID, model: str, comment: str) -> None:
        """Store a comment; the first one of a run stays."""
        values = {"run_id": run_id, "model": model, "comment": comment}
        async with self._pool.connection() as connection:
            await connection.execute(_ADD, values)

    async def read(self, run_id: UUID) -> RunComment | None:
        """Read the comment on a run; None without one."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(RunComment)) as cursor,
        ):
            return await (await cursor.execute(_READ, {"run_id": run_id})).fetchone()
