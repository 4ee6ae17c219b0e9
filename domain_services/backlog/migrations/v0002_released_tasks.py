"""Release of completed tasks by closed sprints."""

from alembic import op

revision = "backlog_0002"
down_revision = "backlog_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null for all existing tasks: this database cannot tell which sprints are closed. The sprint
    # service's migration sprint_0002 announces the completed tasks of its closed sprints.
    op.execute("ALTER TABLE tasks ADD COLUMN ended_sprint_id text")
