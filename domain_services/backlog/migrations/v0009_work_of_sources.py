"""Work that has begun in a task's source, and the running sprint that the task is in there."""

from alembic import op

revision = "backlog_0009"
down_revision = "backlog_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the facts; begun work counts as carried over, and a running sprint's tasks come first."""
    # The expression of a generated column cannot be changed before PostgreSQL 17.
    op.execute(
        """
        DROP INDEX tasks_in_planning_order;
        ALTER TABLE tasks ADD COLUMN begun boolean NOT NULL DEFAULT false,
            ADD COLUMN started_on date,
            ADD COLUMN source_sprint text;
        ALTER TABLE tasks DROP COLUMN carried_over,
            ADD COLUMN carried_over boolean NOT NULL GENERATED ALWAYS AS (
                status <> 'completed' AND (
                    status = 'in_progress' OR progress_percentage > 0
                    OR (sprint_id IS NULL AND sprint_version > 0)
                    OR begun OR source_sprint IS NOT NULL)) STORED,
            ADD COLUMN in_source_sprint boolean NOT NULL GENERATED ALWAYS AS (
                status <> 'completed' AND source_sprint IS NOT NULL) STORED;
        CREATE INDEX tasks_in_planning_order ON tasks (
            project_id, in_source_sprint DESC, rank, carried_over DESC, ready DESC, priority,
            created_on, number);
        CREATE INDEX tasks_in_source_sprints ON tasks (project_id, source_sprint)
            WHERE in_source_sprint;
        """
    )
