"""Checkpoints: storage of runs that have decided and not yet acted."""

import asyncio
from typing import Any
from uuid import UUID

import psycopg
import structlog
from langgraph.checkpoint.base import CheckpointTuple
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from pydantic import TypeAdapter

from domain_services.kernel.database.schema import ask
from graphs.state import DURABLE_TYPES
from memory.pool import Pool

logger = structlog.get_logger()

WAIT_SECONDS = 1.0
CHAT_SCHEMA = "chat"
_VERSION = """
    SELECT least((SELECT max(v) FROM checkpoint_migrations),
                 (SELECT max(v) FROM chat.checkpoint_migrations))
"""
# A creation that was killed leaves an index that no query uses and that LangGraph takes for made.
_INVALID = """
    SELECT format('DROP INDEX %I.%I', nspname, indexes.relname)
    FROM pg_index JOIN pg_class AS indexes ON indexes.oid = indexrelid
    JOIN pg_class AS tables ON tables.oid = indrelid
    JOIN pg_namespace ON pg_namespace.oid = tables.relnamespace
    WHERE NOT indisvalid AND nspname = current_schema()
      AND starts_with(tables.relname, 'checkpoint')
"""


def create_tables(connection: psycopg.Connection[Any]) -> None:
    """Create LangGraph's tables, or bring them to its newest version.

    `connection` commits each statement and holds the database's lock: LangGraph itself fails when
    two do this at once. Runs have theirs in the schema `public`, conversations in `chat`.
    """
    for schema in ("public", CHAT_SCHEMA):
        connection.execute(f"SET search_path TO {schema}".encode())
        for (statement,) in connection.execute(_INVALID).fetchall():
            connection.execute(statement)
        PostgresSaver(connection).setup()
    connection.execute("RESET search_path")


async def wait_for_tables(url: str) -> None:
    """Return when LangGraph's tables are at the version that this process knows, or newer."""
    while reason := await _missing(url):
        logger.warning("checkpoints.waiting", reason=reason)
        await asyncio.sleep(WAIT_SECONDS)


async def _missing(url: str) -> str:
    """Return why LangGraph's tables cannot be used; empty when they can."""
    try:
        version = await ask(url, _VERSION)
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        version = None
    except psycopg.Error as error:
        return f"the database does not answer: {error}"
    if version is not None and version >= len(AsyncPostgresSaver.MIGRATIONS) - 1:
        return ""
    return "LangGraph's tables are older or missing; run dsm migrate"


class StateSerializer(JsonPlusSerializer):
    """Serializer that stores the types of a run's state as JSON under their names.

    Values of other types are stored as LangGraph does.
    """

    def __init__(self) -> None:
        # No module is allowed, and only a type of `DURABLE_TYPES` is built from a stored name:
        # write access to the database must not be a way to load other code.
        super().__init__(allowed_msgpack_modules=())
        self._adapters: dict[str, TypeAdapter[object]] = {
            _stored_name(kind): TypeAdapter(kind) for kind in DURABLE_TYPES
        }

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return the name of the type and the bytes of `obj`."""
        name = _stored_name(obj.__class__)
        adapter = self._adapters.get(name)
        return super().dumps_typed(obj) if adapter is None else (name, adapter.dump_json(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value of a stored name and bytes. Raises: `ValidationError`."""
        name, stored = data
        adapter = self._adapters.get(name)
        return super().loads_typed(data) if adapter is None else adapter.validate_json(stored)


def _stored_name(kind: type) -> str:
    return f"dsm.{kind.__name__}"


class Checkpoints:
    """Savers on the agent's pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._serde = StateSerializer()

    def saver(self) -> AsyncPostgresSaver:
        """Return a new saver."""
        # One for each run: a shared one makes runs queue for its lock.
        return AsyncPostgresSaver(self._pool, serde=self._serde)  # pyright: ignore[reportArgumentType] - it sets its own row factory

    async def find(self, run_id: UUID) -> CheckpointTuple | None:
        """Read the stored state of a run; None when there is none."""
        return await self.saver().aget_tuple({"configurable": {"thread_id": str(run_id)}})
