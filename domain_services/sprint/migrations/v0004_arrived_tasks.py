"""Count of the finished tasks that were created after their sprint began.

It is null for sprints that were closed before, and for those that a release before closes.
"""

from alembic import op

revision = "sprint_0004"
down_revision = "sprint_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sprints ADD COLUMN completed_arrived integer CHECK (completed_arrived >= 0)"
    )
