"""Runs that wait for a person, their steps and inputs, autonomy of projects, and pauses.

A replica of the release before sees a waiting run as ended: it claims and recovers `decided` runs
alone.
"""

from alembic import op

revision = "memory_0016"
down_revision = "memory_0015"
branch_labels = None
depends_on = None

_RUNS = """
ALTER TABLE runs DROP CONSTRAINT runs_status_check;
ALTER TABLE runs ADD CONSTRAINT runs_status_check CHECK (status IN (
    'running', 'waiting', 'decided', 'done', 'failed', 'abandoned',
    'rejected', 'expired', 'superseded', 'undone'));
ALTER TABLE runs
    ADD COLUMN kind text NOT NULL DEFAULT 'decision'
        CHECK (kind IN ('decision', 'undo', 'request')),
    ADD COLUMN fingerprint text,
    ADD COLUMN rests_on jsonb,
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN drafts jsonb,
    ADD COLUMN proposal jsonb,
    ADD COLUMN review jsonb,
    ADD COLUMN reviewed_at timestamptz,
    ADD COLUMN reviewed_by text,
    ADD COLUMN superseded_by uuid,
    ADD COLUMN undoes uuid,
    ADD COLUMN undone_by uuid;
CREATE UNIQUE INDEX runs_one_proposal ON runs (project_id)
    WHERE status = 'waiting' AND kind = 'decision';
CREATE INDEX runs_waiting ON runs (expires_at) WHERE status = 'waiting';
CREATE UNIQUE INDEX runs_one_undo ON runs (undoes)
    WHERE undoes IS NOT NULL AND status IN ('running', 'waiting', 'decided', 'done');
"""
# A run that a person answered keeps the key of its request as an ended one does.
_KEYS = """
DROP INDEX runs_of_key;
CREATE UNIQUE INDEX runs_of_key ON runs (caller, request_key)
    WHERE request_key IS NOT NULL AND status NOT IN ('failed', 'abandoned');
"""
_STEPS = """
CREATE TABLE run_steps (
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    position integer NOT NULL,
    node text NOT NULL,
    ms double precision,
    update jsonb NOT NULL,
    left_out jsonb NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE TABLE run_inputs (
    run_id uuid PRIMARY KEY,
    project_id text NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    agent_version text NOT NULL,
    inputs jsonb NOT NULL
);
CREATE INDEX run_inputs_by_project ON run_inputs (project_id, run_id);
CREATE INDEX run_inputs_by_age ON run_inputs (decided_at);
"""
_AUTONOMY = """
CREATE TABLE autonomy (
    project_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    level text NOT NULL CHECK (level IN ('observe', 'approve', 'act')),
    always_ask text[] NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    PRIMARY KEY (project_id, version)
);
CREATE TABLE pauses (
    pause_id uuid PRIMARY KEY DEFAULT uuidv7(),
    project_id text,
    reason text,
    paused_at timestamptz NOT NULL DEFAULT now(),
    paused_by text NOT NULL,
    ended_at timestamptz,
    ended_by text
);
CREATE UNIQUE INDEX pauses_one ON pauses (coalesce(project_id, '')) WHERE ended_at IS NULL;
"""
# An episode of a plan that nobody approved acted on nothing and had no outcome of its own.
_EPISODES = """
ALTER TABLE episodes DROP CONSTRAINT episodes_effect_check;
ALTER TABLE episodes ADD CONSTRAINT episodes_effect_check
    CHECK (effect IN ('acted', 'edited', 'dry_run', 'shadow', 'not_approved'));
ALTER TABLE episodes ADD COLUMN review text
    CHECK (review IN ('approved', 'edited', 'rejected', 'expired', 'superseded'));
"""

# LangGraph's own tables of the chat come beside this one, after the migration.
_CHAT = """
DO $$ BEGIN IF to_regnamespace('chat') IS NULL THEN CREATE SCHEMA chat; END IF; END $$;
CREATE TABLE chat.threads (
    thread_id uuid PRIMARY KEY,
    owner text NOT NULL,
    project_id text,
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    busy_until timestamptz
);
CREATE INDEX threads_of_owner ON chat.threads (owner, updated_at DESC);
CREATE INDEX threads_by_age ON chat.threads (updated_at);
CREATE TABLE run_comments (
    run_id uuid PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    model text NOT NULL,
    comment text NOT NULL,
    commented_at timestamptz NOT NULL DEFAULT now()
);
"""
# A forgotten episode keeps its ids, its day and its counts in the impact, and nothing else. Its
# row stays so that no import brings it back. The decisions that recalled an episode are found by
# the ids in their documents.
_MEMORY = """
ALTER TABLE episodes
    ADD COLUMN version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    ADD COLUMN forgotten_at timestamptz,
    ADD COLUMN forgotten_by text,
    ALTER COLUMN features DROP NOT NULL;
ALTER TABLE episodes DROP CONSTRAINT episodes_check1;
ALTER TABLE episodes
    ADD CONSTRAINT episodes_to_embed_check
        CHECK (requires_embedding = (embedding IS NULL AND forgotten_at IS NULL)),
    ADD CONSTRAINT episodes_forgotten_check CHECK (
        CASE WHEN forgotten_at IS NULL THEN features IS NOT NULL
        ELSE NOT recallable AND features IS NULL AND embedding IS NULL
            AND completed_tasks IS NULL AND perception = '{}' END);
CREATE TABLE episode_versions (
    episode_id uuid NOT NULL REFERENCES episodes ON DELETE CASCADE,
    version integer NOT NULL CHECK (version > 0),
    outcome jsonb NOT NULL,
    reason text,
    changed_by text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (episode_id, version)
);
CREATE INDEX episodes_by_time ON episodes (decided_at DESC, episode_id DESC);
CREATE INDEX episodes_recalled ON episodes
    USING gin (jsonb_path_query_array(reasoning, '$.similar_episodes[*].episode_id'))
    WHERE origin = 'run';
"""


def upgrade() -> None:
    op.execute(_RUNS)
    op.execute(_KEYS)
    op.execute(_EPISODES)
    op.execute(_STEPS)
    op.execute(_AUTONOMY)
    op.execute(_CHAT)
    op.execute(_MEMORY)
