"""Notes of sprints and days, retrospectives, and the chained audits of decisions."""

from alembic import op

from domain_services.kernel.database import idempotency

revision = "chronicle_0001"
down_revision = None
branch_labels = None
depends_on = None

# The texts by which people say that nothing is in the way.
_NO_IMPEDIMENT = (
    r"^\\s*(-|nil|n/?a|nothing|no|none|no (impediments?|blockers?|issues?))?"
    r"( (reported|today|so far|at the moment))?[.!\\s]*$"
)


def upgrade() -> None:
    op.execute(idempotency.MIGRATION)
    op.execute(_NOTES)
    op.execute(_RETROSPECTIVES)
    op.execute(_HISTORY)
    op.execute(_AUDITS)
    op.execute(_CHAIN)
    op.execute(_APPEND_ONLY)
    op.execute(_OUTCOMES)


_IMPEDIMENTS = f"""jsonb_path_query_array(
            additional_data,
            '$.reports.*[*].tasks[*].impediments
             ? (!(@ like_regex "{_NO_IMPEDIMENT}" flag "i"))')"""

_NOTES = f"""
    CREATE FUNCTION plain_words(words text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN rtrim(lower(regexp_replace(btrim(words), '\\s+', ' ', 'g')), '.! ');

    CREATE TABLE chronicle_notes (
        id uuid PRIMARY KEY,
        note_type text NOT NULL CHECK (note_type IN ('sprint_planning', 'daily_scrum_report')),
        project_id text NOT NULL,
        sprint_id text NOT NULL,
        note_date date NOT NULL,
        summary text NOT NULL,
        additional_data jsonb NOT NULL,
        summary_metrics jsonb,
        content_sha256 text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        impediments jsonb NOT NULL GENERATED ALWAYS AS ({_IMPEDIMENTS}) STORED,
        impediment_count integer NOT NULL GENERATED ALWAYS AS
            (jsonb_array_length({_IMPEDIMENTS})) STORED,
        completed_tasks integer GENERATED ALWAYS AS
            (CAST(summary_metrics ->> 'completed_tasks' AS integer)) STORED
    );
    CREATE UNIQUE INDEX one_planning_a_sprint ON chronicle_notes (sprint_id)
        WHERE note_type = 'sprint_planning';
    CREATE UNIQUE INDEX one_report_a_day ON chronicle_notes (sprint_id, note_date)
        WHERE note_type = 'daily_scrum_report';
    CREATE INDEX notes_by_project ON chronicle_notes (project_id, note_type, note_date, sprint_id)
        INCLUDE (completed_tasks, impediment_count);
    CREATE INDEX notes_with_impediments ON chronicle_notes (project_id) WHERE impediment_count > 0;
"""

# What is counted is generated from what is stored, so that the two cannot differ.
_RETROSPECTIVES = """
    CREATE TABLE sprint_retrospectives (
        id uuid PRIMARY KEY,
        sprint_id text NOT NULL UNIQUE,
        project_id text NOT NULL,
        sprint_name text NOT NULL,
        start_date date NOT NULL,
        end_date date NOT NULL CHECK (end_date >= start_date),
        duration_weeks integer,
        what_went_well text NOT NULL,
        what_could_be_improved text NOT NULL,
        facilitator_id text,
        tasks_summary jsonb NOT NULL,
        origin text NOT NULL CHECK (origin IN ('sprint_service', 'import')),
        planned_tasks_count integer,
        open_at_start integer,
        tasks_created_during integer,
        content_sha256 text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        duration_days integer NOT NULL GENERATED ALWAYS AS
            (coalesce(duration_weeks * 7, end_date - start_date + 1)) STORED,
        completed_tasks integer NOT NULL GENERATED ALWAYS AS (jsonb_array_length(
            jsonb_path_query_array(tasks_summary, '$[*] ? (@.status == "close")'))) STORED,
        total_tasks integer GENERATED ALWAYS AS (
            CASE WHEN origin = 'sprint_service' OR planned_tasks_count IS NOT NULL
                 THEN greatest(jsonb_array_length(tasks_summary), planned_tasks_count)
            END) STORED
    );
    CREATE INDEX retrospectives_by_project ON sprint_retrospectives (project_id, start_date)
        INCLUDE (completed_tasks, total_tasks, duration_days, open_at_start);
    CREATE TABLE retrospective_action_items (
        retrospective_id uuid NOT NULL REFERENCES sprint_retrospectives,
        position integer NOT NULL,
        project_id text NOT NULL,
        description text NOT NULL,
        status text NOT NULL CHECK (status IN ('open', 'in-progress', 'closed')),
        version integer NOT NULL DEFAULT 1,
        plain text NOT NULL GENERATED ALWAYS AS (plain_words(description)) STORED,
        PRIMARY KEY (retrospective_id, position)
    );
    CREATE INDEX action_items_by_project ON retrospective_action_items (project_id);
    CREATE TABLE action_item_changes (
        retrospective_id uuid NOT NULL,
        position integer NOT NULL,
        version integer NOT NULL,
        from_status text NOT NULL,
        to_status text NOT NULL,
        comment text NOT NULL,
        actor text NOT NULL,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (retrospective_id, position, version),
        FOREIGN KEY (retrospective_id, position) REFERENCES retrospective_action_items
    );
    CREATE TABLE retrospective_attendees (
        retrospective_id uuid NOT NULL REFERENCES sprint_retrospectives,
        position integer NOT NULL,
        employee_id text NOT NULL,
        PRIMARY KEY (retrospective_id, position)
    );
"""

# What is asked of whole projects, kept in the transaction that adds a note. `history_of` computes
# a project's row from nothing but its notes.
_HISTORY = """
    CREATE TABLE project_history (
        project_id text PRIMARY KEY,
        sprint_count bigint,
        mean_velocity numeric,
        velocity_deviation numeric,
        mean_days numeric,
        median_open_at_start float8,
        known_scope_count bigint,
        known_scope_finished bigint,
        known_scope_tasks bigint,
        report_count bigint,
        impediment_rate numeric,
        finished_in_scrums bigint,
        named_sprint_count bigint
    );
    CREATE FUNCTION history_of(project text) RETURNS project_history LANGUAGE sql STABLE AS $$
        WITH notes AS (
            SELECT note_type, sprint_id, note_date, completed_tasks, impediment_count
            FROM chronicle_notes WHERE project_id = project)
        SELECT project, closed.*, reported.*, scrums.*, named.*
        FROM (SELECT count(*), avg(completed_tasks), stddev_samp(completed_tasks),
                     avg(duration_days), percentile_cont(0.5) WITHIN GROUP (ORDER BY open_at_start),
                     count(*) FILTER (WHERE total_tasks > 0),
                     sum(completed_tasks) FILTER (WHERE total_tasks > 0),
                     sum(total_tasks) FILTER (WHERE total_tasks > 0)
              FROM sprint_retrospectives WHERE project_id = project) AS closed,
             (SELECT count(*), avg(impediment_count) FROM notes
              WHERE note_type = 'daily_scrum_report') AS reported,
             (SELECT coalesce(sum(completed_tasks), 0) FROM (
                  SELECT DISTINCT ON (sprint_id) completed_tasks FROM notes
                  WHERE note_type = 'daily_scrum_report' AND completed_tasks IS NOT NULL
                  ORDER BY sprint_id, note_date DESC) AS newest) AS scrums,
             (SELECT count(*) FROM (
                  SELECT sprint_id FROM notes UNION
                  SELECT sprint_id FROM sprint_retrospectives WHERE project_id = project
              ) AS ids) AS named
    $$;
    CREATE FUNCTION keep_project_history() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    DECLARE
        touched text[] := ARRAY(SELECT DISTINCT project_id FROM added ORDER BY project_id);
        project text;
    BEGIN
        FOREACH project IN ARRAY touched LOOP
            -- Locked first: what the writer before us added is seen by the statements after it.
            PERFORM pg_advisory_xact_lock(hashtextextended(project, 7316002));
            DELETE FROM project_history WHERE project_id = project;
            INSERT INTO project_history SELECT * FROM history_of(project);
        END LOOP;
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER kept_history AFTER INSERT ON sprint_retrospectives
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION keep_project_history();
    CREATE TRIGGER kept_history AFTER INSERT ON chronicle_notes
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION keep_project_history();
"""

_AUDITS = """
    CREATE TABLE decision_chains (
        project_id text PRIMARY KEY,
        length bigint NOT NULL,
        head bytea NOT NULL
    );
    CREATE TABLE decision_audits (
        record jsonb NOT NULL,
        sequence bigint NOT NULL,
        made_at timestamptz NOT NULL,
        prev_hash bytea NOT NULL,
        hash bytea NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        audit_id uuid NOT NULL UNIQUE
            GENERATED ALWAYS AS ((record ->> 'audit_id')::uuid) STORED,
        project_id text NOT NULL GENERATED ALWAYS AS (record ->> 'project_id') STORED,
        sprint_id text GENERATED ALWAYS AS (record ->> 'sprint_id') STORED,
        decision_source text NOT NULL GENERATED ALWAYS AS (record ->> 'decision_source') STORED,
        creates_sprint boolean NOT NULL GENERATED ALWAYS AS (
            record ->> 'sprint_id' IS NOT NULL
            AND record #>> '{decision,create_new_sprint}' IS DISTINCT FROM 'false') STORED,
        PRIMARY KEY (project_id, sequence)
    );
    CREATE INDEX audits_by_time ON decision_audits (project_id, made_at);
    CREATE INDEX audits_by_sprint ON decision_audits (sprint_id, sequence);
"""

# The database links each audit itself: a role that may only insert cannot forge a link.
_CHAIN = """
    CREATE FUNCTION link_audit() RETURNS trigger
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
        NEW.prev_hash := chain.head;
        NEW.hash := sha256(chain.head || convert_to(CAST(NEW.record AS text), 'UTF8'));
        NEW.recorded_at := now();
        RETURN NEW;
    END
    $$;
    CREATE TRIGGER linked BEFORE INSERT ON decision_audits
        FOR EACH ROW EXECUTE FUNCTION link_audit();
    CREATE FUNCTION advance_chain() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    BEGIN
        UPDATE decision_chains SET length = NEW.sequence, head = NEW.hash
        WHERE project_id = NEW.project_id;
        RETURN NULL;
    END
    $$;
    CREATE TRIGGER advanced AFTER INSERT ON decision_audits
        FOR EACH ROW EXECUTE FUNCTION advance_chain();
"""

_APPEND_ONLY = """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION USING
            MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is refused, it is append-only',
            ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_audits
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON decision_chains
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
    CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON action_item_changes
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# A sprint's outcome belongs to the decision that created it, the first that names it and does not
# say that it creates none, so that it counts once.
_OUTCOMES = """
    CREATE VIEW decision_outcomes AS
    SELECT a.audit_id, a.project_id, a.sprint_id, a.decision_source, a.made_at AS timestamp,
           a.sequence, r.id IS NOT NULL AS closed,
           r.completed_tasks::float8 / r.total_tasks AS completion_rate,
           CASE WHEN r.total_tasks > 0
                THEN r.completed_tasks::float8 / r.duration_days END AS efficiency,
           people.holding::float8 / people.counted AS utilization
    FROM decision_audits a
    LEFT JOIN LATERAL (
        SELECT id, completed_tasks, nullif(total_tasks, 0) AS total_tasks, duration_days,
               CASE WHEN total_tasks > 0 THEN tasks_summary END AS tasks_summary
        FROM sprint_retrospectives WHERE sprint_id = a.sprint_id) AS r
        ON a.creates_sprint
       AND NOT EXISTS (SELECT FROM decision_audits earlier
                       WHERE earlier.sprint_id = a.sprint_id AND earlier.creates_sprint
                         AND earlier.sequence < a.sequence)
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
