"""The effect of a decision as a column of its episode, filled from the requests of the runs.

The column is NULL for an import, and for a row that a replica of the release before writes. A
reader takes the effect of such a row from its document `action`.
"""

from alembic import op

revision = "memory_0007"
down_revision = "memory_0006"
branch_labels = None
depends_on = None

_ADD = """
ALTER TABLE episodes
    ADD COLUMN effect text CHECK (effect IN ('acted', 'dry_run', 'shadow'))
"""
# A run that was no dry run and acted on nothing was decided in shadow mode.
_FILL = """
UPDATE episodes
SET effect = CASE
    WHEN action ->> 'dry_run' IS DISTINCT FROM 'true' THEN 'acted'
    WHEN (SELECT request ->> 'dry_run' FROM runs WHERE run_id = episode_id) = 'false' THEN 'shadow'
    ELSE 'dry_run' END
WHERE origin = 'run'
"""


def upgrade() -> None:
    op.execute(_ADD)
    op.execute(_FILL)
