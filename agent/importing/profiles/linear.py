"""Export of Linear."""

from dataclasses import replace

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Profile

# Older exports end with Roadmaps, newer ones with UUID, Time in status and relations. Their dates
# are ISO, or JavaScript's `Mon Apr 21 2025 10:17:06 GMT+0000 (GMT)`. Rows may end early.
CYCLES = Profile(
    name="Linear",
    telling=("team", "cycle number", "completed"),
    columns={
        "id": ("id",),
        "title": ("title",),
        "created": ("created",),
        "finished": ("completed",),
        "dropped": ("canceled",),
        "updated": ("updated",),
        "started": ("started",),
        "status": ("status",),
        "type": ("type",),
        "priority": ("priority",),
        "estimate": ("estimate",),
        "assignee": ("assignee",),
        "labels": ("labels",),
        "parent": ("parent issue",),
        "sprint": ("cycle name", "cycle number"),
        "sprint_start": ("cycle start",),
        "sprint_end": ("cycle end",),
    },
    statuses={
        "triage": State.TO_DO,
        "canceled": State.DROPPED,
        "duplicate": State.DROPPED,
    },
    priorities={"no priority": None},
    # The column Project is a goal within a team: the team's key is before the number.
    project_from="key",
    sprint_word="Cycle",
    export="In the workspace's settings, choose Import and export, then Export CSV.",
    seen="real",
)
# A list whose columns for cycles were taken out.
LINEAR = (
    CYCLES,
    replace(
        CYCLES,
        name="Linear, without cycles",
        telling=("team", "status", "completed", "canceled"),
        not_telling=("cycle number",),
        seen="assumed",
    ),
)
