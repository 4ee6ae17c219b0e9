"""Product Owner's order, unfinished work, and the index of the planning order."""

from alembic import op

revision = "backlog_0004"
down_revision = "backlog_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Generated, so that a release that does not know these columns keeps them right as well.
    # `sprint_version` rises by the sprint service's own reports: an undone reservation has none.
    op.execute(
        """
        ALTER TABLE tasks ADD COLUMN order_number integer CHECK (order_number > 0),
            ADD COLUMN rank integer GENERATED ALWAYS AS (
                CASE WHEN status <> 'completed' THEN order_number END) STORED,
            ADD COLUMN carried_over boolean NOT NULL GENERATED ALWAYS AS (
                status <> 'completed' AND (
                    status = 'in_progress' OR progress_percentage > 0
                    OR (sprint_id IS NULL AND sprint_version > 0))) STORED;
        CREATE INDEX tasks_in_planning_order ON tasks (
            project_id, rank, carried_over DESC, ready DESC, priority, created_on, number);
        CREATE INDEX tasks_ranked ON tasks (project_id, order_number)
            WHERE order_number IS NOT NULL;
        DROP INDEX tasks_in_order;
        """
    )
