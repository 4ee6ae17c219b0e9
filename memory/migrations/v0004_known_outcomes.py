"""Days from which outcomes are known, who worked, and cancelled sprints.

`known_on` and `simulated` are computed from other columns. A replica of the release before writes
neither, and its rows get both. The origin of the progress is not known of earlier sprints until
the sprint service announces them again. Until then no decision recalls them.
"""

from alembic import op

revision = "memory_0004"
down_revision = "memory_0003"
branch_labels = None
depends_on = None

# The index of exact search carries both new columns, so that it still reads no row.
_EPISODES = """
DROP INDEX episodes_recallable;
ALTER TABLE episodes
    ADD COLUMN ended_on date,
    ADD COLUMN progress_source text STORAGE MAIN
        CHECK (progress_source IN ('reported', 'simulated', 'none')),
    ADD COLUMN worked boolean,
    ADD COLUMN completed_outside integer,
    ADD COLUMN cancelled_at timestamptz,
    ADD COLUMN known_on date GENERATED ALWAYS AS
        (coalesce(ended_on + 1, day + duration_days)) STORED,
    ADD COLUMN simulated boolean GENERATED ALWAYS AS
        (CASE origin WHEN 'import' THEN false ELSE progress_source = 'simulated' END) STORED;
CREATE INDEX episodes_recallable ON episodes (project_id, known_on)
    INCLUDE (features, episode_id, simulated) WHERE recallable;
"""
_OUTCOMES = """
ALTER TABLE sprint_outcomes
    ADD COLUMN ended_on date,
    ADD COLUMN progress_source text CHECK (progress_source IN ('reported', 'simulated', 'none')),
    ADD COLUMN worked boolean NOT NULL DEFAULT true,
    ADD COLUMN completed_outside integer;
CREATE TABLE cancelled_sprints (
    sprint_id text PRIMARY KEY,
    project_id text NOT NULL,
    reason text,
    cancelled_at timestamptz NOT NULL
);
"""
# A project that follows the clock closed the sprint on the day of `closed_at`. One that is held at
# a day did so at a time that says nothing of its day.
_CLOSED_EARLY = """
UPDATE episodes
SET ended_on = CAST(o.closed_at AT TIME ZONE 'UTC' AS date)
FROM sprint_outcomes AS o
WHERE o.sprint_id = episodes.sprint_id AND origin = 'run' AND episodes.completed_tasks IS NOT NULL
  AND CAST(o.closed_at AT TIME ZONE 'UTC' AS date)
      BETWEEN day AND day + episodes.duration_days - 1
"""
# Windows of an import before the team's first finished task are no history.
_BEFORE_THE_FIRST_WORK = """
UPDATE episodes
SET worked = false, recallable = false
FROM (SELECT project_id AS project, min(day) FILTER (WHERE completed_tasks > 0) AS first_day
      FROM episodes WHERE origin = 'import' GROUP BY project_id) AS work
WHERE project_id = project AND origin = 'import' AND completed_tasks = 0
  AND (first_day IS NULL OR day < first_day)
"""


def upgrade() -> None:
    op.execute(_EPISODES)
    op.execute(_OUTCOMES)
    op.execute(_CLOSED_EARLY)
    op.execute(_BEFORE_THE_FIRST_WORK)
