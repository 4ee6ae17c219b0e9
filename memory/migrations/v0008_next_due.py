"""The next due time of each schedule, what the cluster has of it, and the installation's own jobs.

`next_due_at` has an index, so that a look reads only what is due. The value 'epoch' asks for the
next look to compute it: rows of before have it, and so have rows that a replica of the release
before writes or changes. The daily jobs become rows. What such a replica changes in `daily_jobs`
meanwhile is carried over; a later release drops that table and both triggers.
"""

from alembic import op

revision = "memory_0008"
down_revision = "memory_0007"
branch_labels = None
depends_on = None

_CRONJOBS = """
ALTER TABLE cronjobs
    ADD COLUMN next_due_at timestamptz DEFAULT 'epoch',
    ADD COLUMN starts_on date,
    ADD COLUMN applied_state text CHECK (applied_state IN ('active', 'pending', 'refused')),
    ADD COLUMN applied_reason text,
    ADD COLUMN applied_hash text,
    ALTER COLUMN project_id DROP NOT NULL,
    DROP CONSTRAINT cronjobs_kind_check,
    DROP CONSTRAINT cronjobs_check,
    ADD CONSTRAINT cronjobs_kind_check
        CHECK (kind IN ('daily_scrum', 'orchestrate', 'backfill', 'learn', 'retention')),
    ADD CONSTRAINT cronjobs_owner_check
        CHECK ((project_id IS NOT NULL) = (kind IN ('daily_scrum', 'orchestrate'))),
    ADD CONSTRAINT cronjobs_sprint_check
        CHECK (kind <> 'daily_scrum' OR (sprint_id IS NOT NULL AND ends_on IS NOT NULL));
CREATE INDEX cronjobs_due ON cronjobs (kind, next_due_at) WHERE suspended_at IS NULL;

CREATE FUNCTION forget_next_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.next_due_at = 'epoch';
    RETURN NEW;
END $$;
CREATE TRIGGER forget_next_due BEFORE UPDATE ON cronjobs FOR EACH ROW
WHEN (NEW.next_due_at IS NOT DISTINCT FROM OLD.next_due_at
      AND (NEW.schedule, NEW.timezone, NEW.ends_on, NEW.starts_at)
          IS DISTINCT FROM (OLD.schedule, OLD.timezone, OLD.ends_on, OLD.starts_at))
EXECUTE FUNCTION forget_next_due();
"""
# `starts_at` of a job that is done for today is now, so that today's time does not come again.
DAILY_JOBS = """
INSERT INTO cronjobs (name, kind, schedule, timezone, created_by, last_due_at, suspended_at,
                      suspended_by)
SELECT 'run-' || name, name, coalesce(schedule, CASE name WHEN 'learn' THEN '0 4 * * *'
       ELSE '0 3 * * *' END), 'UTC', 'project-orchestrator', NULL, suspended_at, suspended_by
FROM daily_jobs WHERE name IN ('backfill', 'learn');
UPDATE job_results SET name = 'run-' || name WHERE name IN ('backfill', 'learn');

CREATE FUNCTION carry_daily_job() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO cronjobs AS job (name, kind, schedule, timezone, created_by)
    VALUES ('run-' || NEW.name, NEW.name, coalesce(NEW.schedule, CASE NEW.name WHEN 'learn'
            THEN '0 4 * * *' ELSE '0 3 * * *' END), 'UTC', 'project-orchestrator')
    ON CONFLICT (name) DO NOTHING;
    IF TG_OP = 'INSERT' OR NEW.schedule IS DISTINCT FROM OLD.schedule THEN
        UPDATE cronjobs SET schedule = coalesce(NEW.schedule, schedule)
        WHERE name = 'run-' || NEW.name;
    END IF;
    IF (TG_OP = 'INSERT' AND NEW.suspended_at IS NOT NULL)
       OR (TG_OP = 'UPDATE' AND NEW.suspended_at IS DISTINCT FROM OLD.suspended_at) THEN
        UPDATE cronjobs SET suspended_at = NEW.suspended_at, suspended_by = NEW.suspended_by,
            starts_at = now()
        WHERE name = 'run-' || NEW.name;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.done_for IS DISTINCT FROM OLD.done_for THEN
        UPDATE cronjobs SET last_due_at = now() WHERE name = 'run-' || NEW.name;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER carry_daily_job AFTER INSERT OR UPDATE ON daily_jobs FOR EACH ROW
WHEN (NEW.name IN ('backfill', 'learn')) EXECUTE FUNCTION carry_daily_job();
"""


def upgrade() -> None:
    op.execute(_CRONJOBS)
    op.execute(DAILY_JOBS)
