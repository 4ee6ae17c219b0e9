"""Example of each request body of the orchestrator, for its page /docs."""

from pydantic import JsonValue

from domain_services.kernel.web.openapi import Examples

_EPISODE: dict[str, JsonValue] = {
    "episode_id": "0193a3f0-8c5e-7000-8000-000000000001",
    "project_id": "P1",
    "origin": "import",
    "decided_at": "2026-02-02T00:00:00Z",
    "agent_version": "importer 1",
    "decision_source": "rule_based_only",
    "sprint_id": "P1-S01",
    "perception": {
        "project_id": "P1",
        "day": "2026-02-02",
        "backlog_tasks": 20,
        "unassigned_tasks": 14,
        "sprint_days": 14,
        "past_sprints": 3,
        "completed": [6, 7, 5],
    },
    "reasoning": {"text": "imported"},
    "action": {"create_sprint": True, "tasks": 8, "duration_days": 14},
    "outcome": {
        "completed_tasks": 7,
        "planned_tasks": 8,
        "completion_rate": 0.875,
        "spill_over": 1,
        "duration_days": 14,
    },
}

EXAMPLES: Examples = {
    "POST /agent/chat": {"message": "How is the sprint of P1 going?", "project_id": "P1"},
    "POST /orchestrate/project/{project_id}/schedules": {
        "kind": "orchestrate",
        "schedule": "0 8 * * 1-5",
    },
    "PATCH /orchestrate/project/{project_id}/schedules/{name}": {"paused": True},
    "PATCH /orchestrate/schedules/{name}": {"schedule": "30 4 * * *"},
    "POST /orchestrate/schedules/{name}/firings": {"due_at": "2026-03-02T14:00:00Z"},
    "POST /orchestrate/project/{project_id}": {
        "dry_run": True,
        "record": False,
        "options": {
            "sprint_duration_weeks": 2,
            "max_tasks_per_sprint": 8,
            "schedule": "0 14 * * 1-5",
        },
    },
    "POST /orchestrate/project/{project_id}/decision-mode": {
        "mode": "shadow",
        "confidence_threshold": 0.8,
    },
    "POST /imports/{import_id}/options": {
        "mapping": {"finished": "Live on"},
        "statuses": {"Live": "Done"},
        "date_format": "m/d/Y",
    },
    "PUT /imports/projects/{project_id}/settings": {
        "options": {"statuses": {"Live": "Done"}, "cadence_days": 14},
    },
    "POST /orchestrate/project/{project_id}/autonomy": {
        "level": "approve",
        "always_ask": ["close_sprint"],
    },
    "POST /orchestrate/pause": {"project_id": "P1", "reason": "the team is at a fair"},
    "POST /runs/{run_id}/undo": {"reason": "the team is at a fair next week"},
    "POST /runs/requests": {
        "project_id": "P1",
        "name": "close_sprint",
        "arguments": {"sprint_id": "P1-S01"},
        "reason": "all tasks are done",
        "asked_by": "chat",
    },
    "POST /runs/{run_id}/decision": {
        "fingerprint": "9f2c4e7a1b0d",
        "decisions": [
            {"step": 0, "type": "edit", "arguments": {"duration_weeks": 1}},
            {"step": 1, "type": "reject", "reason": "the team meets by itself"},
        ],
    },
    "POST /orchestrate/project/{project_id}/clock": {"to": "next-sprint"},
    "POST /orchestrate/intelligence/learn/rollback": {
        "version": 0,
        "reason": "the newest one states too much",
    },
    "POST /runs/{run_id}/what-if": {"tasks": 8, "weeks": 2},
    "POST /memory/episodes": {"episodes": [_EPISODE]},
    "PUT /memory/episodes/imported/{project_id}": {"episodes": [_EPISODE]},
    "POST /memory/episodes/{episode_id}/corrections": {
        "base": 1,
        "completed_tasks": 7,
        "reason": "two tasks were closed by mistake",
    },
    "POST /memory/episodes/{episode_id}/forget": {
        "base": 1,
        "reason": "the team worked on another product then",
    },
    "POST /memory/backfill": {"limit": 200},
}
