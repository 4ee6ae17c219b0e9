"""Idempotency-Keys by caller; the table of the release before stays for that release."""

from alembic import op

from domain_services.kernel.database import idempotency

revision = "sprint_0006"
down_revision = "sprint_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.execute(idempotency.CALLERS_MIGRATION)
