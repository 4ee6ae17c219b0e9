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
        (
            "created",
            "created at",
            "created date",
            "creation date",
            "date created",
            "opened at",
            "created on",
            "opened on",
            "date opened",
            "created time",
            "creation time",
            "time created",
            "added on",
            "date added",
        ),
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
            "finished on",
            "completed on",
            "closed on",
            "date closed",
            "resolved on",
            "completed time",
            "done on",
            "done date",
            "date done",
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
            "last edited time",
            "updated on",
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
    Field(
        "assignee",
        ("assignee", "assigned to", "assignees", "assign", "owner", "owners", "responsible"),
    ),
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
# Facts beside those of any table; trackers have more names for them in agent/importing/profiles.
FURTHER_FIELDS: tuple[Field, ...] = (
    Field("status_category", ("status category", "state category", "status type", "state type")),
    Field(
        "status_changed",
        ("status category changed", "status changed", "status changed at", "state changed at"),
    ),
    Field("resolution", ("resolution", "state reason", "close reason", "closed reason")),
    Field("dropped", ("canceled at", "cancelled at", "canceled", "cancelled", "canceled date")),
    Field("started", ("started at", "started", "actual start", "activated date")),
    Field("parent", ("parent key", "parent id", "parent", "parent issue", "parent task")),
    Field("number", ()),
    Field("sprint", ("sprint", "sprints", "sprint name", "iteration", "iteration path", "cycle")),
    Field("sprint_start", ("sprint start", "sprint start date", "iteration start")),
    Field("sprint_end", ("sprint end", "sprint end date", "iteration end")),
    Field("url", ("url", "web url", "issue url", "html url")),
    Field("email", ("assignee email",)),
    # True when the task was put away: dropped, unless it was done.
    Field("archived", ()),
)
COMMON_HEADERS: dict[str, tuple[str, ...]] = {
    field.name: field.headers for field in (*FIELDS, *FURTHER_FIELDS)
}
FIELD_NAMES: tuple[str, ...] = tuple(COMMON_HEADERS)
DATE_FIELDS: tuple[str, ...] = (
    "created",
    "finished",
    "updated",
    "status_changed",
    "dropped",
    "started",
    "sprint_start",
    "sprint_end",
)
# Each row takes the first of their columns that it fills.
ALTERNATIVE_FIELDS: frozenset[str] = frozenset(
    {
        *("title", "status", "estimate", "finished", "dropped", "status_changed", "parent"),
        *("sprint", "labels", "started"),
    }
)
