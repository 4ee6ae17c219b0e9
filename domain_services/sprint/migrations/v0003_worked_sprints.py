"""Days of a sprint and of its completed tasks, and the facts of its close.

Sprints that were closed before are marked, and announced again with these facts.
"""

from alembic import op

revision = "sprint_0003"
down_revision = "sprint_0002"
branch_labels = None
depends_on = None

_COLUMNS = """
    ALTER TABLE sprints
        ADD COLUMN created_on date,
        ADD COLUMN working_days date[],
        ADD COLUMN ended_on date,
        ADD COLUMN worked boolean,
        ADD COLUMN completed_outside integer CHECK (completed_outside >= 0);
    ALTER TABLE sprint_tasks ADD COLUMN finished_on date
"""
# No project has moved so far: `as_of` was its day at the creation too.
_DAYS = """
    UPDATE sprints
    SET created_on = coalesce(as_of, CAST(created_at AT TIME ZONE timezone AS date));
    UPDATE sprint_tasks AS task
    SET finished_on = (SELECT day FROM progress_history AS h
                       WHERE h.sprint_id = task.sprint_id AND h.task_id = task.task_id
                         AND h.version = task.version AND h.status = 'completed'
                       ORDER BY id LIMIT 1)
    WHERE status = 'completed'
"""
# The rules of logic/sprint_end.py. The calendar of these sprints is not stored: Monday to Friday
# count as working days.
_MARK = """
    WITH closed AS (
        SELECT id, greatest(start_date, least(end_date, greatest(
                   coalesce(as_of, CAST(closed_at AT TIME ZONE timezone AS date)),
                   (SELECT max(scrum_date) FROM daily_scrums WHERE sprint_id = sprints.id),
                   (SELECT max(day) FROM progress_history
                    WHERE sprint_id = sprints.id)))) AS ended_on
        FROM sprints WHERE status IN ('completed', 'closed_with_pending_tasks'))
    UPDATE sprints
    SET ended_on = closed.ended_on,
        worked = EXISTS (SELECT FROM progress_history WHERE sprint_id = closed.id)
             AND (status = 'completed' OR (
                  SELECT 2 * count(*) FILTER (WHERE day <= closed.ended_on) >= count(*)
                  FROM generate_series(CAST(start_date AS timestamp), end_date, '1 day') AS day
                  WHERE extract(isodow FROM day) < 6))
    FROM closed WHERE sprints.id = closed.id
"""
_ANNOUNCE = """
    INSERT INTO outbox (event_id, stream, payload, awaiting)
    SELECT event.id, 'sprint_events', jsonb_build_object(
        'event_id', event.id,
        'event_type', 'SPRINT_CLOSED',
        'timestamp', to_jsonb(now() AT TIME ZONE 'UTC') #>> '{}' || 'Z',
        'aggregate_id', sprint.id,
        'aggregate_type', 'Sprint',
        'event_data', jsonb_build_object(
            'sprint_id', sprint.id,
            'project_id', sprint.project_id,
            'completed_tasks', task.completed,
            'planned_tasks', task.planned,
            'spill_over', task.planned - task.completed,
            'completion_rate', CAST(task.completed AS float8) / nullif(task.planned, 0),
            'duration_days', sprint.end_date - sprint.start_date + 1,
            'start_date', sprint.start_date,
            'end_date', sprint.end_date,
            'requested_by', sprint.requested_by,
            'closed_at', to_jsonb(sprint.closed_at AT TIME ZONE 'UTC') #>> '{}' || 'Z',
            'ended_on', sprint.ended_on,
            'progress_source', CASE
                WHEN EXISTS (SELECT FROM progress_history AS h WHERE h.sprint_id = sprint.id
                             AND h.source = 'simulated') THEN 'simulated'
                WHEN EXISTS (SELECT FROM progress_history AS h WHERE h.sprint_id = sprint.id)
                THEN 'reported' ELSE 'none' END,
            'worked', sprint.worked,
            'completed_outside', NULL),
        'metadata', jsonb_build_object(
            'source_service', 'sprint-service',
            'correlation_id', gen_random_uuid(),
            'request_id', NULL,
            'traceparent', NULL)),
        ARRAY['orchestrator_group']
    FROM sprints AS sprint
    CROSS JOIN LATERAL (SELECT count(*) AS planned,
                               count(*) FILTER (WHERE status = 'completed') AS completed
                        FROM sprint_tasks WHERE sprint_id = sprint.id) AS task
    CROSS JOIN LATERAL (SELECT gen_random_uuid() AS id, sprint.id AS sprint_id) AS event
    WHERE sprint.status IN ('completed', 'closed_with_pending_tasks')
    ORDER BY sprint.closed_at, sprint.id
"""


def upgrade() -> None:
    for statement in (_COLUMNS, _DAYS, _MARK, _ANNOUNCE):
        op.execute(statement)
