"""Retention of the backlog's tables."""

from domain_services.kernel.database.kernel_tables import DEAD_LETTERS, INBOX, KEYS, SCHEMA
from domain_services.kernel.database.retention import Kept, Tables

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    INBOX,
    DEAD_LETTERS,
    Kept("backlogs", "backlog of a project", "one row a project"),
    Kept("tasks", "task", "people wrote it"),
    Kept("task_history", "change of a task's status", "the record of the team's work on a task"),
    Kept("past_tasks", "dates of a task finished before an import", "forecasts count it"),
)
