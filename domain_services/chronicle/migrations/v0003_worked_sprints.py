"""Facts of the close of a sprint: its real last day, who worked, and what was finished outside."""

from alembic import op

revision = "chronicle_0003"
down_revision = "chronicle_0002"
branch_labels = None
depends_on = None

_COLUMNS = """
    ALTER TABLE sprint_retrospectives
        ADD COLUMN ended_on date,
        ADD COLUMN progress_source text
            CHECK (progress_source IN ('reported', 'simulated', 'none')),
        ADD COLUMN worked boolean NOT NULL DEFAULT true,
        ADD COLUMN completed_outside integer CHECK (completed_outside >= 0)
"""
# Release 0.1.0 wrote the mode of a daily scrum into its sentence, with the number of its tasks.
_MARK = """
    UPDATE sprint_retrospectives AS r
    SET progress_source = facts.progress_source, worked = facts.progress_source <> 'none'
    FROM (SELECT closed.sprint_id, CASE
                 WHEN bool_or(n.summary ~ 'Progress was simulated on [1-9]') THEN 'simulated'
                 WHEN bool_or(jsonb_path_exists(n.additional_data, '$.reports.*[*].tasks[*]'))
                 THEN 'reported' ELSE 'none' END AS progress_source
          FROM sprint_retrospectives AS closed LEFT JOIN chronicle_notes AS n
              ON n.sprint_id = closed.sprint_id AND n.note_type = 'daily_scrum_report'
          WHERE closed.origin = 'sprint_service' GROUP BY closed.sprint_id) AS facts
    WHERE r.sprint_id = facts.sprint_id
"""


def upgrade() -> None:
    """Add the columns, and mark the sprints that this service closed by their daily reports."""
    op.execute(_COLUMNS)
    op.execute(_MARK)
