"""Indexes of the rows that retention deletes."""

from alembic import op

from domain_services.kernel.database import kernel_tables

revision = "daily_scrum_0003"
down_revision = "daily_scrum_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(kernel_tables.OUTBOX_INDEX)
    op.execute("CREATE INDEX scrum_runs_by_age ON scrum_runs (created_at)")
