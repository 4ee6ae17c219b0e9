"""Working days of a sprint, and the facts of its close."""

from alembic import op

revision = "sprint_0003"
down_revision = "sprint_0002"
branch_labels = None
depends_on = None

_COLUMNS = """
    ALTER TABLE sprints
        ADD COLUMN working_days date[],
        ADD COLUMN ended_on date,
        ADD COLUMN worked boolean,
        ADD COLUMN completed_outside integer CHECK (completed_outside >= 0)
"""


def upgrade() -> None:
    op.execute(_COLUMNS)
