"""Retention of the box service's tables."""

from domain_services.kernel.database.kernel_tables import (
    DEAD_LETTERS,
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
    DEAD_LETTERS,
    Kept("boxes", "box on a shelf", "people put it there"),
)
