"""Brings the audits of decisions to the chronicle, however long it is away."""

import asyncio

import psycopg
import structlog

from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Problem
from memory.audits import OwedAudit, OwedAudits

logger = structlog.get_logger()

IDLE_SECONDS = 1.0
BATCH = 20


class Courier:
    """Posts owed audits until it is cancelled; an audit's id makes repeating it harmless."""

    def __init__(self, owed: OwedAudits, chronicle: ChronicleClient) -> None:
        self._owed = owed
        self._chronicle = chronicle

    async def run(self) -> None:
        """Serve for ever; outages are waited out."""
        while True:
            try:
                full = await self.deliver_due() == BATCH
            except psycopg.Error as error:
                logger.warning("audits.failed", error=str(error))
                full = False
            if not full:
                await asyncio.sleep(IDLE_SECONDS)

    async def deliver_due(self) -> int:
        """Try what is due once, oldest decision first; how many were tried.

        When the chronicle is away, those that are left would only wait for it too.
        """
        tried = 0
        for owed in await self._owed.claim(BATCH):
            tried += 1
            if not await self._deliver(owed):
                break
        return tried

    async def _deliver(self, owed: OwedAudit) -> bool:
        """False when the chronicle does not answer."""
        try:
            audit = DecisionAuditCreate.model_validate(owed.audit)
            await self._chronicle.create_decision_audit(audit, key=str(owed.audit_id))
        except Problem as error:
            # A refusal may be mended by a release of either side, so it is tried on, but loudly.
            log = logger.error if isinstance(error, PeerRefused) else logger.warning
            log("audits.not_delivered", audit_id=str(owed.audit_id), error=error.detail)
            await self._owed.postpone(owed.audit_id)
            return isinstance(error, PeerRefused)
        await self._owed.delivered(owed.audit_id)
        return True
