"""Code of the refusal of an import, beside its words: programs go on by it."""

from alembic import op

revision = "memory_0020"
down_revision = "memory_0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE imports ADD COLUMN problem_code text")
