"""Digest of what an audit says, which the memory computes of each run's audit by the same function.

`memory_0012` has the same text. A comparison finds audits that are missing, forged or other than
their runs.
"""

from alembic import op

revision = "chronicle_0011"
down_revision = "chronicle_0010"
branch_labels = None
depends_on = None

# The fields are named one by one: a release that adds an optional one computes the same digest.
_CONTENT = """
    CREATE OR REPLACE FUNCTION audit_content(audit jsonb) RETURNS bytea
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN sha256(convert_to(CAST(jsonb_build_array(
        audit -> 'audit_id', audit -> 'project_id', audit -> 'sprint_id',
        audit -> 'decision_source', audit -> 'decision', audit -> 'rule_based_decision',
        audit -> 'intelligence_adjustments', audit -> 'reasoning', audit -> 'confidence',
        audit -> 'actor', audit -> 'run_id', audit -> 'timestamp') AS text), 'UTF8'));
"""


def upgrade() -> None:
    """Create the function."""
    op.execute(_CONTENT)
