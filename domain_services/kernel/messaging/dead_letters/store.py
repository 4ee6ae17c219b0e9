"""Store of dead letters: parked by a consumer, then replayed or discarded by an admin."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.database import Database
from domain_services.kernel.errors import Conflict, NotFound
from domain_services.kernel.messaging.dead_letters.schema import DeadLetter
from domain_services.kernel.messaging.envelope import Envelope

Apply = Callable[[AsyncConnection, Envelope], Awaitable[object]]
Groups = Mapping[tuple[str, str], Apply]  # by stream and consumer group

MIGRATION = """
CREATE TABLE dead_letters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream text NOT NULL,
    consumer_group text NOT NULL,
    entry_id text NOT NULL,
    event_id uuid,
    event_type text,
    payload text NOT NULL,
    error text NOT NULL,
    tries integer NOT NULL CHECK (tries > 0),
    parked_at timestamptz NOT NULL DEFAULT now(),
    resolution text CHECK (resolution IN ('replayed', 'discarded')),
    resolved_at timestamptz,
    resolved_by text,
    UNIQUE (stream, consumer_group, entry_id),
    CHECK ((resolution IS NULL) = (resolved_at IS NULL))
);
CREATE INDEX dead_letters_open ON dead_letters (id) WHERE resolution IS NULL;
"""

_PARK = text(
    """
    INSERT INTO dead_letters
        (stream, consumer_group, entry_id, event_id, event_type, payload, error, tries)
    VALUES (:stream, :group, :entry_id, :event_id, :event_type, :payload, :error, :tries)
    ON CONFLICT DO NOTHING
    """
)
_LIST = text(
    """
    SELECT * FROM dead_letters WHERE id > :after AND (resolution IS NULL OR :resolved)
    ORDER BY id LIMIT :limit
    """
)
_COUNT_OPEN = text("SELECT count(*) FROM dead_letters WHERE resolution IS NULL")
_LOCK = text("SELECT * FROM dead_letters WHERE id = :id FOR UPDATE")
_RESOLVE = text(
    """
    UPDATE dead_letters SET resolution = :resolution, resolved_at = now(), resolved_by = :actor,
           tries = tries + :more
    WHERE id = :id RETURNING *
    """
)
_FAILED_AGAIN = text("UPDATE dead_letters SET tries = tries + 1, error = :error WHERE id = :id")


class StillFails(Conflict):
    """Failure of a replayed event; repair what it names, then replay again."""

    code = "still_fails"
    title = "The event still fails"


class Resolved(Conflict):
    """Refusal to resolve a dead letter again in the other way."""

    code = "resolved"
    title = "The dead letter is resolved"


def error_text(error: BaseException) -> str:
    """Return an error's text as it is stored with the letter."""
    # PostgreSQL stores no NUL, and a broken event must not fill the table with its text.
    return f"{type(error).__name__}: {error}"[:2000].replace("\x00", "")


async def park(
    connection: AsyncConnection,
    source: tuple[str, str, str],
    payload: bytes,
    event: Envelope | None,
    error: Exception,
    tries: int,
) -> None:
    """Store an event that cannot be handled; `source` is its stream, group and entry id."""
    stream, group, entry_id = source
    values = {
        "stream": stream,
        "group": group,
        "entry_id": entry_id,
        "event_id": event.event_id if event else None,
        "event_type": event.event_type.replace("\x00", "") if event else None,
        "payload": payload.decode(errors="replace").replace("\x00", ""),
        "error": error_text(error),
        "tries": tries,
    }
    await connection.execute(_PARK, values)


async def list_page(
    connection: AsyncConnection, *, after: int, limit: int, resolved: bool
) -> list[DeadLetter]:
    """Return letters in the order of parking, from the id after `after`."""
    values = {"after": after, "limit": limit, "resolved": resolved}
    return [_letter(row) for row in await connection.execute(_LIST, values)]


async def count_open(connection: AsyncConnection) -> int:
    """Count the letters that are neither replayed nor discarded."""
    return (await connection.execute(_COUNT_OPEN)).scalar_one()


async def replay(database: Database, groups: Groups, letter_id: int, actor: str) -> DeadLetter:
    """Handle a parked event once; a second call answers as the first.

    Raises: `NotFound`, `Resolved` for a discarded letter, `StillFails`.
    """
    try:
        async with database.transaction() as connection:
            letter = await _lock(connection, letter_id, "discarded")
            if letter.resolution is not None:
                return letter
            await _apply(connection, groups, letter)
            return await _resolve(connection, letter_id, "replayed", actor, more=1)
    except StillFails as failure:
        async with database.transaction() as connection:
            values = {"id": letter_id, "error": error_text(failure.__cause__ or failure)}
            await connection.execute(_FAILED_AGAIN, values)
        raise


async def discard(connection: AsyncConnection, letter_id: int, actor: str) -> DeadLetter:
    """Discard an event; a second call answers as the first. Raises: `NotFound`, `Resolved`."""
    letter = await _lock(connection, letter_id, "replayed")
    if letter.resolution is not None:
        return letter
    return await _resolve(connection, letter_id, "discarded", actor, more=0)


async def _lock(connection: AsyncConnection, letter_id: int, otherwise: str) -> DeadLetter:
    row = (await connection.execute(_LOCK, {"id": letter_id})).first()
    if row is None:
        raise NotFound(f"there is no dead letter {letter_id}")
    if row.resolution == otherwise:
        raise Resolved(f"dead letter {letter_id} was {otherwise} by {row.resolved_by}")
    return _letter(row)


async def _apply(connection: AsyncConnection, groups: Groups, letter: DeadLetter) -> None:
    apply = groups.get((letter.stream, letter.consumer_group))
    if apply is None:
        raise StillFails(
            f"no consumer reads {letter.stream} as {letter.consumer_group} any more: discard it"
        )
    try:
        event = Envelope.model_validate_json(letter.payload)
    except ValidationError as error:
        raise StillFails("the payload is no event: discard it") from error
    try:
        await apply(connection, event)
    except Exception as error:
        raise StillFails(f"repair the cause, then replay again: {error_text(error)}") from error


async def _resolve(
    connection: AsyncConnection, letter_id: int, resolution: str, actor: str, *, more: int
) -> DeadLetter:
    values = {"id": letter_id, "resolution": resolution, "actor": actor, "more": more}
    return _letter((await connection.execute(_RESOLVE, values)).one())


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter.model_validate(row, from_attributes=True)
