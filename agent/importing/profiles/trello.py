"""Export of a board of Trello."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

TRELLO = Profile(
    name="Trello",
    telling=("card id", "list name"),
    columns={
        "id": ("card id",),
        "project": ("board name",),
        "url": ("card url",),
        "title": ("card name",),
        "updated": ("last activity date",),
        "status": ("list name",),
        "status_category": ("due complete",),
        "archived": ("archived",),
        "priority": ("priority",),
        "estimate": ("story points", "points", "estimate", "size"),
        "assignee": ("members",),
        "labels": ("labels",),
        "sprint": ("sprint",),
    },
    categories={"true": State.DONE, "complete": State.DONE},
    project_from="name",
    created_from="card id",
    lacks=(
        Lack(
            what="the day of the finish",
            effect="done cards have no known day, so there is no velocity",
            remedy='take the last activity as the finish: --map "finished=Last Activity Date", or '
            "a field of your own that a rule fills",
            field="finished",
        ),
    ),
    export="In the board's menu, choose Print, export and share, then Export as CSV (Premium).",
    seen="real",
)
