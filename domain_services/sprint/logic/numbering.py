"""Numbering of sprints after an import that brought earlier ones."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

# Never backwards: a repeated import must not give a number away twice.
_CONTINUE = text(
    """
    INSERT INTO counters (project_id, last_number) VALUES (:project_id, :number)
    ON CONFLICT (project_id) DO UPDATE
    SET last_number = greatest(counters.last_number, excluded.last_number)
    RETURNING last_number
    """
)


async def continue_after(connection: AsyncConnection, project_id: str, number: int) -> int:
    """Reserve the numbers up to `number`; returns the last number in use."""
    values = {"project_id": project_id, "number": number}
    return int(await connection.scalar(_CONTINUE, values) or 0)
