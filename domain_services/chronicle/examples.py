"""Example of each request body of the chronicle, for its page /docs."""

from domain_services.kernel.web.openapi import Examples

EXAMPLES: Examples = {
    "POST /v1/notes/sprint_cancellation": {
        "sprint_id": "P1-S02",
        "project_id": "P1",
        "reason": "Planned by mistake",
        "cancelled_at": "2026-03-16T09:00:00Z",
    },
    "POST /v1/notes/sprint_planning": {
        "sprint_id": "P1-S01",
        "project_id": "P1",
        "sprint_name": "Sprint 1",
        "start_date": "2026-03-02",
        "end_date": "2026-03-15",
        "duration_weeks": 2,
        "sprint_goal": "Ship the search",
        "planned_tasks": ["P1-TASK001", "P1-TASK002"],
    },
    "POST /v1/notes/sprint_retrospective": {
        "sprint_id": "P1-S01",
        "project_id": "P1",
        "sprint_name": "Sprint 1",
        "start_date": "2026-03-02",
        "end_date": "2026-03-15",
        "duration_weeks": 2,
        "what_went_well": "7 of 8 tasks were completed",
        "what_could_be_improved": "One task waited for test data",
        "action_items": [{"description": "Make test data", "impediment": "No test data"}],
        "attendees": ["E001", "E002"],
        "tasks_summary": [
            {
                "task_id": "P1-TASK001",
                "description": "Search by name",
                "status": "close",
                "employee_id": "E001",
                "progress_percentage": 100,
            }
        ],
        "planned_tasks_count": 8,
    },
    "POST /v1/notes/sprint_retrospective/bulk": {
        "notes": [
            {
                "sprint_id": "P1-S01",
                "project_id": "P1",
                "sprint_name": "Sprint 1",
                "start_date": "2026-03-02",
                "end_date": "2026-03-15",
                "origin": "import",
                "tasks_summary": [
                    {"task_id": "ABC-1", "description": "Search by name", "status": "close"}
                ],
            }
        ]
    },
    "PUT /v1/notes/sprint_retrospective/imported/{project_id}": {
        "notes": [
            {
                "sprint_id": "P1-S01",
                "project_id": "P1",
                "sprint_name": "Sprint 1",
                "start_date": "2026-03-02",
                "end_date": "2026-03-15",
                "origin": "import",
                "tasks_summary": [
                    {"task_id": "ABC-1", "description": "Search by name", "status": "close"}
                ],
            }
        ]
    },
    "POST /v1/notes/daily_scrum_report": {
        "sprint_id": "P1-S01",
        "project_id": "P1",
        "report_date": "2026-03-03",
        "summary": "One task is stuck",
        "summary_metrics": {
            "total_team_members": 2,
            "total_tasks": 8,
            "completed_tasks": 1,
            "pending_tasks": 7,
        },
        "reports": {
            "2026-03-03": [
                {
                    "assigned_to": "E001",
                    "tasks": [
                        {
                            "id": "P1-TASK001",
                            "yesterday_work": "Wrote the parser",
                            "today_work": "Will test it",
                            "impediments": "No test data",
                        }
                    ],
                }
            ]
        },
    },
    "POST /v1/notes/decision_audit": {
        "audit_id": "0193a3f0-8c5e-7000-8000-000000000001",
        "project_id": "P1",
        "decision_source": "rule_based_only",
        "decision": {"create_new_sprint": False, "dry_run": False},
        "reasoning": "A sprint is in progress",
        "actor": "me",
        "timestamp": "2026-03-02T09:00:00Z",
    },
    "PUT /v1/action_items/{retrospective_id}/{position}": {
        "status": "closed",
        "comment": "Test data are there",
    },
}
