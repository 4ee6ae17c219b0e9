"""Announcement of tasks that sprints completed before a close released them to the backlog.

Each event is a release (`sprint_id` null) in the task's last version. The backlog applies it only
to a task that is still completed, so that a task opened again since then stays as it is.
"""

from alembic import op

revision = "sprint_0002"
down_revision = "sprint_0001"
branch_labels = None
depends_on = None

# Only for tasks that no later sprint has: the later one decides about them.
_ANNOUNCE = """
    INSERT INTO outbox (event_id, stream, payload, awaiting)
    SELECT event.id, 'daily_scrum_events', jsonb_build_object(
        'event_id', event.id,
        'event_type', 'TASK_UPDATED',
        'timestamp', to_jsonb(now() AT TIME ZONE 'UTC') #>> '{}' || 'Z',
        'aggregate_id', task.task_id,
        'aggregate_type', 'Task',
        'event_data', jsonb_build_object(
            'task_id', task.task_id,
            'project_id', task.project_id,
            'sprint_id', NULL,
            'status', task.status,
            'progress_percentage', task.progress_percentage,
            'updated_at', to_jsonb(task.updated_at AT TIME ZONE 'UTC') #>> '{}' || 'Z',
            'assigned_to', task.assigned_to,
            'version', task.version),
        'metadata', jsonb_build_object(
            'source_service', 'sprint-service',
            'correlation_id', gen_random_uuid(),
            'request_id', NULL,
            'traceparent', NULL)),
        ARRAY['backlog_service_group']
    FROM sprint_tasks AS task JOIN sprints AS sprint ON sprint.id = task.sprint_id
    CROSS JOIN LATERAL (SELECT gen_random_uuid() AS id, task.task_id) AS event
    WHERE sprint.status IN ('completed', 'closed_with_pending_tasks')
      AND task.status = 'completed'
      AND NOT EXISTS (SELECT FROM sprint_tasks AS later
                      WHERE later.task_id = task.task_id AND later.version > task.version)
    ORDER BY task.updated_at
"""


def upgrade() -> None:
    op.execute(_ANNOUNCE)
