"""Idempotency-Keys by caller; the table of the release before stays for that release."""

from alembic import op

from domain_services.kernel.database import idempotency

revision = "memory_0011"
down_revision = "memory_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute(idempotency.CALLERS_MIGRATION)
