"""What the role of the running service may do; everything else is the migrating owner's."""

GRANTS = {
    "idempotency_keys": "SELECT, INSERT, UPDATE, DELETE",
    "chronicle_notes": "SELECT, INSERT",
    "sprint_retrospectives": "SELECT, INSERT",
    "retrospective_action_items": "SELECT, INSERT, UPDATE (status, version)",
    "action_item_changes": "SELECT, INSERT",
    "retrospective_attendees": "SELECT, INSERT",
    "project_history": "SELECT",
    "decision_audits": "SELECT, INSERT (record)",
    "decision_chains": "SELECT",
    "decision_outcomes": "SELECT",
}
