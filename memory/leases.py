"""Leases: the right of one process to do a shared chore, and the pause after it."""

from dataclasses import dataclass
from typing import LiteralString
from uuid import uuid4

from memory.pool import Pool

_TAKE = """
    INSERT INTO leases AS lease (name, holder, held_until)
    VALUES (%(name)s, %(holder)s, now() + make_interval(secs => %(seconds)s))
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, held_until = excluded.held_until
    WHERE lease.held_until < now() AND (lease.finished_at IS NULL
        OR lease.finished_at <= now() - make_interval(secs => %(pause)s))
    RETURNING 1
"""
_FINISH = """
    UPDATE leases SET held_until = '-infinity',
        finished_at = CASE WHEN %(is_done)s THEN now() ELSE finished_at END
    WHERE name = %(name)s AND holder = %(holder)s
"""


@dataclass(frozen=True)
class Lease:
    """Lease of one name, as one process asks for it."""

    pool: Pool
    name: str
    holder: str
    seconds: float
    """Time after which another process may take the lease of one that died."""

    async def take(self, pause: float = 0) -> bool:
        """Take the lease; False while it is held, or within `pause` seconds of its last end."""
        return await self._execute(_TAKE, {"seconds": self.seconds, "pause": pause})

    async def finish(self, *, is_done: bool) -> None:
        """Give the lease back, unless another process has taken it; `is_done` begins the pause."""
        await self._execute(_FINISH, {"is_done": is_done})

    async def _execute(self, statement: LiteralString, values: dict[str, object]) -> bool:
        values |= {"name": self.name, "holder": self.holder}
        async with self.pool.connection() as connection:
            return (await connection.execute(statement, values)).rowcount == 1


async def installation_id(pool: Pool) -> str:
    """Return the id of the installation that the database belongs to; made at the first call."""
    statement = """
        INSERT INTO installation (id) VALUES (%s) ON CONFLICT (is_only) DO NOTHING
    """
    async with pool.connection() as connection:
        await connection.execute(statement, (uuid4(),))
        cursor = await connection.execute("SELECT id FROM installation")
        row = await cursor.fetchone()
    if row is None:
        raise RuntimeError("the installation's row was deleted while it was read")
    return str(row[0])
