"""Items set aside: tries and reasons of what a loop of the orchestrator fails at."""

from alembic import op

from domain_services.kernel.messaging import deliveries

revision = "memory_0014"
down_revision = "memory_0013"
branch_labels = None
depends_on = None

# `refused` holds the reason of an episode that was set aside, as before.
_JOURNAL = """
ALTER TABLE episode_journal
    ADD COLUMN tries integer NOT NULL DEFAULT 0,
    ADD COLUMN next_try timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN set_aside_at timestamptz;
UPDATE episode_journal SET tries = 1, set_aside_at = now() WHERE refused IS NOT NULL;
CREATE INDEX episode_journal_set_aside ON episode_journal (set_aside_at)
    WHERE set_aside_at IS NOT NULL;
"""
# A table of its own: few episodes fail, and the table of all of them stays as it is.
_EMBEDDINGS = """
CREATE TABLE embedding_failures (
    episode_id uuid PRIMARY KEY REFERENCES episodes ON DELETE CASCADE,
    tries integer NOT NULL CHECK (tries > 0),
    error text NOT NULL,
    next_try timestamptz NOT NULL,
    set_aside_at timestamptz
);
CREATE INDEX embedding_failures_set_aside ON embedding_failures (set_aside_at)
    WHERE set_aside_at IS NOT NULL;
"""
_FOLLOW_UPS = """
ALTER TABLE follow_up_runs
    ADD COLUMN tries integer NOT NULL DEFAULT 0,
    ADD COLUMN error text,
    ADD COLUMN set_aside_at timestamptz;
"""
# Tries of the present due time, or of reading the row.
_SCHEDULES = "ALTER TABLE cronjobs ADD COLUMN tries integer NOT NULL DEFAULT 0"


def upgrade() -> None:
    for statements in (
        deliveries.SET_ASIDE_MIGRATION,
        _JOURNAL,
        _EMBEDDINGS,
        _FOLLOW_UPS,
        _SCHEDULES,
    ):
        op.execute(statements)
