"""Rejected daily scrums: remembered like deleted ones, and told apart from them."""

from alembic import op

revision = "memory_0018"
down_revision = "memory_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE deleted_schedules ADD COLUMN rejected boolean NOT NULL DEFAULT false")
