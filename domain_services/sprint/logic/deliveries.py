"""Notes owed to the chronicle: written with what they tell of, posted until it has them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel
from sqlalchemy import Row, insert, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle import schema as chronicle
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.sprint.models import deliveries

logger = structlog.get_logger()

PLANNING = "/v1/notes/sprint_planning"
RETROSPECTIVE = "/v1/notes/sprint_retrospective"
DAILY_SCRUM = "/v1/notes/daily_scrum_report"

IDLE_SECONDS = 1.0
LEASE_SECONDS = 10
LONGEST_PAUSE_SECONDS = 30
BATCH = 20

# Claimed by moving the next try: who dies while posting leaves the note to the next round.
_CLAIM = text(
    """
    UPDATE deliveries SET attempts = attempts + 1,
           next_try = now() + make_interval(secs => :lease)
    WHERE id IN (SELECT id FROM deliveries WHERE delivered_at IS NULL AND next_try <= now()
                 ORDER BY next_try LIMIT :batch FOR UPDATE SKIP LOCKED)
    RETURNING id, route, body, attempts
    """
)
_DELIVERED = text("UPDATE deliveries SET delivered_at = now() WHERE id = :id")
_POSTPONE = text(
    "UPDATE deliveries SET next_try = now() + make_interval(secs => :pause) WHERE id = :id"
)


async def owe(connection: AsyncConnection, delivery_id: UUID, route: str, note: BaseModel) -> None:
    """Owe `note` to the chronicle; it exists exactly when the caller's transaction commits."""
    values = {"id": delivery_id, "route": route, "body": note.model_dump(mode="json")}
    await connection.execute(insert(deliveries), values)


class Courier:
    """Posts owed notes until it is cancelled; an id is sent as the Idempotency-Key."""

    def __init__(self, database: Database, client: ChronicleClient) -> None:
        self._database = database
        self._client = client

    async def run(self) -> None:
        """Serve for ever; outages are waited out."""
        while True:
            try:
                full = await self.deliver_due() == BATCH
            except (SQLAlchemyError, OSError) as error:
                logger.warning("deliveries.failed", error=str(error))
                full = False
            if not full:
                await asyncio.sleep(IDLE_SECONDS)

    async def deliver_due(self) -> int:
        """Try what is due once; returns how many notes were tried."""
        async with self._database.transaction() as connection:
            claim = await connection.execute(_CLAIM, {"lease": LEASE_SECONDS, "batch": BATCH})
            due = claim.all()
        await asyncio.gather(*(self._deliver(row) for row in due))
        return len(due)

    async def _deliver(self, row: Row[Any]) -> None:
        try:
            await self._post(row)
        except Problem as error:
            # A refusal may be mended by a release of either side, so it is tried on, but loudly.
            log = logger.error if isinstance(error, PeerRefused) else logger.warning
            log("deliveries.not_delivered", id=str(row.id), route=row.route, error=error.detail)
            pause = min(2 ** min(row.attempts, 10), LONGEST_PAUSE_SECONDS)
            await self._execute(_POSTPONE, {"id": row.id, "pause": pause})
        else:
            await self._execute(_DELIVERED, {"id": row.id})

    async def _post(self, row: Row[Any]) -> None:
        key = str(row.id)
        posts: dict[str, Callable[[], Awaitable[object]]] = {
            PLANNING: lambda: self._client.create_sprint_planning(
                chronicle.SprintPlanningCreate.model_validate(row.body), key=key
            ),
            RETROSPECTIVE: lambda: self._client.create_sprint_retrospective(
                chronicle.SprintRetrospectiveCreate.model_validate(row.body), key=key
            ),
            DAILY_SCRUM: lambda: self._client.create_daily_scrum_report(
                chronicle.DailyScrumReportCreate.model_validate(row.body), key=key
            ),
        }
        await posts[row.route]()

    async def _execute(self, statement: Any, values: dict[str, Any]) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(statement, values)
