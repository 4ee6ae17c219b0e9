"""Tasks, their history, the counter of their numbers, and the inbox of sprint events."""

from alembic import op

from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import inbox

revision = "backlog_0001"
down_revision = None
branch_labels = None
depends_on = None


_TABLES = """
    CREATE TABLE backlogs (
        project_id text PRIMARY KEY,
        last_number integer NOT NULL CHECK (last_number >= 0)
    );
    CREATE TABLE tasks (
        task_id text PRIMARY KEY,
        project_id text NOT NULL REFERENCES backlogs,
        number integer NOT NULL,
        title text NOT NULL,
        description text NOT NULL,
        status text NOT NULL CHECK (status IN ('unassigned', 'assigned_to_sprint',
                                               'in_progress', 'completed', 'blocked')),
        sprint_id text,
        assigned_to text,
        progress_percentage integer NOT NULL DEFAULT 0
            CHECK (progress_percentage BETWEEN 0 AND 100),
        priority integer NOT NULL CHECK (priority BETWEEN 1 AND 5),
        type text NOT NULL,
        labels text[] NOT NULL,
        estimate double precision CHECK (estimate >= 0),
        external_key text,
        depends_on text[] NOT NULL DEFAULT '{}' CHECK (NOT depends_on @> ARRAY[task_id]),
        ready boolean NOT NULL DEFAULT true CHECK (ready OR depends_on <> '{}'),
        story_id text REFERENCES tasks DEFERRABLE INITIALLY DEFERRED,
        version bigint NOT NULL DEFAULT 1,
        sprint_version bigint NOT NULL DEFAULT 0 CHECK (sprint_version <= version),
        created_on date,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (project_id, number),
        UNIQUE (project_id, external_key),
        CHECK (status <> 'unassigned' OR sprint_id IS NULL),
        CHECK (status <> 'assigned_to_sprint' OR sprint_id IS NOT NULL)
    );
    CREATE TABLE task_history (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        task_id text NOT NULL REFERENCES tasks,
        at timestamptz NOT NULL DEFAULT now(),
        actor text NOT NULL,
        from_status text, -- null: it was created
        to_status text NOT NULL,
        progress integer NOT NULL
    );
    CREATE INDEX task_history_by_task ON task_history (task_id, id);
"""
_INDEXES = """
    CREATE INDEX tasks_in_order ON tasks (project_id, ready DESC, priority, created_on, number);
    CREATE INDEX tasks_with_dependencies ON tasks (project_id) WHERE depends_on <> '{}';
    CREATE INDEX tasks_of_story ON tasks (story_id) WHERE story_id IS NOT NULL;
    CREATE INDEX tasks_of_sprint ON tasks (project_id, sprint_id) WHERE sprint_id IS NOT NULL;
"""
# Lock before reading: of two transactions that complete the last two dependencies of a task, the
# later one sees the effect of the earlier one.
_READY = """
    CREATE FUNCTION update_ready() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        dependents text[];
    BEGIN
        SELECT array_agg(task_id) INTO dependents FROM (
            SELECT task_id FROM tasks
            WHERE project_id = NEW.project_id AND depends_on <> '{}'
              AND depends_on @> ARRAY[NEW.task_id]
            ORDER BY task_id FOR NO KEY UPDATE) AS locked;
        UPDATE tasks SET ready = NOT EXISTS (
            SELECT FROM tasks AS needed
            WHERE needed.task_id = ANY (tasks.depends_on) AND needed.status <> 'completed')
        WHERE task_id = ANY (dependents);
        RETURN NULL;
    END $$;
    CREATE TRIGGER tasks_ready AFTER UPDATE OF status ON tasks FOR EACH ROW
        WHEN ((OLD.status = 'completed') <> (NEW.status = 'completed'))
        EXECUTE FUNCTION update_ready();
"""


def upgrade() -> None:
    op.execute(idempotency.MIGRATION)
    op.execute(inbox.MIGRATION)
    op.execute(_TABLES)
    op.execute(_INDEXES)
    op.execute(_READY)
