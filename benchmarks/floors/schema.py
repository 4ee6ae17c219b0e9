"""Tables of the floors, in a database of their own: the columns of ours, and nothing else."""

import psycopg

from benchmarks.stage import Stage

DATABASE = "benchmark_floors"
PROJECT, SPRINT, TASKS = "FLOOR", "FLOOR-S01", 200

_TABLES = """
CREATE TABLE tasks (
    task_id text PRIMARY KEY, project_id text NOT NULL, title text NOT NULL,
    description text NOT NULL, status text NOT NULL, sprint_id text, assigned_to text,
    progress_percentage integer NOT NULL, priority integer NOT NULL, type text NOT NULL,
    labels text[] NOT NULL, estimate double precision, external_key text, version bigint NOT NULL,
    created_on date, created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON tasks (project_id, priority, created_on);
CREATE TABLE sprints (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, project_id text NOT NULL,
    status text NOT NULL, start_date date NOT NULL, end_date date NOT NULL
);
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL UNIQUE,
    stream text NOT NULL, payload jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, episode jsonb NOT NULL
);
-- Our own journal as it is, where nobody moves its episodes on while others are measured.
CREATE EXTENSION vector;
CREATE TABLE episode_journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, episode jsonb NOT NULL, refused text
);
"""
_ROWS = """
INSERT INTO tasks
SELECT 'FLOOR-TASK' || lpad(n::text, 3, '0'), 'FLOOR', 'Task number ' || n,
       'What is to be done in task number ' || n, 'unassigned', NULL, NULL, 0, 1 + n %% 5, 'task',
       ARRAY['benchmark'], 3, NULL, 1, NULL
FROM generate_series(1, %s) AS n
"""


def create(stage: Stage) -> str:
    """Make the database anew; its URL."""
    with psycopg.connect(stage.database("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    url = stage.database(DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)
        connection.execute(_ROWS, (TASKS,))
        connection.execute("VACUUM (ANALYZE) tasks")
    return url


def task_id(number: int) -> str:
    return f"{PROJECT}-TASK{number:03d}"
