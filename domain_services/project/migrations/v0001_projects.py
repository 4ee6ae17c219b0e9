"""Projects, people, teams, own calendar days and leave."""

from alembic import op

from domain_services.kernel.database import idempotency

revision = "project_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(idempotency.MIGRATION)
    op.execute(
        """
        CREATE TABLE projects (
            id text PRIMARY KEY,
            name text NOT NULL,
            description text NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'inactive')),
            country text NOT NULL,
            subdivision text,
            timezone text NOT NULL,
            progress_mode text NOT NULL CHECK (progress_mode IN ('simulated', 'reported')),
            as_of date,
            created_at timestamptz NOT NULL DEFAULT now()
        );
        CREATE TABLE employees (
            id text PRIMARY KEY,
            name text NOT NULL,
            email text,
            role text
        );
        CREATE TABLE team_members (
            project_id text NOT NULL REFERENCES projects,
            employee_id text NOT NULL REFERENCES employees,
            position bigint GENERATED ALWAYS AS IDENTITY,
            PRIMARY KEY (project_id, employee_id)
        );
        CREATE TABLE calendar_days (
            project_id text NOT NULL REFERENCES projects,
            date date NOT NULL,
            type text NOT NULL CHECK (type IN ('holiday', 'working_day')),
            name text NOT NULL,
            PRIMARY KEY (project_id, date)
        );
        CREATE TABLE pto (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            employee_id text NOT NULL REFERENCES employees,
            start_date date NOT NULL,
            end_date date NOT NULL CHECK (end_date >= start_date),
            reason text NOT NULL
        );
        CREATE INDEX pto_by_employee ON pto (employee_id, start_date);
        """
    )
