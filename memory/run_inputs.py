"""Inputs of recorded decisions: stored with each decision, read in pages, oldest first."""

from dataclasses import dataclass
from typing import LiteralString

from psycopg.types.json import Jsonb

from memory.episode_documents import JsonObject


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
