"""Cuts of audit chains: what is old goes from the front, and a signed head of it stays."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import text

from domain_services.chronicle.logic import audits
from domain_services.chronicle.logic.cut_heads import CutRefused, sign
from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.database.database import Database

logger = structlog.get_logger()

FIRST_SECONDS = 120
PERIOD_SECONDS = 3600
# Of one transaction, which must end within the statement timeout.
BATCH = 1000

_DUE = text(
    """
    SELECT project_id FROM decision_chains c
    WHERE EXISTS (SELECT FROM decision_audits a
                  WHERE a.project_id = c.project_id AND a.recorded_at < :before
                    AND a.sequence < c.length)
    ORDER BY project_id
    """
)
# The front ends before the first audit that is young, and before the last one of all.
_LAST = text(
    """
    SELECT max(sequence) FROM (
        SELECT sequence, recorded_at, bool_and(recorded_at < :before) OVER (ORDER BY sequence)
               AS is_front
        FROM (SELECT sequence, recorded_at FROM decision_audits
              WHERE project_id = :project_id
                AND sequence < (SELECT length FROM decision_chains WHERE project_id = :project_id)
              ORDER BY sequence LIMIT :batch) AS oldest) AS judged
    WHERE is_front
    """
)
_FRONT = text("SELECT front_of(:project_id, :last)")
_CUT = text("SELECT cut_audits(:head, :signature)")


class AuditCutter:
    """Cuts off the audits of one chronicle that were recorded more than `days` ago; 0: none."""

    def __init__(self, database: Database, days: int, keys: Sequence[bytes]) -> None:
        self._database = database
        self._days = days
        self._keys = keys

    def loop(self) -> Loop:
        """Return the loop that cuts off what is due."""
        return every(PERIOD_SECONDS, self.cut_due, name="audit_cuts", first_after=FIRST_SECONDS)

    async def cut_due(self) -> None:
        """Cut every project's chain; one that fails does not stop the others.

        Raises: `ItemsFailed`; `CutRefused` without a key.
        """
        if not self._days:
            return
        if not self._keys:
            raise CutRefused("there is no key to sign with; set DSM_AUDIT_KEY")
        before = datetime.now(UTC) - timedelta(days=self._days)
        async with self._database.transaction() as connection:
            projects = list(await connection.scalars(_DUE, {"before": before}))
        await for_each(projects, lambda project: self._cut(project, before), name=str)

    async def _cut(self, project_id: str, before: datetime) -> None:
        async with self._database.transaction() as connection:
            verified = await audits.verify(connection, project_id, keys=self._keys)
        # A cut would hide the break.
        if not verified.verified:
            raise CutRefused(
                f"the chain of {project_id} does not verify; look at dsm audit verify {project_id}"
            )
        while await self._cut_batch(project_id, before) == BATCH:
            pass

    async def _cut_batch(self, project_id: str, before: datetime) -> int:
        """Cut off up to `BATCH` audits, and return their number."""
        values = {"project_id": project_id, "before": before, "batch": BATCH}
        async with self._database.transaction() as connection:
            if (last := await connection.scalar(_LAST, values)) is None:
                return 0
            front = await connection.scalar(_FRONT, {"project_id": project_id, "last": last})
            head = _head(front, f"DSM_KEEP_AUDITS_DAYS={self._days}")
            signed = {"head": head, "signature": sign(head, self._keys[0])}
            removed = await connection.scalar(_CUT, signed)
        logger.info("audits.cut", project_id=project_id, audits=removed, last_sequence=last)
        return removed or 0


def _head(front: dict[str, Any], rule: str) -> str:
    cut_at = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps(
        front | {"cut_at": cut_at, "rule": rule}, sort_keys=True, separators=(",", ":")
    )
