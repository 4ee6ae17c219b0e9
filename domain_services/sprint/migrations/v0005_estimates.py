"""Estimates of a sprint's tasks, as they were when it started.

They are null for sprints that started before, and for those that a release before starts.
"""

from alembic import op

revision = "sprint_0005"
down_revision = "sprint_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sprint_tasks ADD COLUMN estimate double precision CHECK (estimate >= 0)"
    )
