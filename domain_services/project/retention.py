"""Retention of the project service's tables."""

from domain_services.kernel.database.kernel_tables import KEYS, SCHEMA
from domain_services.kernel.database.retention import Kept, Tables

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    Kept("projects", "project", "people made it"),
    Kept("employees", "person of a team", "people entered it"),
    Kept("team_members", "membership of a person in a project", "people entered it"),
    Kept("calendar_days", "day of a project's own calendar", "people entered it"),
    Kept("pto", "leave of a person", "people entered it, and past plans are explained by it"),
)
