"""Columns for the numbers of a decision that learning reads, filled from the stored documents.

The documents (`reasoning`, `action`) stay as they are. The columns may be NULL: a replica of the
release before writes none, and learning passes over its decisions.
"""

from alembic import op

revision = "memory_0003"
down_revision = "memory_0002"
branch_labels = None
depends_on = None

_ADD = """
ALTER TABLE episodes
    ADD COLUMN rule_tasks integer,
    ADD COLUMN recommended_tasks integer,
    ADD COLUMN applied_tasks integer,
    ADD COLUMN raw_confidence double precision,
    ADD COLUMN stated_confidence double precision
"""
_FILL = """
UPDATE episodes
SET rule_tasks = (adjustment ->> 'original_recommendation')::integer,
    recommended_tasks = (adjustment ->> 'intelligence_recommendation')::integer,
    applied_tasks = (adjustment ->> 'applied_value')::integer,
    raw_confidence = (adjustment #>> '{evidence_details,confidence,raw}')::double precision,
    stated_confidence = (adjustment ->> 'confidence')::double precision
FROM (
    SELECT episode_id AS id,
           reasoning #> '{intelligence_adjustments,task_count_modification}' AS adjustment
    FROM episodes WHERE origin = 'run'
) AS counted
WHERE id = episode_id AND adjustment IS NOT NULL
"""


def upgrade() -> None:
    op.execute(_ADD)
    op.execute(_FILL)
