"""Indexes of the rows that retention deletes."""

from alembic import op

from domain_services.kernel.database import kernel_tables

revision = "sprint_0007"
down_revision = "sprint_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(kernel_tables.OUTBOX_INDEX)
    op.execute(kernel_tables.INBOX_INDEX)
    op.execute(kernel_tables.DELIVERIES_INDEX)
    op.execute(kernel_tables.DEAD_LETTERS_INDEX)
