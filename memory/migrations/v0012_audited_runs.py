"""Runs whose audits the chronicle must hold, as slim rows that outlive run and delivery.

A trigger on the deliveries adds them, so that a replica of the release before does too. Of earlier
runs without a delivery only the id is known: they may have an audit, and need not. A delivery that
names no project is no audit that the chronicle could take: it is left to its tries, and must not
stop the upgrade.
"""

from alembic import op

revision = "memory_0012"
down_revision = "memory_0011"
branch_labels = None
depends_on = None

# As in chronicle_0011: equal digests mean equal audits.
_CONTENT = """
CREATE FUNCTION audit_content(audit jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(CAST(jsonb_build_array(
    audit -> 'audit_id', audit -> 'project_id', audit -> 'sprint_id',
    audit -> 'decision_source', audit -> 'decision', audit -> 'rule_based_decision',
    audit -> 'intelligence_adjustments', audit -> 'reasoning', audit -> 'confidence',
    audit -> 'actor', audit -> 'run_id', audit -> 'timestamp') AS text), 'UTF8'));
"""
_TABLE = """
CREATE TABLE audited_runs (
    run_id uuid PRIMARY KEY,
    project_id text NOT NULL,
    decision_source text,
    content bytea
);
CREATE INDEX audited_runs_by_project ON audited_runs (project_id, run_id);
CREATE FUNCTION note_audited_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audited_runs (run_id, project_id, decision_source, content)
    VALUES (NEW.id, NEW.body ->> 'project_id', NEW.body ->> 'decision_source',
            audit_content(NEW.body))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER audited_runs_noted AFTER INSERT ON deliveries
    FOR EACH ROW
    WHEN (NEW.route = '/v1/notes/decision_audit' AND NEW.body ->> 'project_id' IS NOT NULL)
    EXECUTE FUNCTION note_audited_run();
"""
# The trigger comes before the copy: its lock keeps inserts out until both are there.
_FILL = """
INSERT INTO audited_runs (run_id, project_id, decision_source, content)
SELECT id, body ->> 'project_id', body ->> 'decision_source', audit_content(body)
FROM deliveries
WHERE route = '/v1/notes/decision_audit' AND body ->> 'project_id' IS NOT NULL;
INSERT INTO audited_runs (run_id, project_id)
SELECT run_id, project_id FROM runs WHERE status IN ('done', 'failed')
ON CONFLICT DO NOTHING;
"""


def upgrade() -> None:
    """Create the table, and fill it from the deliveries and runs that are there."""
    op.execute(_CONTENT)
    op.execute(_TABLE)
    op.execute(_FILL)
