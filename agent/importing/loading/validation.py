"""Validation of a task against the services' limits, before anything is sent."""

from pydantic import ValidationError

from agent.importing.loading import documents
from agent.importing.loading.limits import describe_error
from agent.importing.tasks import Task

# The field of a task that each field of a document is made of.
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


def find_invalid_field(task: Task) -> tuple[str, str] | None:
    """Return the field that a service would refuse, and why; None when all take the task."""
    # The services' own types decide, so that preview and services never disagree.
    try:
        documents.backlog_task(task)
        documents.outcome(task)
        documents.people([task])
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0]) if first["loc"] else ""
        return _SOURCES.get(name, name), describe_error(first)
    return None
