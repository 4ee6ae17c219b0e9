"""The migration dates the outcomes of release 0.1.0, and marks windows without any work."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import LiteralString

import psycopg
import pytest
from alembic import command

from deploy.local.servers import EmbeddedServers
from domain_services.kernel.database import migrate

NAME = "memory_before_known_outcomes"
START = date(2026, 3, 2)
EPISODE: LiteralString = """
    INSERT INTO episodes (episode_id, project_id, origin, decided_at, agent_version,
        decision_source, sprint_id, day, perception, reasoning, action, quality, recallable,
        features, completed_tasks, duration_days)
    VALUES (gen_random_uuid(), %(project)s, %(origin)s, %(day)s, '0.1.0', 'rule_based_only',
        %(sprint)s, %(day)s, '{}', '{}', '{}', 0.8, %(completed)s::integer IS NOT NULL,
        array_fill(0, ARRAY[13])::vector, %(completed)s::integer,
        CASE WHEN %(completed)s::integer IS NOT NULL THEN 14 END)
"""
OUTCOME: LiteralString = """
    INSERT INTO sprint_outcomes (sprint_id, project_id, completed_tasks, planned_tasks, spill_over,
        duration_days, closed_at) VALUES (%s, 'LIVE', 3, 5, 2, 14, %s)
"""


@pytest.fixture
def url(servers: EmbeddedServers) -> Iterator[str]:
    """Create a database of the version before."""
    admin = servers.database_url("postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {NAME}")
    created = servers.database_url(NAME)
    before = migrate.config(created, "memory")
    before.attributes["grants"] = []
    command.upgrade(before, "memory_0003")
    yield created
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def store(
    connection: psycopg.Connection, sprint: str, day: date, completed: int | None, origin: str
) -> None:
    """Store an episode as the release before does."""
    values = {"sprint": sprint, "day": day, "completed": completed, "origin": origin}
    connection.execute(EPISODE, values | {"project": sprint.split("-")[0]})


def test_outcomes_are_dated_and_windows_before_the_first_work_are_marked(url: str) -> None:
    weeks = [START + timedelta(14 * number) for number in range(4)]
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for number, completed in enumerate((0, 0, 4, 0)):
            store(connection, f"FILE-S{number}", weeks[number], completed, "import")
        store(connection, "EMPTY-S1", START, 0, "import")
        store(connection, "LIVE-S1", START, 3, "run")
        connection.execute(OUTCOME, ("LIVE-S1", "2026-03-06T10:00:00Z"))
        store(connection, "HELD-S1", date(2016, 3, 7), 3, "run")
        connection.execute(OUTCOME, ("HELD-S1", "2026-03-06T10:00:00Z"))
        store(connection, "LIVE-S2", START, None, "run")
        migrate.upgrade(url, "memory")
        # A replica of the release before goes on for a while.
        store(connection, "FILE-S9", START, 5, "import")
        rows = connection.execute(
            "SELECT sprint_id, known_on, simulated, recallable FROM episodes ORDER BY sprint_id"
        ).fetchall()
    assert rows == [
        ("EMPTY-S1", weeks[1], False, False),
        ("FILE-S0", weeks[1], False, False),
        ("FILE-S1", weeks[2], False, False),
        ("FILE-S2", weeks[3], False, True),
        ("FILE-S3", weeks[3] + timedelta(14), False, True),
        ("FILE-S9", weeks[1], False, True),
        ("HELD-S1", date(2016, 3, 21), None, True),
        ("LIVE-S1", date(2026, 3, 7), None, True),
        ("LIVE-S2", None, None, False),
    ]
