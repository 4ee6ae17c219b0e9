"""Signed heads of what was cut off the front of audit chains.

A head is a JSON text that states the cut: project, first and last sequence, count, the last hash,
times, the digest of the slim rows that stay, and the rule. Its signature is the HMAC-SHA-256 by a
key that the database does not hold, so that who can write to the database cannot forge a cut.
"""

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.schema import ChainCut
from domain_services.kernel.errors import Problem

# No other text that is signed by the key can be read as a head.
_PURPOSE = b"dsm audit cut\n"

_CUTS = text(
    """
    SELECT project_id, sequence, head, signature,
           lag(sequence, 1, 0) OVER cuts AS sequence_before,
           encode(lag(signature) OVER cuts, 'hex') AS signature_before,
           kept_facts(project_id, 1 + lag(sequence, 1, 0) OVER cuts, sequence) AS facts
    FROM decision_cuts
    WHERE CAST(:project_id AS text) IS NULL OR project_id = :project_id
    WINDOW cuts AS (PARTITION BY project_id ORDER BY sequence)
    ORDER BY project_id, sequence
    """
)


class CutRefused(Problem):
    """Refusal to cut off audits."""

    status = 409
    code = "cut_refused"
    title = "No audit was cut off"


@dataclass
class Cuts:
    """Cuts of one chain."""

    heads: list[ChainCut] = field(default_factory=list[ChainCut])
    """Signed heads, oldest first, up to the first that does not hold."""
    problem: str | None = None
    """Description of the first that does not hold; None: all do."""


def sign(head: str, key: bytes) -> bytes:
    """Return the HMAC-SHA-256 of a head. Raises: `CutRefused` for an empty key."""
    if not key:
        raise CutRefused("there is no key to sign with; set DSM_AUDIT_KEY")
    return hmac.new(key, _PURPOSE + head.encode(), sha256).digest()


async def read(
    connection: AsyncConnection, project_id: str | None, keys: Sequence[bytes]
) -> dict[str, Cuts]:
    """Read the cuts of a project, None for all, and check each by the keys and by what stays."""
    cuts: dict[str, Cuts] = {}
    for row in await connection.execute(_CUTS, {"project_id": project_id}):
        chain = cuts.setdefault(row.project_id, Cuts())
        if chain.problem:
            continue
        if problem := _problem(row, keys):
            chain.problem = f"the cut up to number {row.sequence} does not hold: {problem}"
        else:
            chain.heads.append(ChainCut.model_validate_json(row.head))
    return cuts


def _problem(row: Row[Any], keys: Sequence[bytes]) -> str | None:
    if not keys:
        return "it cannot be checked without DSM_AUDIT_KEY"
    if not any(hmac.compare_digest(sign(row.head, key), row.signature) for key in keys):
        return "it is not signed by the key of the chronicle"
    head = json.loads(row.head)
    first = row.sequence_before + 1
    place = (row.project_id, first, row.sequence, row.sequence - first + 1, row.signature_before)
    stated = ("project_id", "first_sequence", "last_sequence", "audits", "signature_before")
    if place != tuple(head[name] for name in stated):
        return "it is not the head of this place"
    if head["facts"] != row.facts:
        return "what stays of its audits was changed"
    return None
