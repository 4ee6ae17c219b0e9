"""Items set aside: work of a loop that failed so often that a person is to decide about it.

A failed item is tried again after a pause that doubles. After `item_tries` tries its loop leaves it
alone, with the reason, until a person replays or discards it (docs/adr/0125-items-set-aside.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import Answer, UtcMoment

# With 10 tries an item is set aside after about 17 minutes.
TRIES = 10
FIRST_PAUSE_SECONDS = 2
LONGEST_PAUSE_SECONDS = 3600
MAX_ERROR_CHARACTERS = 2000


class SetAsideItem(Answer):
    """Item that a background loop has set aside."""

    kind: str
    """Kind of work, as `delivery`."""
    id: str
    """Id of the item, unique in its kind."""
    subject: str
    """What the item is about."""
    tries: int
    """Tries that failed."""
    error: str
    """Reason of the last failure."""
    set_aside_at: UtcMoment
    """Moment since which the loop leaves it alone."""


class Resolution(Answer):
    """Decision of an admin about an item."""

    kind: str
    """Kind of the item."""
    id: str
    """Id of the item."""
    resolution: str
    """`replayed` or `discarded`."""
    resolved_by: str
    """Name of the admin's key."""


@dataclass(frozen=True)
class ItemKind:
    """Kind of items that a service's loops set aside: SQL of its table, from constants only."""

    name: str
    """Name of the kind, as `delivery`."""
    plural: str
    """Name of several, for sentences."""
    table: str
    key: str
    """Column with the id."""
    subject: str
    """Expression of the subject's text."""
    replay: str
    """Assignments that give the item to its loop again, as if it had never failed."""
    discard: str | None = None
    """Assignments that give the item up; None: its row is deleted."""
    tries: str = "tries"
    """Column with the failed tries."""
    error: str = "error"
    """Column with the last reason."""
    at: str = "set_aside_at"
    """Column with the moment; null for an item that is not set aside."""

    @property
    def _columns(self) -> str:
        return (
            f"'{self.name}' AS kind, {self.key}::text AS id, {self.subject} AS subject,"
            f" {self.tries} AS tries, coalesce({self.error}, '') AS error,"
            f" {self.at} AS set_aside_at"
        )

    @property
    def listing(self) -> TextClause:
        return text(
            f"SELECT {self._columns} FROM {self.table} WHERE {self.at} IS NOT NULL"  # noqa: S608
            f" ORDER BY {self.at}, {self.key} LIMIT :limit"
        )

    @property
    def count(self) -> TextClause:
        return text(f"SELECT count(*) FROM {self.table} WHERE {self.at} IS NOT NULL")  # noqa: S608

    @property
    def replaying(self) -> TextClause:
        return text(f"UPDATE {self.table} SET {self.replay} {self._of_id}")  # noqa: S608

    @property
    def discarding(self) -> TextClause:
        if self.discard is None:
            return text(f"DELETE FROM {self.table} {self._of_id}")  # noqa: S608
        return text(f"UPDATE {self.table} SET {self.discard} {self._of_id}")  # noqa: S608

    @property
    def _of_id(self) -> str:
        return f"WHERE {self.key}::text = :id AND {self.at} IS NOT NULL"


def pause_seconds(tries: int) -> float:
    """Return the pause after the nth failed try of an item."""
    return min(FIRST_PAUSE_SECONDS * 2 ** min(max(tries, 1) - 1, 20), LONGEST_PAUSE_SECONDS)


def error_text(error: BaseException) -> str:
    """Return an error as it is stored with an item; never empty, without NUL, bounded."""
    detail = str(error).replace("\x00", "") or "no message"
    return f"{type(error).__name__}: {detail}"[:MAX_ERROR_CHARACTERS]


async def list_items(
    connection: AsyncConnection, kinds: Sequence[ItemKind], limit: int
) -> list[SetAsideItem]:
    """List up to `limit` items of each kind, oldest first."""
    items: list[SetAsideItem] = []
    for kind in kinds:
        rows = await connection.execute(kind.listing, {"limit": limit})
        items += [SetAsideItem.model_validate(row, from_attributes=True) for row in rows]
    return items


async def count_items(connection: AsyncConnection, kind: ItemKind) -> int:
    """Count the items of a kind that are set aside."""
    return int(await connection.scalar(kind.count) or 0)


async def replay(connection: AsyncConnection, kind: ItemKind, item_id: str) -> None:
    """Give an item to its loop again. Raises: `NotFound`."""
    await _change(connection, kind, kind.replaying, item_id)


async def discard(connection: AsyncConnection, kind: ItemKind, item_id: str) -> None:
    """Give an item up for good. Raises: `NotFound`."""
    await _change(connection, kind, kind.discarding, item_id)


async def _change(
    connection: AsyncConnection, kind: ItemKind, statement: TextClause, item_id: str
) -> None:
    if (await connection.execute(statement, {"id": item_id})).rowcount == 0:
        raise NotFound(f"no {kind.name} {item_id} is set aside; list them: dsm events dead list")
