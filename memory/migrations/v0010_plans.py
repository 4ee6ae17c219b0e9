"""Kind of evidence of a decision, and certainty of a project's plans."""

from alembic import op

revision = "memory_0010"
down_revision = "memory_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null for the decisions before: their evidence was judged against a rule of ten tasks.
    op.execute("ALTER TABLE episodes ADD COLUMN evidence_kind text")
    op.execute(
        """
        ALTER TABLE decision_modes ADD COLUMN certainty integer NOT NULL DEFAULT 50
            CHECK (certainty IN (50, 60, 70, 85))
        """
    )
