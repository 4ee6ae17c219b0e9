"""Tables of GitHub's issues, and the export of a project's view."""

from collections.abc import Mapping
from dataclasses import replace

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Lack, Profile

_BY_API = "run dsm import github OWNER/REPO, which asks GitHub itself"

# GitHub exports no issues: such a table is made from its API, with the names of the API.
ISSUES = Profile(
    name="GitHub, issues by the API",
    telling=("number", "title", "state", "created at"),
    columns={
        "id": ("number",),
        "project": ("repository", "repo"),
        "url": ("html url", "url"),
        "title": ("title",),
        "created": ("created at",),
        "finished": ("closed at",),
        "updated": ("updated at",),
        "status": ("status", "state"),
        "resolution": ("state reason",),
        "type": ("type", "issue type"),
        "priority": ("priority",),
        "estimate": ("estimate", "story points", "points"),
        "assignee": ("assignees", "assignee"),
        "labels": ("labels",),
        "parent": ("parent",),
        "sprint": ("iteration", "sprint", "milestone"),
    },
    resolutions={
        "completed": State.DONE,
        "not planned": State.DROPPED,
        "duplicate": State.DROPPED,
    },
    project_from="url",
    lacks=(
        Lack(
            what="the work in progress",
            effect="an open issue counts as not begun, whatever its project shows",
            remedy=_BY_API,
            field="started",
        ),
    ),
    export="Better than a table of your own: dsm import github OWNER/REPO asks GitHub itself.",
    seen="real",
)


def _as_one_word(columns: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Turn names of the API such as `created at` into those of gh, such as `createdAt`."""
    return {
        field: tuple(name.replace(" ", "") for name in names) for field, names in columns.items()
    }


GH_ISSUES = replace(
    ISSUES,
    name="GitHub, issues by gh",
    telling=("number", "title", "state", "createdat"),
    columns=_as_one_word(ISSUES.columns),
    seen="assumed",
)
PROJECT_VIEW = Profile(
    name="GitHub, view of a project",
    telling=("title", "url", "status"),
    one_of=(("assignees", "repository", "linked pull requests"),),
    not_telling=("number", "issue id", "author username"),
    columns={
        "id": ("url",),
        "url": ("url",),
        "title": ("title",),
        "created": ("created", "created at"),
        "finished": ("closed", "closed at"),
        "updated": ("updated", "updated at"),
        "status": ("status",),
        "type": ("type",),
        "priority": ("priority",),
        "estimate": ("estimate", "story points", "points", "size"),
        "assignee": ("assignees",),
        "labels": ("labels",),
        "parent": ("parent issue",),
        "sprint": ("iteration", "sprint", "milestone"),
    },
    project_from="url",
    lacks=(
        Lack(
            what="every date",
            effect="nothing can be imported",
            remedy=_BY_API,
            field="created",
        ),
    ),
    export="A view's menu has Export view data, but the file has no dates: use dsm import github.",
    seen="real",
)
GITHUB = (ISSUES, GH_ISSUES, PROJECT_VIEW)
