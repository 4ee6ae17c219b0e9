"""Sprints that count as history: worked ones, of one origin, with the days that they ran.

A project with any reported or imported sprint has the history of these, any other one that of its
simulated sprints. `history_of` takes the day before which a sprint must have ended.
"""

from alembic import op

revision = "chronicle_0004"
down_revision = "chronicle_0003"
branch_labels = None
depends_on = None

# Windows of an import before the team's first finished task are no history.
_BEFORE_THE_FIRST_WORK = """
    UPDATE sprint_retrospectives AS r
    SET worked = false
    FROM (SELECT project_id, min(start_date) FILTER (WHERE completed_tasks > 0) AS first_day
          FROM sprint_retrospectives WHERE origin = 'import' GROUP BY project_id) AS work
    WHERE r.project_id = work.project_id AND r.origin = 'import' AND r.completed_tasks = 0
      AND (work.first_day IS NULL OR r.start_date < work.first_day)
"""
_COLUMNS = """
    ALTER TABLE sprint_retrospectives
        ALTER COLUMN duration_days SET EXPRESSION AS (coalesce(
            ended_on - start_date + 1, duration_weeks * 7, end_date - start_date + 1)),
        ADD COLUMN last_day date NOT NULL GENERATED ALWAYS AS (coalesce(ended_on, end_date)) STORED,
        ADD COLUMN simulated boolean NOT NULL GENERATED ALWAYS AS
            (origin <> 'import' AND coalesce(progress_source, '') = 'simulated') STORED,
        ADD COLUMN velocity integer NOT NULL GENERATED ALWAYS AS (jsonb_array_length(
            jsonb_path_query_array(tasks_summary, '$[*] ? (@.status == "close")'))
            + coalesce(completed_outside, 0)) STORED;
    ALTER TABLE project_history
        ADD COLUMN retrospective_count bigint,
        ADD COLUMN progress_source text;
    DROP INDEX IF EXISTS retrospectives_by_project;
    CREATE INDEX retrospectives_by_project ON sprint_retrospectives (project_id, start_date)
        INCLUDE (completed_tasks, total_tasks, duration_days, open_at_start, velocity, last_day,
                 worked, simulated);
"""
# A replica of the release before calls it by one argument.
_HISTORY = """
    DROP FUNCTION history_of(text);
    CREATE FUNCTION history_of(project text, until date DEFAULT NULL)
    RETURNS project_history LANGUAGE sql STABLE AS $$
        WITH notes AS (
            SELECT note_type, sprint_id, note_date, completed_tasks, impediment_count
            FROM chronicle_notes
            WHERE project_id = project AND (until IS NULL OR note_date < until)),
        closed AS (
            SELECT * FROM sprint_retrospectives
            WHERE project_id = project AND (until IS NULL OR last_day < until)),
        counted AS (
            SELECT * FROM closed
            WHERE worked
              AND simulated = NOT EXISTS (SELECT FROM closed WHERE worked AND NOT simulated))
        SELECT project, measured.sprint_count, measured.mean_velocity, measured.velocity_deviation,
               measured.mean_days, measured.median_open_at_start, measured.known_scope_count,
               measured.known_scope_finished, measured.known_scope_tasks, reported.*, scrums.*,
               named.*, (SELECT count(*) FROM closed), measured.progress_source
        FROM (SELECT count(*) AS sprint_count, avg(velocity) AS mean_velocity,
                     stddev_samp(velocity) AS velocity_deviation, avg(duration_days) AS mean_days,
                     percentile_cont(0.5) WITHIN GROUP (ORDER BY open_at_start)
                         AS median_open_at_start,
                     count(*) FILTER (WHERE total_tasks > 0) AS known_scope_count,
                     sum(completed_tasks) FILTER (WHERE total_tasks > 0) AS known_scope_finished,
                     sum(total_tasks) FILTER (WHERE total_tasks > 0) AS known_scope_tasks,
                     CASE bool_or(simulated) WHEN true THEN 'simulated' WHEN false THEN 'reported'
                     END AS progress_source
              FROM counted) AS measured,
             (SELECT count(*), avg(impediment_count) FROM notes
              WHERE note_type = 'daily_scrum_report') AS reported,
             (SELECT coalesce(sum(completed_tasks), 0) FROM (
                  SELECT DISTINCT ON (sprint_id) completed_tasks FROM notes
                  WHERE note_type = 'daily_scrum_report' AND completed_tasks IS NOT NULL
                  ORDER BY sprint_id, note_date DESC) AS newest) AS scrums,
             (SELECT count(*) FROM (
                  SELECT sprint_id FROM notes UNION SELECT sprint_id FROM closed
              ) AS ids) AS named
    $$;
    DELETE FROM project_history;
    INSERT INTO project_history
    SELECT history.* FROM (
        SELECT project_id FROM sprint_retrospectives UNION SELECT project_id FROM chronicle_notes
    ) AS projects, LATERAL history_of(projects.project_id) AS history;
"""


def upgrade() -> None:
    """Mark windows without work, and compute every project's history again."""
    op.execute(_BEFORE_THE_FIRST_WORK)
    op.execute(_COLUMNS)
    op.execute(_HISTORY)
