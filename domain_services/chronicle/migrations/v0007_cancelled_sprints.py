"""Cancelled sprints: their decisions have no outcome to come."""

from alembic import op

revision = "chronicle_0007"
down_revision = "chronicle_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """
        CREATE TABLE IF NOT EXISTS cancelled_sprints (
            sprint_id text PRIMARY KEY,
            id uuid NOT NULL,
            project_id text NOT NULL,
            reason text,
            cancelled_at timestamptz NOT NULL
        )
        """
    )
