"""The time of recording as a part of each audit's hash.

The trigger writes it into the record, whose canonical JSON is hashed: the formula of the link stays
the one of every release, and replicas of the release before go on verifying. What was recorded
before has no time in its record. The digest of these times is kept in the chain's row, and the
first audit of the new kind carries it into its own hash.
"""

from alembic import op

revision = "chronicle_0009"
down_revision = "chronicle_0008"
branch_labels = None
depends_on = None

# Audits that are being inserted are there before the digest, or wait for the new trigger.
_OLD_TIMES = """
    LOCK TABLE decision_audits IN SHARE ROW EXCLUSIVE MODE;
    CREATE OR REPLACE FUNCTION old_times_of(project text) RETURNS bytea LANGUAGE sql STABLE AS $$
        SELECT sha256(convert_to(string_agg(
                   format('%s %s', sequence,
                          CAST(extract(epoch FROM recorded_at) * 1000000 AS bigint)),
                   E'\\n' ORDER BY sequence), 'UTF8'))
        FROM decision_audits
        WHERE project_id = project AND NOT jsonb_exists(record, '$recorded_at')
    $$;
    ALTER TABLE decision_chains ADD COLUMN IF NOT EXISTS old_times bytea;
    UPDATE decision_chains SET old_times = old_times_of(project_id) WHERE old_times IS NULL;
"""
_LINK = """
    CREATE OR REPLACE FUNCTION link_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        chain decision_chains;
    BEGIN
        -- Locked until the transaction ends: audits of one project queue here.
        INSERT INTO decision_chains AS c (project_id, length, head)
        VALUES (NEW.record ->> 'project_id', 0, decode(repeat('00', 32), 'hex'))
        ON CONFLICT (project_id) DO UPDATE SET length = c.length
        RETURNING * INTO chain;
        NEW.sequence := chain.length + 1;
        NEW.made_at := CAST(NEW.record ->> 'timestamp' AS timestamptz);
        NEW.recorded_at := now();
        NEW.record := NEW.record - '$old_times' || jsonb_build_object(
            '$recorded_at',
            to_char(NEW.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'));
        IF EXISTS (SELECT FROM decision_audits
                   WHERE project_id = chain.project_id AND sequence = chain.length
                     AND NOT jsonb_exists(record, '$recorded_at')) THEN
            NEW.record := NEW.record
                || jsonb_build_object('$old_times', encode(chain.old_times, 'hex'));
        END IF;
        NEW.prev_hash := chain.head;
        NEW.hash := sha256(chain.head || convert_to(CAST(NEW.record AS text), 'UTF8'));
        RETURN NEW;
    END
    $$;
"""


def upgrade() -> None:
    """Digest the times of the audits so far, and hash those of the audits to come."""
    op.execute(_OLD_TIMES)
    op.execute(_LINK)
