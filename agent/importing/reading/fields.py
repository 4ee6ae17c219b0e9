"""Fields of a task, with the column names that exports use for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a task that a column can feed."""

    name: str
    """Name that --map takes."""
    headers: tuple[str, ...]
    """Known column names, the most telling first: lower case, words separated by one space."""


FIELDS: tuple[Field, ...] = (
    # Jira exports both Issue key and Issue id; people know a task by its key.
    Field("id", ("issue key", "key", "id", "task id", "number", "issue number", "issue id")),
    Field("project", ("project key", "project", "project id", "repository", "repo")),
    Field(
        "created",
        ("created", "created at", "created date", "creation date", "date created", "opened at"),
    ),
    Field(
        "finished",
        (
            "resolved",
            "resolution date",
            "resolutiondate",
            "resolved at",
            "closed at",
            "closed date",
            "finished",
            "finished at",
            "finished date",
            "completed at",
            "completed date",
            "completion date",
            "date completed",
        ),
    ),
    Field(
        "updated",
        (
            "updated",
            "updated at",
            "updated date",
            "last updated",
            "last modified",
            "modified",
            "modified at",
            "changed date",
        ),
    ),
    Field("title", ("summary", "title", "name", "subject")),
    Field("status", ("status", "state")),
    Field("priority", ("priority",)),
    Field(
        "rank",
        (
            "rank",
            "custom field (rank)",
            "lexorank",
            "stack rank",
            "backlog rank",
            "backlog priority",
        ),
    ),
    Field("assignee", ("assignee", "assigned to", "assignees")),
    Field("type", ("issue type", "issuetype", "type", "kind")),
    Field("labels", ("labels", "label", "tags")),
    Field(
        "estimate",
        (
            "story points",
            "custom field (story points)",
            "story point estimate",
            "custom field (story point estimate)",
            "points",
            "estimate",
        ),
    ),
)
# Read by exports of known trackers; their names are in agent/importing/profiles.
FURTHER_FIELDS: tuple[str, ...] = (
    "status_category",  # To Do, In Progress or Done, by the tracker itself
    "status_changed",  # day on which the status category changed
    "resolution",  # how a task was closed, such as Won't Do; GitHub's state reason
    "dropped",  # day on which a task was closed without work
    "started",  # day on which work began
    "parent",  # id or number of the parent
    "number",  # second id that parents refer to, such as Jira's Issue id
    "sprint",  # name of the sprint, repeated for several
    "sprint_start",  # first day of the sprint of the row
    "sprint_end",  # last day of the sprint of the row
    "url",  # address of the task
    "email",  # address of the assignee
    "archived",  # true when the task was put away: dropped, unless it was done
)
FIELD_NAMES: tuple[str, ...] = tuple(field.name for field in FIELDS)
DATE_FIELDS: tuple[str, ...] = ("created", "finished", "updated")
