"""A start waits for a database that recovers, and says which one did not answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
import pytest
from fastapi import FastAPI

from deploy.errors import StackError
from deploy.local.one_loop import host
from domain_services.kernel.database.patience import patiently
from tests.conftest import Databases


async def test_start_waits_for_a_database_that_is_not_there_yet(databases: Databases) -> None:
    url = databases.servers.database_url("late").replace("+psycopg", "")
    tries: list[None] = []
    created = asyncio.Event()

    async def work() -> int:
        tries.append(None)
        if len(tries) == 3:
            owner = databases.servers.database_url("postgres").replace("+psycopg", "")
            async with await psycopg.AsyncConnection.connect(owner, autocommit=True) as connection:
                await connection.execute("CREATE DATABASE late")
            created.set()
        async with await psycopg.AsyncConnection.connect(url) as connection:
            row = await (await connection.execute("SELECT 1")).fetchone()
        return row[0] if row else 0

    try:
        assert await patiently(work, pause_seconds=0) == 1
        assert (len(tries), created.is_set()) == (3, True)
    finally:
        databases.drop(url)


async def test_start_does_not_wait_for_a_bug_nor_for_ever(databases: Databases) -> None:
    async def broken() -> None:
        raise LookupError("a bug")

    with pytest.raises(LookupError):
        await patiently(broken)
    url = databases.servers.database_url("never").replace("+psycopg", "")

    async def away() -> None:
        await psycopg.AsyncConnection.connect(url)

    with pytest.raises(psycopg.OperationalError):
        await patiently(away, seconds=0.05, pause_seconds=0.01)


async def test_failed_start_names_the_database_and_the_reason(databases: Databases) -> None:
    url = databases.servers.database_url("never").replace("+psycopg", "")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await psycopg.AsyncConnection.connect(url)
        yield

    with socket.create_server(("127.0.0.1", 0)) as listener:
        hosted = host("orchestrator", FastAPI(lifespan=lifespan), listener)
        with pytest.raises(StackError, match="orchestrator did not start: the database of orch"):
            await hosted.task
