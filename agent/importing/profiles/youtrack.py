"""Export of YouTrack."""

from agent.importing.meaning.statuses import State
from agent.importing.meaning.work_times import HOURS_OF_DAY
from agent.importing.profiles.profile import Profile

# The columns of a file are the fields of its projects. Estimation is a time such as 4h.
YOUTRACK = Profile(
    name="YouTrack",
    telling=("issue id", "summary", "state"),
    not_telling=("issue key", "issue type"),
    columns={
        "id": ("issue id",),
        "title": ("summary",),
        "created": ("created",),
        "finished": ("resolved",),
        "updated": ("updated",),
        "started": ("started", "start date"),
        "status": ("state", "stage"),
        "type": ("type",),
        "priority": ("priority",),
        "estimate": ("story points", "ideal days", "estimation", "original estimation"),
        "assignee": ("assignee", "assignees"),
        "labels": ("tags",),
        "parent": ("subtask of", "parent", "parent issue"),
        "sprint": ("sprints", "sprint", "iteration"),
    },
    estimate_hours={"ideal days": HOURS_OF_DAY},
    statuses={
        "submitted": State.TO_DO,
        "to be discussed": State.TO_DO,
        "wait for reply": State.TO_DO,
        "develop": State.DOING,
        "to verify": State.DOING,
        "test": State.DOING,
        "staging": State.DOING,
        "verified": State.DONE,
        "without verification": State.DONE,
        "can't reproduce": State.DROPPED,
        "duplicate": State.DROPPED,
        "incomplete": State.DROPPED,
        "obsolete": State.DROPPED,
        "won't fix": State.DROPPED,
    },
    priorities={"show stopper": 1},
    project_from="key",
    sprint_from="names",
    child_types=None,
    export="In the list of issues, open the menu of actions and choose Export, then CSV.",
)
