"""Deliveries: audits waiting for the chronicle move into the kernel's table of deliveries.

Replicas of the release before may run during the roll-out. They insert into `owed_audits` and post
from it. So that table stays, a trigger copies what they insert, and both releases post. The
chronicle accepts an audit's id once, so that a doubled post has no effect. Rows left in
`owed_audits` are copies; a later release drops the table, the trigger and its function.
"""

from alembic import op

from domain_services.kernel.messaging import deliveries

revision = "memory_0002"
down_revision = "memory_0001"
branch_labels = None
depends_on = None

# The trigger comes before the copy: its lock keeps inserts out until both are there.
_CARRY_OVER = """
CREATE FUNCTION copy_owed_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO deliveries (id, route, body)
    VALUES (NEW.audit_id, '/v1/notes/decision_audit', NEW.audit) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER owed_audits_copied AFTER INSERT ON owed_audits
    FOR EACH ROW EXECUTE FUNCTION copy_owed_audit();
INSERT INTO deliveries (id, route, body, attempts, next_try, created_at)
SELECT audit_id, '/v1/notes/decision_audit', audit, attempts, next_try,
       coalesce(uuid_extract_timestamp(audit_id), now())
FROM owed_audits;
"""
# Decisions are shown with the audits that still wait, by project.
_BY_PROJECT = """
CREATE INDEX deliveries_by_project ON deliveries ((body ->> 'project_id'))
    WHERE delivered_at IS NULL;
"""


def upgrade() -> None:
    op.execute(deliveries.MIGRATION)
    op.execute(_CARRY_OVER)
    op.execute(_BY_PROJECT)
