"""Keep the column of effects readable by the release before, and add one with all effects.

That release answers 500 for a list with an effect that it does not know, and its callers then
pause all calls to the chronicle. It serves beside the new replicas during a roll-out, and again
when somebody goes back. Its column says of an edited decision that it acted, and of a deed or an
unapproved decision that nothing was done. Its counts read the views, which have all effects.
"""

from alembic import op

revision = "chronicle_0014"
down_revision = "chronicle_0013"
branch_labels = None
depends_on = None

# `kind` is written by graphs/deeds.py. Both columns are filled by one pass over the table.
_EFFECTS = """
    ALTER TABLE decision_audits
        ADD COLUMN IF NOT EXISTS full_effect text NOT NULL GENERATED ALWAYS AS (
            CASE WHEN record #>> '{decision,kind}' = 'deed' THEN 'deed'
                 WHEN record #>> '{decision,effect}'
                      IN ('acted', 'edited', 'dry_run', 'shadow', 'not_approved')
                     THEN record #>> '{decision,effect}'
                 WHEN record #>> '{decision,decision_mode}' = 'shadow' THEN 'shadow'
                 WHEN record #>> '{decision,dry_run}' = 'true' THEN 'dry_run'
                 ELSE 'acted' END) STORED,
        ALTER COLUMN effect SET EXPRESSION AS (
            CASE WHEN record #>> '{decision,kind}' = 'deed'
                      OR record #>> '{decision,effect}' = 'not_approved' THEN 'shadow'
                 WHEN record #>> '{decision,effect}' = 'edited' THEN 'acted'
                 WHEN record #>> '{decision,effect}' IN ('acted', 'dry_run', 'shadow')
                     THEN record #>> '{decision,effect}'
                 WHEN record #>> '{decision,decision_mode}' = 'shadow' THEN 'shadow'
                 WHEN record #>> '{decision,dry_run}' = 'true' THEN 'dry_run'
                 ELSE 'acted' END);
"""
# As before, with all effects.
_READERS = """
    CREATE OR REPLACE VIEW counted_decisions AS
    SELECT audit_id, project_id, sequence, sprint_id, decision_source, made_at, creates_sprint,
           full_effect AS effect
    FROM decision_audits
    UNION ALL
    SELECT audit_id, project_id, sequence, sprint_id, decision_source, made_at, creates_sprint,
           effect
    FROM cut_decisions;

    CREATE OR REPLACE FUNCTION slim_rows(project text, last bigint) RETURNS SETOF cut_decisions
    LANGUAGE sql STABLE AS $$
        SELECT project_id, sequence, audit_id, sprint_id, decision_source, made_at,
               creates_sprint, full_effect, record ->> 'actor', record ->> 'run_id',
               audit_content(record), hash
        FROM decision_audits WHERE project_id = project AND sequence <= last
    $$;
"""


def upgrade() -> None:
    """Derive both columns, and let the views and the cuts read the one with all effects."""
    op.execute(_EFFECTS)
    op.execute(_READERS)
