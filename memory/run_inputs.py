"""Inputs of recorded decisions: stored with each decision, read in pages, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from domain_services.chronicle.schema import DecisionEffect
from memory.episode_documents import JsonObject
from memory.pool import Pool
from memory.run import Status


@dataclass(frozen=True, slots=True)
class RunInputs:
    """Inputs of one decision, as they are stored."""

    agent_version: str
    """Version of the program that decided."""
    document: JsonObject
    """The inputs as JSON (`graphs/inputs.py`)."""


def insert_from(runs: LiteralString) -> LiteralString:
    """Return the statement that stores the inputs of a run, from a row of `runs`.

    It is part of the statement that stores the decision: both are there, or none. A run that is
    decided and then finished has inputs once.
    """
    return f"""
        INSERT INTO run_inputs (run_id, project_id, agent_version, inputs)
        SELECT run_id, project_id, %(agent_version)s, %(inputs)s::jsonb FROM {runs}
        WHERE %(inputs)s::jsonb IS NOT NULL ON CONFLICT (run_id) DO NOTHING
    """  # noqa: S608 - a LiteralString, which the type checker holds


def values_of(inputs: RunInputs | None) -> dict[str, object]:
    """Return the values of `insert_from`; None stores nothing."""
    if inputs is None:
        return {"agent_version": None, "inputs": None}
    return {"agent_version": inputs.agent_version, "inputs": Jsonb(inputs.document)}


@dataclass(frozen=True, slots=True)
class StoredInputs:
    """Inputs of a decision beside the outcome of its sprint."""

    run_id: UUID
    """Id of the run."""
    project_id: str
    """Id of the project."""
    decided_at: datetime
    """Time of the decision."""
    agent_version: str
    """Version of the program that decided."""
    inputs: JsonObject
    """The inputs as JSON (`graphs/inputs.py`)."""
    status: Status | None
    """Status of the run; None when the run has been deleted, which is before its inputs."""
    effect: DecisionEffect | None
    """Whether the decision acted; None before its episode is stored, as while it waits."""
    sprint_id: str | None
    """The sprint that it began; None when it began none."""
    planned_tasks: int | None
    """Tasks that entered the sprint; None while its outcome is not known."""
    completed_tasks: int | None
    """Tasks completed in it; None as above."""


_PAGE: LiteralString = """
    SELECT kept.run_id, kept.project_id, kept.decided_at, kept.agent_version, kept.inputs,
        runs.status, episodes.effect, episodes.sprint_id, episodes.planned_tasks,
        episodes.completed_tasks
    FROM run_inputs AS kept
        LEFT JOIN runs ON runs.run_id = kept.run_id
        LEFT JOIN episodes ON episodes.episode_id = kept.run_id
    WHERE (%(run_id)s::uuid IS NULL OR kept.run_id = %(run_id)s)
        AND (%(project_id)s::text IS NULL OR kept.project_id = %(project_id)s)
        AND (%(since)s::timestamptz IS NULL OR kept.decided_at >= %(since)s)
        AND (%(before)s::uuid IS NULL OR kept.run_id < %(before)s)
    ORDER BY kept.run_id DESC LIMIT %(limit)s
"""
_STORED_AT = "SELECT decided_at FROM run_inputs WHERE run_id = %s"
_FIRST = """
    SELECT decided_at FROM run_inputs
    WHERE %(project_id)s::text IS NULL OR project_id = %(project_id)s ORDER BY run_id LIMIT 1
"""


async def read_page(
    pool: Pool,
    *,
    project_id: str | None = None,
    since: datetime | None = None,
    before: UUID | None = None,
    limit: int,
) -> list[StoredInputs]:
    """Read up to `limit` inputs that match, newest first, from the one before `before` on."""
    return await _read(
        pool, {"project_id": project_id, "since": since, "before": before, "limit": limit}
    )


async def read_one(pool: Pool, run_id: UUID) -> StoredInputs | None:
    """Read the inputs of one run; None where none are stored."""
    return next(iter(await _read(pool, {"run_id": run_id, "limit": 1})), None)


async def stored_at(pool: Pool, run_id: UUID) -> datetime | None:
    """Return the time at which the inputs of a run were stored; None where none are."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_STORED_AT, (run_id,))).fetchone()
    return row[0] if row else None


async def first_time(pool: Pool, project_id: str | None) -> datetime | None:
    """Return the time of the oldest stored inputs, of one project or of all; None without any."""
    async with pool.connection() as connection:
        row = await (await connection.execute(_FIRST, {"project_id": project_id})).fetchone()
    return row[0] if row else None


async def _read(pool: Pool, values: dict[str, object]) -> list[StoredInputs]:
    named = dict.fromkeys(("run_id", "project_id", "since", "before")) | values
    async with (
        pool.connection() as connection,
        connection.cursor(row_factory=class_row(StoredInputs)) as cursor,
    ):
        await cursor.execute(_PAGE, named)
        return await cursor.fetchall()
