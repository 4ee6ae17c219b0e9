"""Cuts: the front of a chain may go after a time, and a signed head of what was cut off stays.

Of each audit that was cut off a slim row stays, so that the impact, the summary and the comparison
with the runs count as before. The function is the only way to delete audits: it takes whole fronts
of at least 90 days of age. The service's role, which may not delete, calls it; the key of the
signature is not in the database.
"""

from alembic import op

revision = "chronicle_0012"
down_revision = "chronicle_0011"
branch_labels = None
depends_on = None

_TABLES = """
    CREATE TABLE IF NOT EXISTS cut_decisions (
        project_id text NOT NULL,
        sequence bigint NOT NULL,
        audit_id uuid NOT NULL UNIQUE,
        sprint_id text,
        decision_source text NOT NULL,
        made_at timestamptz NOT NULL,
        creates_sprint boolean NOT NULL,
        effect text NOT NULL,
        actor text NOT NULL,
        run_id text,
        content bytea NOT NULL,
        hash bytea NOT NULL,
        PRIMARY KEY (project_id, sequence)
    );
    CREATE INDEX IF NOT EXISTS cut_decisions_by_time ON cut_decisions (project_id, made_at);
    CREATE INDEX IF NOT EXISTS cut_decisions_by_sprint ON cut_decisions (sprint_id, sequence);
    CREATE TABLE IF NOT EXISTS decision_cuts (
        project_id text NOT NULL,
        sequence bigint NOT NULL,
        head text NOT NULL,
        signature bytea NOT NULL,
        PRIMARY KEY (project_id, sequence)
    );
    CREATE OR REPLACE VIEW counted_decisions AS
    SELECT audit_id, project_id, sequence, sprint_id, decision_source, made_at, creates_sprint,
           effect
    FROM decision_audits
    UNION ALL
    SELECT audit_id, project_id, sequence, sprint_id, decision_source, made_at, creates_sprint,
           effect
    FROM cut_decisions;
"""
# The slim rows are a part of what is signed.
_FACTS = """
    CREATE OR REPLACE FUNCTION slim_row(d cut_decisions) RETURNS text LANGUAGE sql IMMUTABLE
    RETURN CAST(jsonb_build_array(
        d.sequence, d.audit_id, d.sprint_id, d.decision_source,
        CAST(extract(epoch FROM d.made_at) * 1000000 AS bigint), d.creates_sprint, d.effect,
        d.actor, d.run_id, encode(d.content, 'hex'), encode(d.hash, 'hex')) AS text);

    CREATE OR REPLACE FUNCTION slim_rows(project text, last bigint) RETURNS SETOF cut_decisions
    LANGUAGE sql STABLE AS $$
        SELECT project_id, sequence, audit_id, sprint_id, decision_source, made_at,
               creates_sprint, effect, record ->> 'actor', record ->> 'run_id',
               audit_content(record), hash
        FROM decision_audits WHERE project_id = project AND sequence <= last
    $$;

    CREATE OR REPLACE FUNCTION kept_facts(project text, first bigint, last bigint) RETURNS text
    LANGUAGE sql STABLE AS $$
        SELECT encode(sha256(convert_to(string_agg(
                   slim_row(d), E'\\n' ORDER BY sequence), 'UTF8')), 'hex')
        FROM cut_decisions d
        WHERE project_id = project AND sequence BETWEEN first AND last
    $$;

    -- The part of a head that the audits decide; null where there is nothing to cut.
    CREATE OR REPLACE FUNCTION front_of(project text, last bigint) RETURNS jsonb
    LANGUAGE sql STABLE AS $$
        SELECT jsonb_build_object(
            'project_id', project,
            'first_sequence', min(a.sequence),
            'last_sequence', max(a.sequence),
            'audits', count(*),
            'hash', (SELECT encode(hash, 'hex') FROM decision_audits
                     WHERE project_id = project AND sequence = last),
            'first_recorded_at', to_char(
                min(a.recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'last_recorded_at', to_char(
                max(a.recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'facts', (SELECT encode(sha256(convert_to(string_agg(
                          slim_row(d), E'\\n' ORDER BY sequence), 'UTF8')), 'hex')
                      FROM slim_rows(project, last) d),
            'old_times', encode(old_times_after(project, last), 'hex'),
            'signature_before', (SELECT encode(signature, 'hex') FROM decision_cuts
                                 WHERE project_id = project ORDER BY sequence DESC LIMIT 1))
        FROM decision_audits a
        WHERE project_id = project AND sequence <= last HAVING count(*) > 0
    $$;
"""
_OLD_TIMES = """
    CREATE OR REPLACE FUNCTION old_times_after(project text, last bigint) RETURNS bytea
    LANGUAGE sql STABLE AS $$
        SELECT sha256(convert_to(string_agg(
                   format('%s %s', sequence,
                          CAST(extract(epoch FROM recorded_at) * 1000000 AS bigint)),
                   E'\\n' ORDER BY sequence), 'UTF8'))
        FROM decision_audits
        WHERE project_id = project AND sequence > last
          AND NOT jsonb_exists(record, '$recorded_at')
    $$;
"""
_CUT = """
    CREATE OR REPLACE FUNCTION cut_audits(signed_head text, head_signature bytea) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        document jsonb := CAST(signed_head AS jsonb);
        project text := document ->> 'project_id';
        last bigint := document ->> 'last_sequence';
        chain decision_chains;
        removed bigint;
    BEGIN
        IF NOT has_column_privilege(session_user, 'decision_audits', 'record', 'INSERT') THEN
            RAISE EXCEPTION 'only who may record audits may cut them off'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        -- Audits of the project wait until the cut is done.
        SELECT * INTO STRICT chain FROM decision_chains WHERE project_id = project FOR UPDATE;
        IF last >= chain.length OR octet_length(head_signature) <> 32
           OR NOT coalesce(document @> front_of(project, last), false) THEN
            RAISE EXCEPTION 'the head of the cut is not that of the audits'
                USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (SELECT FROM decision_audits WHERE project_id = project AND sequence <= last
                   AND recorded_at > now() - interval '90 days') THEN
            RAISE EXCEPTION 'audits of the last 90 days cannot be cut off'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        INSERT INTO cut_decisions SELECT * FROM slim_rows(project, last);
        INSERT INTO decision_cuts (project_id, sequence, head, signature)
        VALUES (project, last, signed_head, head_signature);
        DELETE FROM decision_audits WHERE project_id = project AND sequence <= last;
        GET DIAGNOSTICS removed = ROW_COUNT;
        RETURN removed;
    END
    $$;
"""
_APPEND_ONLY = """
    CREATE OR REPLACE FUNCTION refuse_uncut() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        IF EXISTS (SELECT FROM decision_cuts
                   WHERE project_id = OLD.project_id AND sequence >= OLD.sequence) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION USING
            MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is refused, it is append-only',
            ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON decision_audits
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE OR REPLACE TRIGGER only_cut_off BEFORE DELETE ON decision_audits
        FOR EACH ROW EXECUTE FUNCTION refuse_uncut();
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cut_decisions
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_cuts
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    CREATE OR REPLACE FUNCTION skip_cut_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        -- Repeated after it was cut off, it is not recorded a second time.
        IF EXISTS (SELECT FROM cut_decisions
                   WHERE audit_id = CAST(NEW.record ->> 'audit_id' AS uuid)) THEN
            RETURN NULL;
        END IF;
        RETURN NEW;
    END
    $$;
    -- Its name comes before that of the trigger that links.
    CREATE OR REPLACE TRIGGER cut_off BEFORE INSERT ON decision_audits
        FOR EACH ROW EXECUTE FUNCTION skip_cut_audit();
"""
# As before, over the decisions that are counted.
_OUTCOMES = """
    CREATE OR REPLACE VIEW decision_outcomes AS
    SELECT a.audit_id, a.project_id, a.sprint_id, a.decision_source, a.made_at AS timestamp,
           a.sequence, r.id IS NOT NULL AS closed,
           r.completed_tasks::float8 / r.total_tasks AS completion_rate,
           CASE WHEN r.total_tasks > 0
                THEN r.completed_tasks::float8 / r.duration_days END AS efficiency,
           people.holding::float8 / people.counted AS utilization,
           a.effect, coalesce(r.simulated, false) AS simulated
    FROM counted_decisions a
    LEFT JOIN LATERAL (
        SELECT id, completed_tasks, nullif(total_tasks, 0) AS total_tasks, duration_days,
               CASE WHEN total_tasks > 0 THEN tasks_summary END AS tasks_summary, simulated
        FROM sprint_retrospectives WHERE sprint_id = a.sprint_id AND worked) AS r
        ON a.creates_sprint AND a.effect = 'acted'
       AND NOT EXISTS (SELECT FROM counted_decisions earlier
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
    """Create tables, views, functions and triggers of cuts."""
    op.execute(_TABLES)
    op.execute(_OLD_TIMES)
    op.execute(_FACTS)
    op.execute(_CUT)
    op.execute(_APPEND_ONLY)
    op.execute(_OUTCOMES)
