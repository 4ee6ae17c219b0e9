"""Tries and reasons of events that cannot be sent."""

from alembic import op

from domain_services.kernel.messaging import outbox_rows

revision = "sprint_0009"
down_revision = "sprint_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(outbox_rows.MIGRATION)
