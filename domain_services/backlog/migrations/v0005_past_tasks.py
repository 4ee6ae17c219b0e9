"""Dates of tasks that were finished before the backlog was kept here."""

from alembic import op

revision = "backlog_0005"
down_revision = "backlog_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE past_tasks (
            project_id text NOT NULL,
            external_key text NOT NULL,
            created_on date NOT NULL,
            finished_on date NOT NULL CHECK (finished_on >= created_on),
            PRIMARY KEY (project_id, external_key)
        );
        """
    )
