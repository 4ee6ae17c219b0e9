"""Tries and reasons of events that cannot be sent."""

from alembic import op

from domain_services.kernel.messaging import outbox_rows

revision = "daily_scrum_0004"
down_revision = "daily_scrum_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(outbox_rows.MIGRATION)
