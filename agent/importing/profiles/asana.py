"""Export of a project of Asana."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

# The variant for a spreadsheet has three lines above the header. A task of several projects names
# all of them in Projects; the export is of the one that most rows name. Start Date is planned.
ASANA = Profile(
    name="Asana",
    telling=("task id", "section/column"),
    columns={
        "id": ("task id",),
        "title": ("name",),
        "created": ("created at",),
        "finished": ("completed at",),
        "updated": ("last modified",),
        "status": ("task progress", "status", "section/column"),
        "priority": ("priority",),
        "estimate": ("story points", "points", "estimate", "effort"),
        "assignee": ("assignee",),
        "email": ("assignee email",),
        "labels": ("tags",),
        "type": ("type", "task type"),
        "parent": ("parent task",),
        "sprint": ("sprint",),
    },
    statuses={
        "not started": State.TO_DO,
        "waiting": State.TO_DO,
        "deferred": State.TO_DO,
    },
    project_from="name",
    project_names=("projects", "project"),
    status_is_place=True,
    # A subtask names its parent by the title, and has no section.
    parent_from="title",
    child_types=None,
    lacks=(
        Lack(
            what="the sprints",
            effect="past sprints are windows of equal length",
            remedy="give the project a field Sprint, or the length of a sprint with --cadence",
            field="sprint",
        ),
        Lack(
            what="the ids of parents",
            effect="a subtask goes to the first task with its parent's title",
            remedy="give tasks that have subtasks titles of their own",
        ),
    ),
    export="In the project's menu, choose Export/Print, then CSV.",
    seen="real",
)
