"""Retention of the agent's tables.

What learning, recall, the impact of decisions and the check of audits read stays true when rows
go: an episode with an outcome stays, deleted decisions stay counted, and runs with an audit named
(docs/adr/0124-retention-by-one-list.md).
"""

from dataclasses import replace

from domain_services.kernel.database.kernel_tables import (
    DEAD_LETTERS,
    DELIVERIES,
    INBOX,
    KEYS,
    SCHEMA,
)
from domain_services.kernel.database.retention import Kept, Rule, Tables, chosen
from memory.statistics import COUNT_DELETED as COUNT_DECISIONS
from memory.statistics import EFFECT

_RUNS = Rule(
    "runs",
    "ended run with its documents",
    "keep_runs_days",
    "ended_at < now() - make_interval(days => :days) AND EXISTS (SELECT FROM runs AS newer"
    " WHERE newer.project_id = runs.project_id AND newer.run_id > runs.run_id)",
    "ended_at",
    "a quarter shows how a team was decided for; the newest run of a project and every unfinished"
    " one stay, and the id of each run with an audit stays in `audited_runs`",
    batch=1000,
)
# The condition repeats that of the index `episodes_without_outcome`.
_EPISODES = Rule(
    "episodes",
    "decision that began no sprint, or whose sprint was cancelled",
    "keep_episodes_days",
    "decided_at < now() - make_interval(days => :days) AND origin = 'run'"
    " AND completed_tasks IS NULL AND (sprint_id IS NULL OR cancelled_at IS NOT NULL)",
    "decided_at",
    "no decision recalls it and nothing learns from it; the impact counts it in"
    " `deleted_decisions`. An episode with an outcome, or one to come, stays for good",
    batch=1000,
)
# The ids of runs begin with their time (UUIDv7), so that the old ones come first.
_CHECKPOINTS = Rule(
    "checkpoints",
    "state of a run that decided, from which another process goes on",
    "keep_checkpoints_days",
    """
        thread_id < (SELECT left(hex, 8) || '-' || right(hex, 4) FROM (SELECT lpad(to_hex(CAST(
            1000 * extract(epoch FROM now() - make_interval(days => :days)) AS bigint)), 12, '0'))
            AS old (hex))
        AND NOT EXISTS (SELECT FROM runs WHERE run_id = CAST(thread_id AS uuid)
            AND (ended_at IS NULL OR ended_at >= now() - make_interval(days => :days)))
    """,
    "thread_id",
    "an ended run needs it no more; a week is for whoever looks into what it did",
    batch=2000,
)

_CHATS = Rule(
    "chat.threads",
    "conversation with the assistant",
    "keep_chats_days",
    "updated_at < now() - make_interval(days => :days)",
    "updated_at",
    "a month is for going on with one; what it changed is in runs and audits",
    batch=500,
)

# An upload that is read or written at this moment is not old.
_IMPORTS = Rule(
    "imports",
    "upload of an import with its preview and its end",
    "keep_imports_days",
    "updated_at < now() - make_interval(days => :days)",
    "updated_at",
    "a week is for going on with one; its rows stay in `known_rows`",
    batch=20,
)


_DELETE_EPISODES = f"""
    WITH chosen AS MATERIALIZED ({chosen(_EPISODES)}),
    gone AS (
        DELETE FROM episodes WHERE ctid = ANY (ARRAY(SELECT place FROM chosen))
        RETURNING project_id, decision_source, {EFFECT} AS effect,
                  cancelled_at IS NOT NULL AS cancelled),
    counted AS ({COUNT_DECISIONS})
    SELECT count(*) FROM gone
"""  # noqa: S608 - constants
# By an array: for a join the planner reads the three tables whole.
_IDS = "thread_id = ANY (CAST((SELECT ids FROM threads) AS text[]))"
_DELETE_CHECKPOINTS = f"""
    WITH chosen AS MATERIALIZED ({chosen(_CHECKPOINTS).replace("ctid AS place", "thread_id")}),
    threads AS MATERIALIZED (SELECT ARRAY(SELECT DISTINCT thread_id FROM chosen) AS ids),
    writes AS (DELETE FROM checkpoint_writes WHERE {_IDS}),
    blobs AS (DELETE FROM checkpoint_blobs WHERE {_IDS}),
    gone AS (DELETE FROM checkpoints WHERE {_IDS} RETURNING 1)
    SELECT count(*) FROM gone
"""  # noqa: S608 - constants

_DELETE_CHATS = f"""
    WITH chosen AS MATERIALIZED ({chosen(_CHATS)}),
    gone AS (
        DELETE FROM chat.threads WHERE ctid = ANY (ARRAY(SELECT place FROM chosen))
        RETURNING CAST(thread_id AS text)),
    threads AS MATERIALIZED (SELECT ARRAY(SELECT thread_id FROM gone) AS ids),
    writes AS (DELETE FROM chat.checkpoint_writes WHERE {_IDS}),
    blobs AS (DELETE FROM chat.checkpoint_blobs WHERE {_IDS}),
    states AS (DELETE FROM chat.checkpoints WHERE {_IDS})
    SELECT count(*) FROM gone
"""  # noqa: S608 - constants

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    INBOX,
    DELIVERIES,
    DEAD_LETTERS,
    _RUNS,
    Kept(
        "audited_runs",
        "id of a run with an audit",
        "audits are compared with it; about 200 bytes a run",
    ),
    Kept("run_steps", "update of a run by one node", "as above", "goes with its run"),
    Rule(
        "run_inputs",
        "what a decision was made from",
        "keep_inputs_days",
        "decided_at < now() - make_interval(days => :days)",
        "decided_at",
        "past decisions are replayed on other rules and numbers; a year shows all seasons",
        batch=1000,
    ),
    replace(_EPISODES, delete=_DELETE_EPISODES),
    Kept(
        "episode_versions",
        "outcome before or after a correction",
        "a person's correction explains what was learned since",
        "until its episode is forgotten or deleted",
    ),
    Kept("deleted_decisions", "count of deleted episodes", "a few rows a project"),
    replace(_CHECKPOINTS, delete=_DELETE_CHECKPOINTS),
    Kept("checkpoint_blobs", "value of a checkpoint", "as above", "goes with `checkpoints`"),
    Kept("checkpoint_writes", "result of a node", "as above", "goes with `checkpoints`"),
    Kept("checkpoint_migrations", "version of LangGraph's tables", "a few rows"),
    replace(_CHATS, delete=_DELETE_CHATS),
    _IMPORTS,
    Kept("import_files", "file of an import", "as above", "goes with `imports`, or at its end"),
    Kept("import_parts", "part of such a file", "as above", "goes with `import_files`"),
    Kept("known_rows", "rows of an imported project", "the next import is compared with them"),
    Kept("import_settings", "options of the last import", "one row an imported project"),
    Kept("chat.checkpoints", "state of a conversation", "as above", "goes with `chat.threads`"),
    Kept("chat.checkpoint_blobs", "value of such a state", "as above", "goes with `chat.threads`"),
    Kept("chat.checkpoint_writes", "result of a step", "as above", "goes with `chat.threads`"),
    Kept("chat.checkpoint_migrations", "version of LangGraph's tables", "a few rows"),
    Kept("run_comments", "comment of a model on a decision", "as above", "goes with its run"),
    Rule(
        "embedding_cache",
        "embedding of a text by a model",
        "keep_embeddings_days",
        "created_at < now() - make_interval(days => :days)",
        "created_at",
        "texts of a sprint come again for weeks; later ones are embedded anew",
    ),
    Kept(
        "episode_journal",
        "episode on its way into `episodes`",
        "one that cannot be read is a fault that somebody has to see",
        "seconds; a refused one until a person decides",
    ),
    Kept(
        "embedding_failures",
        "episode whose text could not be embedded",
        "it is tried again; one that is set aside is a fault that somebody has to see",
        "until it is embedded, discarded or deleted",
    ),
    Kept("sprint_outcomes", "outcome of a sprint", "learning stands on it; one row a sprint"),
    Kept("cancelled_sprints", "sprint that was cancelled", "its decision waits for no outcome"),
    Kept("decision_modes", "decision mode that a person set", "past decisions are explained by it"),
    Kept("autonomy", "autonomy that a person set", "as above"),
    Kept("pauses", "pause by a person", "it tells why nothing was done; a few rows a year"),
    Kept("calibrations", "attempt to learn", "a person may go back to it; at most one a day"),
    Kept("calibration_activations", "change of the calibration", "at most a few a day"),
    Kept(
        "cronjobs",
        "schedule",
        "it fires until then",
        "until its sprint ends or a person deletes it",
    ),
    Kept("job_results", "last result of a schedule", "as above", "goes with its schedule"),
    Kept(
        "deleted_schedules",
        "schedule that a person deleted or rejected",
        "it must not come back while the sprint runs",
        "until its sprint ends",
    ),
    Kept(
        "follow_up_runs",
        "run that a project waits for",
        "one row a project",
        "until that run begins",
    ),
    Kept("leases", "lease of a chore", "one row a chore"),
    Kept("installation", "id of the installation", "one row"),
    Kept("daily_jobs", "daily job of an earlier release", "its replicas may still run; two rows"),
    Kept("owed_audits", "audit owed by an earlier release", "its replicas may still run"),
)
