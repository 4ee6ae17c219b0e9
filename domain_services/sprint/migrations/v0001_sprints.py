"""Sprints, their tasks and history, daily scrums, deliveries to the chronicle, events."""

from alembic import op

from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import deliveries, inbox, outbox

revision = "sprint_0001"
down_revision = None
branch_labels = None
depends_on = None

_SPRINTS = """
    CREATE TABLE counters (
        project_id text PRIMARY KEY,
        last_number integer NOT NULL,
        last_assignee text
    );
    CREATE TABLE sprints (
        id text PRIMARY KEY,
        project_id text NOT NULL REFERENCES counters,
        number integer NOT NULL,
        name text NOT NULL,
        goal text,
        status text NOT NULL CHECK (status IN ('planned', 'in_progress', 'completed',
                                               'closed_with_pending_tasks', 'cancelled')),
        start_date date NOT NULL,
        end_date date NOT NULL CHECK (end_date >= start_date),
        duration_weeks integer NOT NULL,
        requested_by text,
        timezone text NOT NULL,
        as_of date,
        team text[] NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        closed_at timestamptz,
        saga_step text CHECK (saga_step IN ('reserving', 'compensating')),
        lease_token uuid,
        lease_until timestamptz,
        request jsonb,
        UNIQUE (project_id, number),
        CHECK ((status = 'planned') = (saga_step IS NOT NULL))
    );
    CREATE UNIQUE INDEX one_active_sprint ON sprints (project_id)
        WHERE status IN ('planned', 'in_progress');
    CREATE INDEX unfinished_sagas ON sprints (lease_until) WHERE status = 'planned';
"""
_TASKS = """
    CREATE TABLE sprint_tasks (
        sprint_id text NOT NULL REFERENCES sprints,
        task_id text NOT NULL,
        project_id text NOT NULL,
        title text NOT NULL,
        status text NOT NULL CHECK (status IN ('assigned_to_sprint', 'in_progress',
                                               'completed', 'blocked')),
        progress_percentage integer NOT NULL CHECK (progress_percentage BETWEEN 0 AND 100),
        assigned_to text,
        priority integer NOT NULL,
        version bigint NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (sprint_id, task_id)
    );
    CREATE INDEX sprint_tasks_by_task ON sprint_tasks (task_id, version);
    CREATE TABLE progress_history (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        sprint_id text NOT NULL,
        task_id text NOT NULL,
        source text NOT NULL CHECK (source IN ('reported', 'simulated')),
        day date NOT NULL,
        previous_percentage integer NOT NULL,
        progress_percentage integer NOT NULL,
        status text NOT NULL,
        version bigint NOT NULL,
        employee_id text,
        yesterday_work text,
        today_work text,
        impediments text,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        report_id uuid,
        FOREIGN KEY (sprint_id, task_id) REFERENCES sprint_tasks
    );
    CREATE INDEX progress_history_by_task ON progress_history (sprint_id, task_id, id);
    CREATE UNIQUE INDEX one_simulated_day ON progress_history (sprint_id, day, employee_id)
        WHERE source = 'simulated';
    CREATE INDEX progress_history_unreported ON progress_history (sprint_id, id)
        WHERE report_id IS NULL;
"""
_REPORTS = """
    CREATE TABLE daily_scrums (
        sprint_id text NOT NULL REFERENCES sprints,
        scrum_date date NOT NULL,
        report_id uuid NOT NULL UNIQUE,
        updated_tasks integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (sprint_id, scrum_date)
    );
"""


def upgrade() -> None:
    op.execute(outbox.MIGRATION)
    op.execute(inbox.MIGRATION)
    op.execute(idempotency.MIGRATION)
    op.execute(deliveries.MIGRATION)
    op.execute(_SPRINTS)
    op.execute(_TASKS)
    op.execute(_REPORTS)
