"""Effects of decisions that a person changed or did not approve, and of deeds of people.

The column is derived from each record, which does not change; a cut's slim rows keep the effect
that they were cut with. A replica of the release before cannot list one of the new effects:
chronicle_0014 gives them a column of their own.
"""

from alembic import op

revision = "chronicle_0013"
down_revision = "chronicle_0012"
branch_labels = None
depends_on = None

# `kind` is written by graphs/deeds.py.
_EFFECT = """
    ALTER TABLE decision_audits ALTER COLUMN effect SET EXPRESSION AS (
        CASE WHEN record #>> '{decision,kind}' = 'deed' THEN 'deed'
             WHEN record #>> '{decision,effect}'
                  IN ('acted', 'edited', 'dry_run', 'shadow', 'not_approved')
                 THEN record #>> '{decision,effect}'
             WHEN record #>> '{decision,decision_mode}' = 'shadow' THEN 'shadow'
             WHEN record #>> '{decision,dry_run}' = 'true' THEN 'dry_run'
             ELSE 'acted' END);
"""


def upgrade() -> None:
    """Derive the new effects; each record is read once."""
    op.execute(_EFFECT)
