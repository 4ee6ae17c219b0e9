"""Retention of the chronicle's tables."""

from domain_services.kernel.database.kernel_tables import KEYS, SCHEMA
from domain_services.kernel.database.retention import Kept, Tables

RETENTION: Tables = (
    SCHEMA,
    *KEYS,
    Kept("chronicle_notes", "planning or daily scrum of a sprint", "people wrote it"),
    Kept("sprint_retrospectives", "retrospective of a sprint", "people wrote it"),
    Kept("retrospective_action_items", "action item", "people wrote it"),
    Kept("action_item_changes", "change of an action item", "people wrote it; only added to"),
    Kept("retrospective_attendees", "person in a retrospective", "people wrote it"),
    Kept("project_history", "figures of a project's notes", "one row a project"),
    Kept("cancelled_sprints", "sprint that was cancelled", "its decision waits for no outcome"),
    Kept("decision_chains", "head of a project's chain of audits", "one row a project"),
    Kept(
        "decision_audits",
        "audit of a decision",
        "the record that decisions are checked by; the last one of a project always stays",
        "for good, or `DSM_KEEP_AUDITS_DAYS`",
    ),
    Kept("decision_cuts", "signed head of audits that were cut off", "a chain goes on from it"),
    Kept(
        "cut_decisions",
        "decision whose audit was cut off",
        "the impact counts it, and the runs are compared with it; about 400 bytes",
    ),
)
