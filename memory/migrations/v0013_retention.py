"""Counts of deleted decisions, and indexes of the rows that retention deletes."""

from alembic import op

from domain_services.kernel.database import kernel_tables

revision = "memory_0013"
down_revision = "memory_0012"
branch_labels = None
depends_on = None

_COUNTS = """
    CREATE TABLE deleted_decisions (
        project_id text NOT NULL,
        decision_source text NOT NULL,
        effect text NOT NULL,
        cancelled boolean NOT NULL,
        decisions bigint NOT NULL,
        PRIMARY KEY (project_id, decision_source, effect, cancelled)
    );
"""
_INDEXES = """
    CREATE INDEX runs_ended ON runs (ended_at) WHERE ended_at IS NOT NULL;
    CREATE INDEX episodes_without_outcome ON episodes (decided_at)
        WHERE origin = 'run' AND completed_tasks IS NULL
          AND (sprint_id IS NULL OR cancelled_at IS NOT NULL);
"""


def upgrade() -> None:
    op.execute(kernel_tables.INBOX_INDEX)
    op.execute(kernel_tables.DELIVERIES_INDEX)
    op.execute(kernel_tables.DEAD_LETTERS_INDEX)
    op.execute(_COUNTS)
    op.execute(_INDEXES)
