"""Retention of the daily scrum's tables."""

from domain_services.kernel.database.kernel_tables import KEYS, OUTBOX, SCHEMA
from domain_services.kernel.database.retention import Rule, Tables

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    OUTBOX,
    Rule(
        "scrum_runs",
        "answer of a simulated day",
        "keep_scrum_runs_days",
        "created_at < now() - make_interval(days => :days)",
        "created_at",
        "a day that is asked for again gets its first answer; no sprint lasts half a year",
    ),
)
