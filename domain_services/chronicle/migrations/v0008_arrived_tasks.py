"""Count of the finished tasks that were created after their sprint began.

It is null for the sprints recorded before, and for those that a release before records.
"""

from alembic import op

revision = "chronicle_0008"
down_revision = "chronicle_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.execute(
        """
        ALTER TABLE sprint_retrospectives
            ADD COLUMN IF NOT EXISTS completed_arrived integer CHECK (completed_arrived >= 0)
        """
    )
