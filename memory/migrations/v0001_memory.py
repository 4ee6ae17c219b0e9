"""Episodes with their two vectors and outcomes, runs and what they owe, modes, learning, jobs."""

from alembic import op

from domain_services.kernel.database import idempotency
from domain_services.kernel.messaging import inbox

revision = "memory_0001"
down_revision = None
branch_labels = None
depends_on = None

# PLAIN and MAIN keep the vectors and the filtered columns inside the row: exact search would
# otherwise read the TOAST table once a row. The vector indexes hold only what may be recalled,
# so that no filter thins out their answers and a decision without an outcome costs no insertion.
# episodes_recallable carries the features, so that exact search reads a tenth of the pages.
_EPISODES = """
CREATE TABLE episodes (
    episode_id uuid PRIMARY KEY,
    project_id text STORAGE MAIN NOT NULL,
    origin text NOT NULL CHECK (origin IN ('run', 'import')),
    decided_at timestamptz NOT NULL,
    agent_version text STORAGE MAIN NOT NULL,
    decision_source text STORAGE MAIN NOT NULL
        CHECK (decision_source IN ('rule_based_only', 'intelligence_enhanced')),
    sprint_id text STORAGE MAIN,
    day date NOT NULL,
    perception jsonb NOT NULL,
    reasoning jsonb NOT NULL,
    action jsonb NOT NULL,
    quality real NOT NULL CHECK (quality BETWEEN 0 AND 1),
    recallable boolean NOT NULL,
    completed_tasks integer,
    planned_tasks integer,
    completion_rate double precision,
    spill_over integer,
    duration_days integer,
    features vector(13) STORAGE PLAIN NOT NULL,
    embedding halfvec(1024) STORAGE PLAIN,
    embedding_model text STORAGE MAIN,
    requires_embedding boolean NOT NULL DEFAULT true,
    CHECK ((embedding IS NULL) = (embedding_model IS NULL)),
    CHECK (requires_embedding = (embedding IS NULL)),
    CHECK ((completed_tasks IS NULL) = (duration_days IS NULL)),
    CHECK (NOT recallable OR completed_tasks IS NOT NULL)
);
CREATE INDEX episodes_by_features ON episodes
    USING hnsw (features vector_l2_ops) WITH (m = 16, ef_construction = 128) WHERE recallable;
CREATE INDEX episodes_by_embedding ON episodes
    USING hnsw (embedding halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)
    WHERE recallable;
CREATE INDEX episodes_by_project ON episodes (project_id, decided_at DESC);
CREATE INDEX episodes_by_sprint ON episodes (sprint_id) WHERE sprint_id IS NOT NULL;
CREATE INDEX episodes_recallable ON episodes (project_id, day) INCLUDE (features, episode_id)
    WHERE recallable;
CREATE INDEX episodes_by_model ON episodes (embedding_model) WHERE recallable;
CREATE INDEX episodes_to_embed ON episodes (episode_id) WHERE requires_embedding;

CREATE TABLE episode_journal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    episode jsonb NOT NULL,
    refused text
);

-- How sprints ended, whether their episode is there already or not.
CREATE TABLE sprint_outcomes (
    sprint_id text PRIMARY KEY,
    project_id text NOT NULL,
    completed_tasks integer NOT NULL,
    planned_tasks integer NOT NULL,
    completion_rate double precision,
    spill_over integer NOT NULL,
    duration_days integer NOT NULL,
    closed_at timestamptz NOT NULL
);
CREATE INDEX sprint_outcomes_by_age ON sprint_outcomes (closed_at DESC);

CREATE TABLE embedding_cache (
    text_sha256 bytea,
    model text,
    embedding halfvec(1024) STORAGE PLAIN NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (text_sha256, model)
);
CREATE INDEX embedding_cache_age ON embedding_cache (created_at);
"""

_RUNS = """
CREATE TABLE runs (
    run_id uuid PRIMARY KEY DEFAULT uuidv7(),
    project_id text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'decided', 'done', 'failed', 'abandoned')),
    token bigint NOT NULL DEFAULT 1,
    lease_seconds double precision NOT NULL CHECK (lease_seconds > 0),
    lease_until timestamptz NOT NULL,
    request jsonb NOT NULL,
    decision jsonb,
    response jsonb,
    error jsonb,
    started_at timestamptz NOT NULL DEFAULT now(),
    decided_at timestamptz,
    ended_at timestamptz
);
CREATE UNIQUE INDEX runs_one_unfinished ON runs (project_id)
    WHERE status IN ('running', 'decided');
CREATE INDEX runs_unfinished ON runs (lease_until) WHERE status IN ('running', 'decided');
CREATE INDEX runs_by_project ON runs (project_id, run_id DESC);

-- Audits owed to the chronicle; a row goes when the chronicle has it.
CREATE TABLE owed_audits (
    audit_id uuid PRIMARY KEY,
    project_id text NOT NULL,
    audit jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_try timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX owed_audits_due ON owed_audits (next_try);

CREATE TABLE decision_modes (
    project_id text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    mode text NOT NULL CHECK (mode IN ('rule_based_only', 'intelligence_enhanced', 'shadow')),
    confidence_threshold double precision NOT NULL CHECK (confidence_threshold BETWEEN 0 AND 1),
    enable_task_count_adjustment boolean NOT NULL,
    enable_sprint_duration_adjustment boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL,
    PRIMARY KEY (project_id, version)
);

CREATE TABLE schedules (
    name text PRIMARY KEY,
    project_id text NOT NULL,
    sprint_id text NOT NULL,
    schedule text NOT NULL,
    timezone text NOT NULL,
    ends_on date NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_due_at timestamptz,
    claimed_until timestamptz
);
CREATE INDEX schedules_by_project ON schedules (project_id);
"""

# A calibration is never changed; which one is active is the newest activation's word.
_LEARNING = """
CREATE TABLE calibrations (
    version integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    calibration jsonb NOT NULL,
    accepted boolean NOT NULL,
    reason text NOT NULL,
    outcomes integer NOT NULL,
    new_outcomes integer NOT NULL,
    log_loss double precision,
    active_log_loss double precision,
    compared_with integer NOT NULL,
    learned_through timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    created_by text NOT NULL
);
CREATE TABLE calibration_activations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version integer NOT NULL,
    reason text NOT NULL,
    activated_at timestamptz NOT NULL DEFAULT now(),
    activated_by text NOT NULL
);

-- One replica does a daily job: who holds the lease, and for which day it was done last.
CREATE TABLE daily_jobs (
    name text PRIMARY KEY,
    done_for date,
    lease_until timestamptz NOT NULL DEFAULT '-infinity'
);
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.execute(idempotency.MIGRATION)
    op.execute(_EPISODES)
    op.execute(_RUNS)
    op.execute(_LEARNING)
    op.execute(inbox.MIGRATION)
