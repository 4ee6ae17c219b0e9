"""Simulated days, and the outbox of their events."""

from alembic import op

from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import outbox

revision = "daily_scrum_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(outbox.MIGRATION)
    op.execute(idempotency.MIGRATION)
    op.execute(
        """
        CREATE TABLE scrum_runs (
            sprint_id text NOT NULL,
            scrum_date date NOT NULL,
            answer jsonb NOT NULL,
            created_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (sprint_id, scrum_date)
        );
        """
    )
