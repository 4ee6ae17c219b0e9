"""Invented histories: sprints, days and decisions of projects."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from domain_services.chronicle import schema

FIRST_DAY = date(2025, 1, 6)


def tasks(project_id: str, finished: int, open_: int = 0) -> list[dict[str, Any]]:
    """Make `finished` closed tasks, then `open_` open ones."""
    return [
        {
            "task_id": f"{project_id}-TASK{number:03}",
            "description": f"Task {number}",
            "status": "close" if number <= finished else "open",
            "employee_id": f"E{number:03}",
            "progress_percentage": 100 if number <= finished else 0,
        }
        for number in range(1, finished + open_ + 1)
    ]


def retrospective(
    project_id: str, number: int, finished: int = 5, open_: int = 0, **fields: Any
) -> schema.SprintRetrospectiveCreate:
    """Make sprint `number` of the project: two weeks each, one after the other."""
    start = FIRST_DAY + timedelta(days=14 * (number - 1))
    values = {
        "sprint_id": f"{project_id}-S{number:02}",
        "project_id": project_id,
        "sprint_name": f"Sprint {number}",
        "start_date": start,
        "end_date": start + timedelta(days=13),
        "duration_weeks": 2,
        "tasks_summary": tasks(project_id, finished, open_),
    }
    return schema.SprintRetrospectiveCreate.model_validate(values | fields)


def retrospectives(
    project_id: str, finished: Iterable[int], **fields: Any
) -> schema.SprintRetrospectiveBulk:
    """Make a history of sprints by the tasks that each finished."""
    return schema.SprintRetrospectiveBulk(
        notes=[
            retrospective(project_id, number, count, **fields)
            for number, count in enumerate(finished, start=1)
        ]
    )


def daily_report(
    project_id: str, day: date = FIRST_DAY, impediments: Iterable[str] = (), **fields: Any
) -> schema.DailyScrumReportCreate:
    """Make a report of sprint 1 in which each impediment is one task's."""
    task_reports = [
        {"id": f"{project_id}-TASK{number:03}", "impediments": words}
        for number, words in enumerate(impediments, start=1)
    ]
    values = {
        "project_id": project_id,
        "sprint_id": f"{project_id}-S01",
        "report_date": day.isoformat(),
        "reports": {day.isoformat(): [{"assigned_to": "E001", "tasks": task_reports}]},
    }
    return schema.DailyScrumReportCreate.model_validate(values | fields)


def audit(project_id: str, number: int | None = None, **fields: Any) -> schema.DecisionAuditCreate:
    """Make a decision about sprint `number`, by default about none."""
    values = {
        "audit_id": uuid4(),
        "project_id": project_id,
        "sprint_id": None if number is None else f"{project_id}-S{number:02}",
        "decision_source": "rule_based_only",
        "decision": {"create_new_sprint": number is not None, "tasks_to_assign": 6},
        "reasoning": "6 unassigned tasks",
        "actor": "orchestrator",
        "timestamp": datetime(2025, 1, 6, 9, 0, tzinfo=UTC),
    }
    return schema.DecisionAuditCreate.model_validate(values | fields)
