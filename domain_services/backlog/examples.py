"""Example of each request body of the backlog service, for its page /docs."""

from domain_services.kernel.web.openapi import Examples

EXAMPLES: Examples = {
    "POST /backlogs/{project_id}/tasks": {
        "tasks": [
            {"title": "Search by name", "priority": 1, "type": "story", "external_key": "ABC-1"},
            {"title": "Index the names", "depends_on": ["ABC-1"]},
        ]
    },
    "PUT /tasks/{task_id}": {"priority": 1, "assigned_to": "E001"},
    "PUT /backlogs/{project_id}/order": {"task_ids": ["ABC-1", "P1-TASK002"]},
    "PUT /backlogs/{project_id}/past-tasks": {
        "tasks": [
            {"external_key": "ABC-0", "created_on": "2025-03-03", "finished_on": "2025-03-14"}
        ]
    },
    "POST /backlogs/{project_id}/reservations": {
        "sprint_id": "P1-S01",
        "task_ids": ["P1-TASK001", "P1-TASK002"],
    },
}
