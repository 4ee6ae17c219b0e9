"""Times of recording of audits from before they were hashed, and of those after."""

from collections.abc import Iterator

import psycopg
import pytest
from alembic import command
from pydantic import SecretStr
from sqlalchemy import Connection, create_engine

from deploy.local.servers import EmbeddedServers
from domain_services.chronicle.logic import audits
from domain_services.chronicle.logic.cuts import AuditCutter
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.kernel.database import migrate
from domain_services.kernel.database.database import Database, open_database
from tests.services.chronicle.history import audit

NAME = "chronicle_without_hashed_times"
_KEY = b"k" * 32
_INSERT = "INSERT INTO decision_audits (record) VALUES (%s)"
_CHANGED = "a time of recording was changed, of it or of an audit up to number 3"
_REDATE = "UPDATE decision_audits SET recorded_at = recorded_at - interval '1 day' WHERE {}"


@pytest.fixture
def url(servers: EmbeddedServers) -> Iterator[str]:
    """Create a database with three audits of P1 as the release before wrote them."""
    admin = servers.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    created = servers.database_url(NAME)
    before = migrate.config(created, "domain_services.chronicle")
    command.upgrade(before, "chronicle_0008")
    _record(created, 3)
    yield created
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def _record(url: str, count: int) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for _ in range(count):
            connection.execute(_INSERT, [audit("P1").model_dump_json()])


def _tamper(url: str, statement: str) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


def _problem(connection: Connection) -> tuple[int, str | None]:
    [row] = connection.execute(audits.VERIFY, {"project_id": None, "genesis": audits.GENESIS})
    return row.records, row.problem


def _verify(url: str) -> tuple[int, str | None]:
    engine = create_engine(url)
    with engine.connect() as connection:
        problem = _problem(connection)
    engine.dispose()
    return problem


def test_old_and_new_audits_make_one_chain(url: str) -> None:
    migrate.upgrade(url, "domain_services.chronicle")
    assert _verify(url) == (3, None)
    _record(url, 2)
    assert _verify(url) == (5, None)


@pytest.mark.parametrize("newer", [0, 2])
@pytest.mark.parametrize("number", [1, 3])
def test_changed_time_of_an_old_audit_shows(url: str, newer: int, number: int) -> None:
    migrate.upgrade(url, "domain_services.chronicle")
    _record(url, newer)
    _tamper(url, _REDATE.format(f"sequence = {number}"))
    assert _verify(url) == (3 + newer, _CHANGED)


def test_rewritten_digest_of_old_times_shows_once_a_newer_audit_carries_it(url: str) -> None:
    migrate.upgrade(url, "domain_services.chronicle")
    rewrite = f"{_REDATE.format('sequence = 2')}; UPDATE decision_chains SET old_times"
    _record(url, 1)
    _tamper(url, f"{rewrite} = old_times_of(project_id)")
    assert _verify(url) == (4, _CHANGED)


def test_removed_digest_of_old_times_shows(url: str) -> None:
    migrate.upgrade(url, "domain_services.chronicle")
    _tamper(url, "UPDATE decision_chains SET old_times = NULL")
    assert _verify(url) == (3, _CHANGED)


async def test_cut_between_old_audits_keeps_the_times_of_the_others(url: str) -> None:
    _tamper(url, _REDATE.format("sequence <= 2").replace("1 day", "400 days"))
    migrate.upgrade(url, "domain_services.chronicle")
    _record(url, 1)
    async with open_database(ChronicleSettings(database_url=SecretStr(url))) as database:
        await AuditCutter(database, 365, [_KEY]).cut_due()
        assert await _verified(database) == (2, None)
        _tamper(url, _REDATE.format("sequence = 3"))
        assert await _verified(database) == (2, _CHANGED)


async def _verified(database: Database) -> tuple[int, str | None]:
    async with database.transaction() as connection:
        [chain] = (await audits.verify(connection, "P1", keys=[_KEY])).chains
    return chain.records, chain.problem
