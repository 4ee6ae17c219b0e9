"""Index of the tasks that running sprints hold, which the sprint service compares with its own."""

from alembic import op

revision = "backlog_0008"
down_revision = "backlog_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: tasks of ended sprints are not in it."""
    op.execute(
        """
        CREATE INDEX tasks_held ON tasks ((sprint_id COLLATE "C")) INCLUDE (project_id, task_id)
            WHERE sprint_id IS NOT NULL AND sprint_id IS DISTINCT FROM ended_sprint_id
        """
    )
