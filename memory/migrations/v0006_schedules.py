"""Schedules of two kinds, their results, deletions by people, and follow-up runs.

The table becomes `cronjobs`. Replicas of the release before go on with the view `schedules`, which
shows them the daily scrums alone; a later release drops it.
"""

from alembic import op

revision = "memory_0006"
down_revision = "memory_0004"
branch_labels = None
depends_on = None

_CRONJOBS = """
ALTER TABLE schedules RENAME TO cronjobs;
ALTER INDEX schedules_by_project RENAME TO cronjobs_by_project;
ALTER TABLE cronjobs
    ADD COLUMN kind text NOT NULL DEFAULT 'daily_scrum'
        CHECK (kind IN ('daily_scrum', 'orchestrate')),
    ADD COLUMN created_by text NOT NULL DEFAULT 'project-orchestrator',
    ADD COLUMN starts_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_by text,
    ALTER COLUMN sprint_id DROP NOT NULL,
    ALTER COLUMN ends_on DROP NOT NULL,
    ADD CHECK (kind = 'orchestrate' OR (sprint_id IS NOT NULL AND ends_on IS NOT NULL));
UPDATE cronjobs SET starts_at = created_at;
CREATE VIEW schedules AS
    SELECT name, project_id, sprint_id, schedule, timezone, ends_on, created_at, last_due_at,
           claimed_until
    FROM cronjobs WHERE kind = 'daily_scrum';
"""
_AROUND = """
CREATE TABLE job_results (
    name text PRIMARY KEY,
    finished_at timestamptz NOT NULL,
    result text NOT NULL,
    run_id uuid
);

CREATE TABLE deleted_schedules (
    sprint_id text PRIMARY KEY,
    project_id text NOT NULL,
    deleted_by text NOT NULL,
    deleted_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX deleted_schedules_by_project ON deleted_schedules (project_id);

CREATE TABLE follow_up_runs (
    project_id text PRIMARY KEY,
    run_id uuid NOT NULL,
    sprint_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL,
    claimed_until timestamptz
);

ALTER TABLE daily_jobs
    ADD COLUMN schedule text,
    ADD COLUMN suspended_at timestamptz,
    ADD COLUMN suspended_by text;
"""


def upgrade() -> None:
    op.execute(_CRONJOBS)
    op.execute(_AROUND)
