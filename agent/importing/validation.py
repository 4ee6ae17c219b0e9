"""What of a task a service would refuse, found before anything is sent."""

from pydantic import ValidationError

from agent.importing import documents
from agent.importing.limits import reason
from agent.importing.tasks import Task

# Which field of a task each field of a document is made of.
_SOURCES = {
    "title": "title",
    "description": "title",
    "name": "assignee",
    "employee_id": "assignee",
    "assigned_to": "assignee",
    "external_key": "id",
    "task_id": "id",
    "created_on": "created",
}


def fault(task: Task) -> tuple[str, str] | None:
    """The field of a task that a service would refuse, and why; None when all take it."""
    try:
        documents.backlog_task(task)
        documents.outcome(task)
        documents.person(task)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        return _SOURCES.get(name, name), reason(first)
    return None
