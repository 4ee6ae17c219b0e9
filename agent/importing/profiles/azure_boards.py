"""Export of a query of Azure Boards."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile
from agent.importing.tasks import Kind

_DATES = "add {} to the query by Column options, save it, and export again"

# A query of a tree has Title 1, Title 2, ... in place of Title. Dates follow the locale of the
# person, as `8/12/2025 7:00:00 AM`; people are `Name <mail>`, tags are separated by semicolons.
AZURE_BOARDS = Profile(
    name="Azure Boards",
    telling=("work item type",),
    columns={
        "id": ("id",),
        "project": ("team project", "area path", "iteration path"),
        "title": ("title", "title 1", "title 2", "title 3", "title 4", "title 5"),
        "created": ("created date",),
        # Resolved waits for a check: only Closed and Done have a Closed Date.
        "finished": ("closed date",),
        "updated": ("changed date",),
        "status_changed": ("state change date",),
        "started": ("activated date",),
        "status": ("state",),
        "resolution": ("resolved reason", "reason"),
        "type": ("work item type",),
        "priority": ("priority",),
        "rank": ("stack rank", "backlog priority"),
        "estimate": ("story points", "effort", "size", "original estimate"),
        "assignee": ("assigned to",),
        "labels": ("tags",),
        "parent": ("parent",),
        "sprint": ("iteration path",),
    },
    estimate_hours={"original estimate": 1.0},
    statuses={
        "proposed": State.TO_DO,
        "approved": State.TO_DO,
        "active": State.DOING,
        "committed": State.DOING,
        "resolved": State.DOING,
        "gelöst": State.DOING,
        "résolu": State.DOING,
        "resuelto": State.DOING,
        "removed": State.DROPPED,
        "cut": State.DROPPED,
    },
    resolutions={
        "as designed": State.DROPPED,
        "abandoned": State.DROPPED,
        "cannot reproduce": State.DROPPED,
        "cut": State.DROPPED,
        "deferred": State.DROPPED,
        "duplicate": State.DROPPED,
        "not a bug": State.DROPPED,
        "obsolete": State.DROPPED,
        "rejected": State.DROPPED,
        "removed from the backlog": State.DROPPED,
    },
    # Teams plan and estimate features too: one holds other work only where the file shows it.
    types={"epic": Kind.CONTAINER},
    project_from="name",
    sprint_from="path",
    child_types=("task",),
    lacks=(
        Lack(
            what="the day of creation",
            effect="nothing can be imported",
            remedy=_DATES.format("Created Date, Activated Date and Closed Date"),
            field="created",
        ),
        Lack(
            what="the day of the finish",
            effect="closed work has no known day, so there is no velocity",
            remedy=_DATES.format("Closed Date"),
            field="finished",
        ),
        Lack(
            what="the days of the iterations",
            effect="the length of a sprint is inferred from its tasks",
            remedy="name the length with --cadence, such as --cadence 2w",
        ),
    ),
    export="In Boards, open a query that shows the columns named here, and choose Export to CSV.",
    seen="real",
)
