"""Day on which a task was completed."""

from alembic import op

revision = "backlog_0003"
down_revision = "backlog_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null for all existing tasks: this service has no calendar of the projects' days.
    op.execute(
        """
        ALTER TABLE tasks ADD COLUMN finished_on date
            CHECK (finished_on IS NULL OR status = 'completed');
        CREATE INDEX tasks_finished ON tasks (project_id, finished_on)
            WHERE finished_on IS NOT NULL;
        """
    )
