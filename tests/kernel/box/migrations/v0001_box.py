"""Boxes, and the tables that the kernel needs in each service."""

from alembic import op

from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import inbox, outbox, outbox_rows

revision = "box_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(idempotency.MIGRATION)
    op.execute(idempotency.CALLERS_MIGRATION)
    op.execute(inbox.MIGRATION)
    op.execute(outbox.MIGRATION)
    op.execute(outbox_rows.MIGRATION)
    op.execute(
        """
        CREATE TABLE boxes (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            shelf text NOT NULL,
            label text NOT NULL
        );
        """
    )
