"""Texts of the run whose episode is forgotten: emptied where they are stored.

The run keeps its ids, numbers, calls and people, so that it can still be read and taken back. The
audits stay whole (docs/adr/0147-corrections-and-forgetting.md).
"""

from collections.abc import Mapping
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb
from pydantic import JsonValue

from memory.pool import Connection

# Fields of a decision or an answer whose texts are reasons. Calls and deeds have other names.
REASONS = frozenset(
    {
        "chance_in_words",
        "days_off",
        "degraded",
        "evidence_source",
        "expected_improvement",
        "notes",
        "open_impediments",
        "pace",
        "rationale",
        "reason",
        "reasoning",
        "sentence",
        "words",
    }
)

_READ = "SELECT decision, proposal, response FROM runs WHERE run_id = %s FOR UPDATE"
_WRITE = "UPDATE runs SET decision = %s, proposal = %s, response = %s WHERE run_id = %s"
_DELETE: tuple[LiteralString, ...] = (
    "DELETE FROM run_steps WHERE run_id = %(run_id)s",
    "DELETE FROM run_inputs WHERE run_id = %(run_id)s",
    "DELETE FROM run_comments WHERE run_id = %(run_id)s",
    "DELETE FROM checkpoints WHERE thread_id = %(run_id)s::text",
    "DELETE FROM checkpoint_blobs WHERE thread_id = %(run_id)s::text",
    "DELETE FROM checkpoint_writes WHERE thread_id = %(run_id)s::text",
    # Answers to keyed requests, as to the corrections of the episode.
    "DELETE FROM keyed_requests WHERE strpos(body, %(run_id)s::text) > 0",
    "DELETE FROM idempotency_keys WHERE strpos(body, %(run_id)s::text) > 0",
)


async def empty(connection: Connection, run_id: UUID) -> None:
    """Remove the texts of a run within the caller's transaction; an import has no run."""
    row = await (await connection.execute(_READ, (run_id,))).fetchone()
    if row is not None:
        documents = [
            None if document is None else Jsonb(without_reasons(document)) for document in row
        ]
        await connection.execute(_WRITE, (*documents, run_id))
    for statement in _DELETE:
        await connection.execute(statement, {"run_id": run_id})


def without_reasons(document: JsonValue) -> JsonValue:
    """Return a document with its reasons empty, in the same shape."""
    if isinstance(document, Mapping):
        return {
            name: _empty(value) if name in REASONS else without_reasons(value)
            for name, value in document.items()
        }
    if isinstance(document, list):
        return [without_reasons(item) for item in document]
    return document


def _empty(value: JsonValue) -> JsonValue:
    """Return a value without its texts; what is no text, as a number of the name, stays."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [item for item in value if not isinstance(item, str)]
    return without_reasons(value)
