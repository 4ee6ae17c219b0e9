"""Example of each request body of the sprint service, for its page /docs."""

from domain_services.kernel.web.openapi import Examples

EXAMPLES: Examples = {
    "PUT /sprints/by-project/{project_id}/numbering": {"last_number": 12},
    "POST /sprints/{sprint_id}": {
        "sprint_goal": "Ship the search",
        "duration_weeks": 2,
        "task_ids": ["P1-TASK001", "P1-TASK002"],
        "requested_by": "E001",
    },
    "POST /sprints/{sprint_id}/run-daily-scrum": {"scheduled_for": "2026-03-03"},
    "POST /sprints/{sprint_id}/cancel": {"reason": "the team was moved to another project"},
    "POST /tasks/{task_id}/progress": {
        "progress_percentage": 60,
        "yesterday_work": "Wrote the parser",
        "today_work": "Will test it",
        "impediments": "No test data",
        "employee_id": "E001",
    },
}
