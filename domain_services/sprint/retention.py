"""Retention of the sprint service's tables."""

from domain_services.kernel.database.kernel_tables import (
    DEAD_LETTERS,
    DELIVERIES,
    INBOX,
    KEYS,
    OUTBOX,
    SCHEMA,
)
from domain_services.kernel.database.retention import Kept, Tables

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    OUTBOX,
    INBOX,
    DELIVERIES,
    DEAD_LETTERS,
    Kept("counters", "last sprint number of a project", "one row a project"),
    Kept("sprints", "sprint", "the team's history; forecasts and learning stand on it"),
    Kept("sprint_tasks", "task in a sprint", "the plan and the end of that sprint"),
    Kept("progress_history", "report on a task", "people wrote it, and burndowns are drawn of it"),
    Kept("daily_scrums", "daily scrum of a sprint", "one row a day that was held"),
)
