"""Conversations of the chat: their owner, and who works on one at the moment.

The time until which a conversation is held names its holder: no two are held until the same time,
because each claim sees the one before as over.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from domain_services.kernel.errors import Conflict, NotFound
from memory.pool import Pool

# ruff: noqa: S608 (statements consist of constants)

_COLUMNS: LiteralString = "thread_id, project_id, title, created_at, updated_at, busy_until"
_BEGIN: LiteralString = f"""
    INSERT INTO chat.threads (thread_id, owner, project_id, title, busy_until)
    VALUES (%(thread_id)s, %(owner)s, %(project_id)s, %(title)s,
            now() + make_interval(secs => %(seconds)s))
    RETURNING {_COLUMNS}
"""
_CLAIM: LiteralString = f"""
    UPDATE chat.threads
    SET updated_at = now(), busy_until = now() + make_interval(secs => %(seconds)s)
    WHERE thread_id = %(thread_id)s AND owner = %(owner)s
        AND (busy_until IS NULL OR busy_until < now())
    RETURNING {_COLUMNS}
"""
# A holder that was late changes nothing: somebody else may hold the conversation by then.
_RENEW: LiteralString = f"""
    UPDATE chat.threads SET busy_until = now() + make_interval(secs => %(seconds)s)
    WHERE thread_id = %(thread_id)s AND busy_until = %(busy_until)s
    RETURNING {_COLUMNS}
"""
_RELEASE = """
    UPDATE chat.threads SET busy_until = NULL
    WHERE thread_id = %(thread_id)s AND busy_until = %(busy_until)s
"""
_ONE: LiteralString = f"""
    SELECT {_COLUMNS} FROM chat.threads WHERE thread_id = %(thread_id)s AND owner = %(owner)s
"""
_NEWEST: LiteralString = f"""
    SELECT {_COLUMNS} FROM chat.threads WHERE owner = %(owner)s
    ORDER BY updated_at DESC LIMIT 50
"""


class ThreadBusy(Conflict):
    """Refusal of a message while another one of the conversation is worked on."""

    code = "thread_busy"
    title = "The conversation is busy"


class ThreadFull(Conflict):
    """Refusal of a message in a conversation that has as many messages as may be stored."""

    code = "thread_full"
    title = "The conversation is full"


@dataclass(frozen=True, slots=True)
class Thread:
    """One conversation."""

    thread_id: UUID
    """Id of the conversation."""
    project_id: str | None
    """Project that it is about; None without one."""
    title: str
    """First message, shortened."""
    created_at: datetime
    """Time of the first message."""
    updated_at: datetime
    """Time of the last message."""
    busy_until: datetime | None
    """Time until which it is held for a message; None when nobody works on it."""


class ChatThreads:
    """Table of conversations; `owner` is the name of the API key that began one."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(
        self, thread_id: UUID, owner: str, project_id: str | None, title: str, seconds: float
    ) -> Thread:
        """Begin a conversation, and hold it for `seconds`."""
        values = {"project_id": project_id, "title": title, "seconds": seconds}
        thread = await self._first(_BEGIN, {"thread_id": thread_id, "owner": owner, **values})
        assert thread is not None  # RETURNING of an INSERT
        return thread

    async def claim(self, thread_id: UUID, owner: str, seconds: float) -> Thread:
        """Hold a conversation for `seconds`. Raises: `NotFound`, `ThreadBusy`."""
        values = {"thread_id": thread_id, "owner": owner, "seconds": seconds}
        if (thread := await self._first(_CLAIM, values)) is not None:
            return thread
        await self.read(thread_id, owner)
        raise ThreadBusy(
            "the answer to an earlier message of this conversation is being written; wait for it,"
            " or begin another conversation",
            thread_id=str(thread_id),
        )

    async def renew(self, thread: Thread, seconds: float) -> Thread | None:
        """Hold a conversation for `seconds` more; None when another message holds it by now."""
        values = {"thread_id": thread.thread_id, "busy_until": thread.busy_until}
        return await self._first(_RENEW, values | {"seconds": seconds})

    async def release(self, thread: Thread) -> None:
        """Let go of a conversation, unless another message holds it by now."""
        values = {"thread_id": thread.thread_id, "busy_until": thread.busy_until}
        async with self._pool.connection() as connection:
            await connection.execute(_RELEASE, values)

    async def read(self, thread_id: UUID, owner: str) -> Thread:
        """Read a conversation. Raises: `NotFound`, also for one of another key."""
        thread = await self._first(_ONE, {"thread_id": thread_id, "owner": owner})
        if thread is None:
            raise NotFound(
                f"this key has no conversation {thread_id}; leave out thread_id to begin one",
                thread_id=str(thread_id),
            )
        return thread

    async def newest(self, owner: str) -> list[Thread]:
        """List conversations, the newest first."""
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Thread)) as cursor,
        ):
            return await (await cursor.execute(_NEWEST, {"owner": owner})).fetchall()

    async def _first(self, statement: LiteralString, values: Mapping[str, object]) -> Thread | None:
        async with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Thread)) as cursor,
        ):
            return await (await cursor.execute(statement, values)).fetchone()
