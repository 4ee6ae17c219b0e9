"""The migration to deliveries keeps every audit, also from replicas of the earlier release."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from psycopg.types.json import Jsonb

from deploy.local.servers import EmbeddedServers
from domain_services.kernel.database import migrate

NAME = "memory_of_the_release_before"
OLD_INSERT = "INSERT INTO owed_audits (audit_id, project_id, audit) VALUES (%s, %s, %s)"


@pytest.fixture
def url(servers: EmbeddedServers) -> Iterator[str]:
    """Create a database of the earlier release."""
    admin = servers.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    created = servers.database_url(NAME)
    before = migrate.config(created, "memory")
    before.attributes["grants"] = []
    command.upgrade(before, "memory_0001")
    yield created
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def old_audit(connection: psycopg.Connection) -> UUID:
    """Store an audit as the earlier release does."""
    [audit_id] = connection.execute("SELECT uuidv7()").fetchone() or (uuid4(),)
    audit = {"audit_id": str(audit_id), "project_id": "P1"}
    connection.execute(OLD_INSERT, (audit_id, "P1", Jsonb(audit)))
    return audit_id


def test_audits_of_both_releases_become_deliveries(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        before = old_audit(connection)
        connection.execute("UPDATE owed_audits SET attempts = 3")
        migrate.upgrade(url, "memory")
        during = old_audit(connection)
        rows = connection.execute(
            "SELECT id, route, body ->> 'project_id', attempts, delivered_at"
            " FROM deliveries ORDER BY created_at"
        ).fetchall()
        [carried_over] = connection.execute(
            "SELECT created_at = uuid_extract_timestamp(id) FROM deliveries WHERE id = %s",
            (before,),
        ).fetchone() or (False,)
    assert rows == [
        (before, "/v1/notes/decision_audit", "P1", 3, None),
        (during, "/v1/notes/decision_audit", "P1", 0, None),
    ]
    assert carried_over


def test_runs_with_and_without_a_delivery_are_known_to_the_audits(url: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        before = old_audit(connection)
        [early] = connection.execute(EARLY_RUN).fetchone() or (uuid4(),)
        migrate.upgrade(url, "memory")
        during = old_audit(connection)
        connection.execute("DELETE FROM deliveries; DELETE FROM runs")
        rows = connection.execute(
            "SELECT run_id, project_id, content = audit_content(%s) FROM audited_runs"
            " WHERE run_id <> %s OR content IS NULL ORDER BY run_id",
            (Jsonb({"audit_id": str(before), "project_id": "P1"}), during),
        ).fetchall()
        noted = connection.execute(
            "SELECT content IS NOT NULL FROM audited_runs WHERE run_id = %s", (during,)
        ).fetchone()
    assert rows == [(before, "P1", True), (early, "P2", None)]
    assert noted == (True,)


def test_delivery_that_is_no_audit_stops_neither_the_upgrade_nor_a_replica(url: str) -> None:
    insert = "INSERT INTO deliveries (id, route, body) VALUES (uuidv7(), %s, %s)"
    broken = ("/v1/notes/decision_audit", Jsonb({"no": "audit"}))
    config = migrate.config(url, "memory")
    config.attributes["grants"] = []
    command.upgrade(config, "memory_0011")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(insert, broken)
        migrate.upgrade(url, "memory")
        connection.execute(insert, broken)
        stored = connection.execute("SELECT count(*) FROM deliveries").fetchone()
        noted = connection.execute("SELECT count(*) FROM audited_runs").fetchone()
    assert (stored, noted) == ((2,), (0,))


EARLY_RUN = """
    INSERT INTO runs (project_id, status, lease_seconds, lease_until, request)
    VALUES ('P2', 'done', 30, now(), '{}') RETURNING run_id
"""
