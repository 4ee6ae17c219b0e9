"""Undo in parts: a run that was taken back in part may be taken back again for the rest."""

from alembic import op

revision = "memory_0017"
down_revision = "memory_0016"
branch_labels = None
depends_on = None

# Whether a run is undone already is said by its own row, which an undo locks before it begins.
_ONE_UNDO = """
DROP INDEX runs_one_undo;
CREATE UNIQUE INDEX runs_one_undo ON runs (undoes)
    WHERE undoes IS NOT NULL AND status IN ('waiting', 'decided');
"""


def upgrade() -> None:
    op.execute(_ONE_UNDO)
