"""Reports of Taiga: user stories, tasks and issues."""

from dataclasses import replace

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Profile

# Read off the code that writes the reports. A story's points stand by role and as total-points.
_STORIES = Profile(
    name="Taiga, user stories",
    telling=("ref", "subject", "is closed", "total points"),
    columns={
        "id": ("ref",),
        "title": ("subject",),
        "created": ("created date",),
        "finished": ("finish date", "finished date"),
        "updated": ("modified date",),
        "status": ("status",),
        "status_category": ("is closed",),
        "type": ("type",),
        "priority": ("priority",),
        "rank": ("backlog order",),
        "estimate": ("total points",),
        "assignee": ("assigned users full name", "assigned to full name", "assigned to"),
        "labels": ("tags",),
        "sprint": ("sprint",),
        "sprint_start": ("sprint estimated start",),
        "sprint_end": ("sprint estimated finish",),
    },
    statuses={
        "ready for test": State.DOING,
        "needs info": State.TO_DO,
        "postponed": State.TO_DO,
        "rejected": State.DROPPED,
    },
    categories={"true": State.DONE},
    export="In the project's settings, choose Reports, then the address of the user stories.",
)
_TASKS = replace(
    _STORIES,
    name="Taiga, tasks",
    telling=("ref", "subject", "is closed", "user story"),
    columns=dict(_STORIES.columns)
    | {"parent": ("user story",), "rank": ("taskboard order", "us order")},
    # A task goes with its story, where both reports are given; alone, it is the work.
    child_types=None,
    export="In the project's settings, choose Reports, then the address of the tasks.",
)
_ISSUES = replace(
    _STORIES,
    name="Taiga, issues",
    telling=("ref", "subject", "is closed", "severity"),
    export="In the project's settings, choose Reports, then the address of the issues.",
)
TAIGA = (_STORIES, _TASKS, _ISSUES)
