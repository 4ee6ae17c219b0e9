"""Export of ClickUp."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

# Two exports share these names: that of a workspace (milliseconds, no closing day) and that of a
# view, with chosen columns. Lists are written `[A, B]`, an empty value `null`.
CLICKUP = Profile(
    name="ClickUp",
    telling=("task id", "task name"),
    one_of=(("list name", "space name", "task content", "date created", "assignees"),),
    not_telling=("section/column",),
    columns={
        "id": ("task id",),
        "number": ("task custom id",),
        "project": ("space name", "space"),
        "url": ("task link",),
        "title": ("task name",),
        "created": ("date created", "date created text"),
        "finished": ("date done", "date closed", "date done text", "date closed text"),
        "updated": ("date updated", "last updated"),
        "status": ("status",),
        "type": ("task type",),
        "priority": ("priority",),
        "estimate": (
            "sprint points",
            "points",
            "story points",
            "time estimated",
            "time estimated text",
        ),
        "assignee": ("assignees", "assignee"),
        "labels": ("tags",),
        "parent": ("parent id",),
        "sprint": ("sprint", "sprints"),
    },
    estimate_hours={"time estimated": 1 / 3_600_000, "time estimated text": 1.0},
    statuses={
        "not started": State.TO_DO,
        "on hold": State.TO_DO,
        "ready for review": State.DOING,
        "update required": State.DOING,
    },
    empty=("null", "[]"),
    project_from="name",
    child_types=None,
    lacks=(
        Lack(
            what="the day of the finish",
            effect="done tasks have no known day, so there is no velocity",
            remedy="export a list view instead, with the columns Date created and Date done",
            field="finished",
        ),
        Lack(
            what="the sprints",
            effect="past sprints are windows of equal length",
            remedy="show the column Sprint in the view, or name the length with --cadence",
            field="sprint",
        ),
    ),
    export="Open a list view with Date created and Date done, and choose Export view, then CSV.",
    seen="real",
)
