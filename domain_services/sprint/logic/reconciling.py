"""Reconciliation of the sprints' tasks with the reservations of the backlog.

The backlog releases what no running sprint holds; a running sprint publishes its tasks again when
the backlog lacks one. A difference counts when two comparisons in a row show it: what is under way
then has ended (docs/adr/0136-reconciled-reservations.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.held_tasks import TASKS_DIGEST
from domain_services.backlog.schema import HeldTasks
from domain_services.events import BACKLOG_GROUP, TaskUpdated
from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Problem
from domain_services.kernel.messaging import outbox
from domain_services.sprint.logic import tasks
from domain_services.sprint.schema import SprintTask

logger = structlog.get_logger()

PAGE = 1000  # sprints of one comparison
# Of rounds between two repairs of a sprint that did not help: each publishes its tasks.
LONGEST_PAUSE = 256

Kind = Literal["orphaned", "lost"]
Status = Literal["planned", "in_progress", "ended", "unknown"]

# Sprints in progress within a page of the backlog, with their tasks.
_RUNNING = text(
    f"""
    SELECT sprints.id, sprints.project_id, count(*) AS tasks, {TASKS_DIGEST} AS digest
    FROM sprints JOIN sprint_tasks ON sprint_tasks.sprint_id = sprints.id
    WHERE sprints.status = 'in_progress' AND sprints.id COLLATE "C" > :after
      AND (CAST(:last AS text) IS NULL OR sprints.id COLLATE "C" <= :last)
    GROUP BY sprints.id
    """  # noqa: S608 - a constant of the backlog
)
_STATUSES = text("SELECT id, status FROM sprints WHERE id = ANY(CAST(:ids AS text[]))")
# Events on their way may change what the backlog holds: nothing is repaired before they arrive.
# One that is set aside arrives only when a person replays it, and is then older than the repair.
_ON_THE_WAY = text(
    """
    SELECT EXISTS (
        SELECT FROM outbox
        WHERE closed_at IS NULL AND set_aside_at IS NULL AND :group = ANY (awaiting)
          AND payload ->> 'event_type' = :event_type
          AND payload -> 'event_data' ->> 'task_id'
              IN (SELECT task_id FROM sprint_tasks WHERE sprint_id = :sprint_id))
    """
)
_LOCK = text("SELECT FROM sprints WHERE id = :sprint_id AND status = 'in_progress' FOR UPDATE")
_RENEW = text(
    """
    UPDATE sprint_tasks SET version = version + 1, updated_at = now()
    WHERE sprint_id = :sprint_id RETURNING *
    """
)


@dataclass(frozen=True)
class Difference:
    """Difference between a sprint and its reservation."""

    kind: Kind
    """`orphaned`: the backlog holds tasks of no running sprint; `lost`: it lacks some of one."""
    project_id: str
    sprint_id: str


class Reconciler:
    """Compares the sprints in progress with the backlog's reservations, page by page."""

    def __init__(self, database: Database, backlog: BacklogClient, *, seconds: float) -> None:
        self._database = database
        self._backlog = backlog
        self._seconds = seconds
        self._after = ""
        self._rounds: dict[Difference, int] = {}
        """Rounds in a row that have shown each difference."""
        self._present: set[Difference] = set()
        """Differences of the present walk through all pages."""

    def loop(self) -> Loop:
        """Return the loop that compares."""
        return every(self._seconds, self.compare, name="reservations", first_after=self._seconds)

    async def compare(self) -> bool:
        """Compare one page and repair what differs for long; True when more pages follow."""
        try:
            groups = await self._backlog.list_reservations(after=self._after, limit=PAGE)
        except Problem as error:
            # A refusal, as of a key without the route in its scope, would last unseen.
            if isinstance(error, PeerRefused) and error.peer_status != 404:
                raise
            # The backlog is away, or of the release before: nothing is known of its tasks.
            logger.debug("reservations.not_compared", error=error.detail)
            return False
        last = groups[-1].sprint_id if len(groups) == PAGE else None
        differences = await self._differences(groups, last)
        due = [difference for difference in differences if self._is_due(difference)]
        self._after = last or ""
        if last is None:
            self._rounds = {one: n for one, n in self._rounds.items() if one in self._present}
            self._present = set()
        await for_each(due, self._repair, name=lambda difference: difference.sprint_id)
        return last is not None

    def _is_due(self, difference: Difference) -> bool:
        """Count a round that shows the difference; True in the 2nd, 4th, 8th and so on."""
        self._present.add(difference)
        rounds = self._rounds.get(difference, 0) + 1
        self._rounds[difference] = rounds
        return rounds >= 2 and (rounds & (rounds - 1) == 0 or rounds % LONGEST_PAUSE == 0)

    async def _differences(self, groups: Sequence[HeldTasks], last: str | None) -> list[Difference]:
        # After the backlog was read: a sprint is stored before it reserves.
        async with self._database.transaction() as connection:
            values = {"after": self._after, "last": last}
            running = {row.id: row for row in await connection.execute(_RUNNING, values)}
            statuses = await _read_statuses(connection, [group.sprint_id for group in groups])
        reserved = {group.sprint_id: group for group in groups}
        orphaned = [
            Difference("orphaned", group.project_id, group.sprint_id)
            for group in groups
            if statuses.get(group.sprint_id, "unknown") in ("ended", "unknown")
        ]
        lost = [
            Difference("lost", row.project_id, sprint_id)
            for sprint_id, row in running.items()
            if not _agree(reserved.get(sprint_id), row.tasks, row.digest)
        ]
        return orphaned + lost

    async def _repair(self, difference: Difference) -> None:
        if difference.kind == "lost":
            await self._publish_again(difference.sprint_id)
            return
        async with self._database.reading() as connection:
            if await _is_on_the_way(connection, difference.sprint_id):
                return
        released = await self._backlog.release(difference.project_id, difference.sprint_id)
        logger.warning(
            "reservations.released", sprint_id=difference.sprint_id, tasks=released.released
        )

    async def _publish_again(self, sprint_id: str) -> None:
        """Publish the tasks of a running sprint as newer than anything the backlog knows."""
        values = {"sprint_id": sprint_id}
        async with self._database.transaction() as connection:
            # Two replicas: the second finds the first one's events on their way.
            if (await connection.execute(_LOCK, values)).first() is None:
                return
            if await _is_on_the_way(connection, sprint_id):
                return
            rows = (await connection.execute(_RENEW, values)).all()
            renewed = [SprintTask.model_validate(row, from_attributes=True) for row in rows]
            events = tasks.task_updated_events(renewed)
            await outbox.append(connection, events, source=tasks.SOURCE)
        logger.warning("reservations.published_again", sprint_id=sprint_id, tasks=len(rows))


def _agree(group: HeldTasks | None, count: int, digest: int) -> bool:
    return group is not None and (group.tasks, group.digest) == (count, digest)


async def _read_statuses(
    connection: AsyncConnection, sprint_ids: Sequence[str]
) -> Mapping[str, Status]:
    rows = await connection.execute(_STATUSES, {"ids": list(sprint_ids)})
    under_way = ("planned", "in_progress")
    return {row.id: row.status if row.status in under_way else "ended" for row in rows}


async def _is_on_the_way(connection: AsyncConnection, sprint_id: str) -> bool:
    values = {
        "sprint_id": sprint_id,
        "group": BACKLOG_GROUP,
        "event_type": TaskUpdated.event_type,
    }
    return bool(await connection.scalar(_ON_THE_WAY, values))
