"""Export of the issues of a GitLab project."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

# Until 12.10 the file began with Issue ID and URL, then with Title and Description; since 18.4 it
# has IID, Type, Start Date and Parent IID. All days are in UTC, said behind the column's name.
GITLAB = Profile(
    name="GitLab",
    telling=("url", "author username", "created at"),
    columns={
        "id": ("iid", "issue id"),
        "url": ("url",),
        "title": ("title",),
        "created": ("created at",),
        "finished": ("closed at",),
        "updated": ("updated at",),
        # Status is the finer one, where a project has it.
        "status": ("status", "state"),
        "type": ("type",),
        "priority": ("priority",),
        "estimate": ("weight", "time estimate"),
        "assignee": ("assignee", "assignees", "assignee username"),
        "labels": ("labels",),
        "parent": ("parent iid",),
        "sprint": ("iteration", "milestone"),
    },
    estimate_hours={"time estimate": 1 / 3600},
    statuses={
        "opened": State.TO_DO,
        "duplicate": State.DROPPED,
        "won't do": State.DROPPED,
    },
    project_from="url",
    child_types=("task",),
    lacks=(
        Lack(
            what="the work in progress",
            effect="an open issue counts as not begun, whatever its board shows",
            remedy="run dsm import gitlab, which reads the days of the labels and iterations",
            field="started",
        ),
    ),
    export="In the project's issues, open the menu of actions and choose Export as CSV.",
    seen="real",
)
