"""Privileges of the running service's role; the migrating owner has all others."""

# Notes and audits are only added: the service itself cannot change or delete what it has recorded.
GRANTS = {
    "idempotency_keys": "SELECT, INSERT, UPDATE, DELETE",
    "keyed_requests": "SELECT, INSERT, UPDATE, DELETE",
    "chronicle_notes": "SELECT, INSERT",
    "sprint_retrospectives": "SELECT, INSERT",
    "retrospective_action_items": "SELECT, INSERT, UPDATE (status, version)",
    "action_item_changes": "SELECT, INSERT",
    "retrospective_attendees": "SELECT, INSERT",
    "cancelled_sprints": "SELECT, INSERT",
    "project_history": "SELECT",
    "decision_audits": "SELECT, INSERT (record)",
    "decision_chains": "SELECT",
    "decision_outcomes": "SELECT",
    # Audits are deleted by the function `cut_audits` alone, which adds to these.
    "decision_cuts": "SELECT",
    "cut_decisions": "SELECT",
    "counted_decisions": "SELECT",
}
