"""Export of Shortcut's stories."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

# Owners and labels are separated by semicolons.
SHORTCUT = Profile(
    name="Shortcut",
    telling=("name", "owners", "completed at"),
    columns={
        "id": ("id",),
        "title": ("name",),
        "created": ("created at",),
        "finished": ("completed at",),
        "updated": ("updated at",),
        "started": ("started at",),
        "status": ("state",),
        "status_category": ("is completed",),
        "archived": ("is archived",),
        "type": ("type",),
        "priority": ("priority",),
        "estimate": ("estimate",),
        "assignee": ("owners",),
        "labels": ("labels",),
        "sprint": ("iteration",),
    },
    statuses={
        "unscheduled": State.TO_DO,
        "ready for review": State.DOING,
        "ready for deploy": State.DOING,
        "deployed": State.DONE,
    },
    categories={"true": State.DONE},
    # Projects of older workspaces are folders, so the team goes before them.
    project_from="name",
    project_names=("team", "project"),
    lacks=(
        Lack(
            what="the days of the iterations",
            effect="the length of a sprint is inferred from its tasks",
            remedy="name the length with --cadence, such as --cadence 2w",
        ),
    ),
    export="In the settings, choose Export, then Export stories as CSV.",
    seen="real",
)
