"""The effect of an audited decision, and outcomes of worked sprints of decisions that acted.

Audits do not change, so the column is derived from each record. Audits from before this release
tell a dry run from a shadow decision by the decision mode alone.
"""

from alembic import op

revision = "chronicle_0005"
down_revision = "chronicle_0004"
branch_labels = None
depends_on = None

_EFFECT = """
    ALTER TABLE decision_audits ADD COLUMN IF NOT EXISTS effect text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN record #>> '{decision,effect}' IN ('acted', 'dry_run', 'shadow')
                 THEN record #>> '{decision,effect}'
             WHEN record #>> '{decision,decision_mode}' = 'shadow' THEN 'shadow'
             WHEN record #>> '{decision,dry_run}' = 'true' THEN 'dry_run'
             ELSE 'acted' END) STORED;
"""
# As before, with the effect at its end: replicas of the release before read by the names.
_OUTCOMES = """
    CREATE OR REPLACE VIEW decision_outcomes AS
    SELECT a.audit_id, a.project_id, a.sprint_id, a.decision_source, a.made_at AS timestamp,
           a.sequence, r.id IS NOT NULL AS closed,
           r.completed_tasks::float8 / r.total_tasks AS completion_rate,
           CASE WHEN r.total_tasks > 0
                THEN r.completed_tasks::float8 / r.duration_days END AS efficiency,
           people.holding::float8 / people.counted AS utilization,
           a.effect, coalesce(r.simulated, false) AS simulated
    FROM decision_audits a
    LEFT JOIN LATERAL (
        SELECT id, completed_tasks, nullif(total_tasks, 0) AS total_tasks, duration_days,
               CASE WHEN total_tasks > 0 THEN tasks_summary END AS tasks_summary, simulated
        FROM sprint_retrospectives WHERE sprint_id = a.sprint_id AND worked) AS r
        ON a.creates_sprint AND a.effect = 'acted'
       AND NOT EXISTS (SELECT FROM decision_audits earlier
                       WHERE earlier.sprint_id = a.sprint_id AND earlier.creates_sprint
                         AND earlier.effect = 'acted' AND earlier.sequence < a.sequence)
    LEFT JOIN LATERAL (
        SELECT count(*) FILTER (WHERE holds) AS holding,
               CASE WHEN bool_or(attends) THEN count(*) END AS counted
        FROM (SELECT employee_id, bool_or(holds) AS holds, bool_or(NOT holds) AS attends
              FROM (SELECT task ->> 'employee_id' AS employee_id, true AS holds
                    FROM jsonb_array_elements(r.tasks_summary) AS task
                    UNION ALL
                    SELECT employee_id, false FROM retrospective_attendees
                    WHERE retrospective_id = r.id) AS named
              WHERE employee_id IS NOT NULL GROUP BY employee_id) AS person
    ) AS people ON true;
"""


def upgrade() -> None:
    """Add the column, and leave decisions without an effect out of the outcomes."""
    op.execute(_EFFECT)
    op.execute(_OUTCOMES)
