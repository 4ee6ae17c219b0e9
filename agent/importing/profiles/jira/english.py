"""Jira in English. Names of columns are those by which the other languages are known."""

from agent.importing.profiles.jira.words import CLOUD, CURRENT, FINISHED, SERVER, SHEET, JiraWords
from agent.importing.tasks import Kind

WORDS = JiraWords(
    language="en",
    label="English",
    custom_field=("custom field",),
    # Jira calls issues work items since 2025. Names without a space are those of its API.
    columns={
        "issue key": ("issue key", "work item key", "issuekey"),
        "issue id": ("issue id", "work item id"),
        "issue type": ("issue type", "work type", "work item type", "issuetype"),
        "project key": ("project key", "space key"),
        "status category": ("status category", "statuscategory"),
        "status category changed": ("status category changed", "statuscategorychangedate"),
        "resolved": ("resolved", "resolution date", "resolutiondate"),
    },
    types={
        "epic": Kind.CONTAINER,
        "initiative": Kind.CONTAINER,
        "legend": Kind.CONTAINER,
        "sub task": Kind.PART,
        "subtask": Kind.PART,
        "technical task": Kind.PART,
    },
    seen=(CLOUD, SERVER, CURRENT, FINISHED, SHEET),
)
