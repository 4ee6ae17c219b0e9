"""Jira in English. Names of columns are those by which the other languages are known."""

from agent.importing.profiles.jira.words import JiraWords
from agent.importing.tasks import Kind

WORDS = JiraWords(
    language="en",
    label="English",
    custom_field=("custom field",),
    columns={
        # Jira calls issues work items since 2025.
        "issue key": ("issue key", "work item key"),
        "issue id": ("issue id", "work item id"),
        "issue type": ("issue type", "work type", "work item type"),
        "project key": ("project key", "space key"),
    },
    types={
        "epic": Kind.CONTAINER,
        "initiative": Kind.CONTAINER,
        "legend": Kind.CONTAINER,
        "sub task": Kind.PART,
        "subtask": Kind.PART,
        "technical task": Kind.PART,
    },
    seen="real",
)
