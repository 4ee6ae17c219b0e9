"""Steps of runs: the update of each node of the decision graph, as it was made.

A step is written by the statement that stores what it led to: the decision, the proposal or the
end of its run. It goes with its run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import LiteralString, TypedDict
from uuid import UUID

import orjson
from psycopg.rows import class_row

from memory.document import encode
from memory.episode_documents import JsonObject
from memory.pool import Pool

# Part of a statement whose `run_id` comes from the WITH query `{source}`, empty for a former
# holder of the run. A run that another process goes on with appends to the steps of the first.
_INSERT: LiteralString = """
    INSERT INTO run_steps (run_id, position, node, ms, update, left_out)
    SELECT {source}.run_id,
        ordinality - 1 + (SELECT count(*) FROM run_steps WHERE run_id = %(run_id)s),
        node, ms, update, left_out
    FROM {source}, ROWS FROM (jsonb_to_recordset(%(steps)s::jsonb)
        AS (node text, ms double precision, update jsonb, left_out jsonb)) WITH ORDINALITY
"""
_SELECT: LiteralString = """
    SELECT position, node, ms, update, left_out FROM run_steps WHERE run_id = %s ORDER BY position
"""


class Step(TypedDict):
    """Update of a run by one node."""

    node: str
    """Name of the node."""
    ms: float | None
    """Duration in milliseconds; None where it is not known."""
    update: JsonObject
    """Channels of the state that the node wrote, bounded in size."""
    left_out: dict[str, int]
    """Items, characters or fields that the bound left out, by their place in `update`."""


@dataclass(frozen=True, slots=True)
class StoredStep:
    """A step as the table holds it; the other fields are those of `Step`."""

    position: int
    """Place in the order in which the nodes ended, from 0."""
    node: str
    ms: float | None
    update: JsonObject
    left_out: dict[str, int]


def insert_of(source: LiteralString) -> LiteralString:
    """Return the statement part that adds `%(steps)s` to the run of the WITH query `source`."""
    return _INSERT.replace("{source}", source)


def document_of(steps: Sequence[Step]) -> str:
    """Return the parameter `steps`. Raises: `Invalid` for text that cannot be stored."""
    return encode(steps).decode() if steps else "[]"


def size_of(step: Step) -> int:
    """Return the bytes of a step as JSON."""
    return len(orjson.dumps(step))


async def read_steps(pool: Pool, run_id: UUID) -> list[StoredStep]:
    """Read the steps of a run in their order; empty for a run of an earlier release."""
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(StoredStep)) as cursor,
    ):
        await cursor.execute(_SELECT, (run_id,))
        return await cursor.fetchall()
