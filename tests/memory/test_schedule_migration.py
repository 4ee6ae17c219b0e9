"""The daily jobs of an earlier release become schedules, as people had changed them."""

from collections.abc import Callable
from typing import Any

import psycopg

from memory.migrations import v0008_next_due

_BEFORE = """
    DROP TRIGGER carry_daily_job ON daily_jobs;
    DROP FUNCTION carry_daily_job;
    DELETE FROM cronjobs;
    INSERT INTO daily_jobs (name, done_for, schedule, suspended_at, suspended_by) VALUES
        ('learn', '2026-03-01', '30 5 * * *', NULL, NULL),
        ('backfill', '2026-03-01', NULL, now(), 'maria');
    INSERT INTO job_results (name, finished_at, result) VALUES ('learn', now(), '3 outcomes.');
"""
_ROWS = "SELECT name, schedule, suspended_by, project_id FROM cronjobs ORDER BY name"


def execute(url: str, *statements: str) -> list[Any]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in statements:
            cursor = connection.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
        return cursor.fetchall() if cursor.description else []


def test_changes_and_pauses_of_daily_jobs_survive_the_migration(
    database_url: Callable[[str], str],
) -> None:
    url = database_url("memory")
    rows = execute(url, _BEFORE, v0008_next_due.DAILY_JOBS, _ROWS)
    assert rows == [
        ("run-backfill", "0 3 * * *", "maria", None),
        ("run-learn", "30 5 * * *", None, None),
    ]
    assert execute(url, "SELECT name, result FROM job_results") == [("run-learn", "3 outcomes.")]


def test_changes_by_a_replica_of_the_earlier_release_are_carried_over(
    database_url: Callable[[str], str],
) -> None:
    url = database_url("memory")
    claim = (
        "INSERT INTO daily_jobs AS job (name, lease_until) VALUES ('learn', now())"
        " ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until"
    )
    pause = (
        "INSERT INTO daily_jobs AS job (name, suspended_at, suspended_by)"
        " VALUES ('learn', now(), 'ben') ON CONFLICT (name) DO UPDATE SET"
        " suspended_at = excluded.suspended_at, suspended_by = excluded.suspended_by"
    )
    execute(url, claim, "UPDATE cronjobs SET suspended_at = now(), suspended_by = 'maria'")
    [(_, _, suspended_by, _)] = execute(url, claim, _ROWS)
    assert suspended_by == "maria"
    change = "UPDATE daily_jobs SET schedule = '0 6 * * *' WHERE name = 'learn'"
    assert execute(url, pause, change, _ROWS) == [("run-learn", "0 6 * * *", "ben", None)]
    execute(url, "UPDATE daily_jobs SET done_for = current_date WHERE name = 'learn'")
    [(has_fired,)] = execute(url, "SELECT last_due_at IS NOT NULL FROM cronjobs")
    assert has_fired
