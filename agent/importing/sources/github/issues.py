"""Issues of a GitHub repository, over the REST API."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Profile
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.answers import Refusal
from agent.importing.sources.github.projects import Item, Projects, read_projects
from agent.importing.sources.linked_pages import read_linked
from agent.importing.sources.projects import project_text
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.shapes import filled, object_in, objects_in, text_in
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.sprint_dates import day_of
from agent.importing.tasks import TrackerSprint

# Closed without work; the other reasons mean that it was done.
_DROPPED = ("not_planned", "duplicate")
PROFILE = Profile(
    name="GitHub, by its API",
    telling=(),
    columns={},
    statuses={"open": State.TO_DO, "closed": State.DONE},
    resolutions={
        "completed": State.DONE,
        "not planned": State.DROPPED,
        "duplicate": State.DROPPED,
    },
)
ADVICE = Refusal(
    unauthorized="Make a new one at https://github.com/settings/tokens and set GITHUB_TOKEN.",
    forbidden=(
        "Give the token read access to the repository's issues (fine-grained: Issues, read), and "
        "authorise it for the organisation's single sign-on."
    ),
    unknown=(
        "Check OWNER/REPO; a private repository is also unknown to a token without access to it, "
        "and to nobody at all: set GITHUB_TOKEN."
    ),
)
_NO_PROJECTS = Projects({}, ())


def read_github(
    client: TrackerClient, request: SourceRequest, since: datetime | None, today: date
) -> SourceRows:
    """Read a repository. Raises: `SourceRefused`, `SourceUnavailable`."""
    repository, project = request.scope, project_text(request.scope.split("/")[-1])
    params = {"state": "all", "sort": "created", "direction": "asc"}
    if request.query:
        params["labels"] = request.query
    if since is not None:
        params["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = f"/repos/{repository}/issues"
    issues = read_linked(client, path, params, "number", "issues and pull requests")
    projects = (
        read_projects(client, repository, project, today) if request.projects else _NO_PROJECTS
    )
    # A pull request is in the list of issues too.
    tasks = [issue for issue in issues.values() if issue.get("pull_request") is None]
    has_iterations = bool(projects.iterations)
    rows = [
        SourceRow(_values(issue, project, projects.items, has_iterations), (), line)
        for line, issue in enumerate(tasks, start=1)
    ]
    sprints = projects.iterations or _milestones(tasks, project)
    return SourceRows(f"repository {repository}", PROFILE, rows, sprints)


def _values(
    issue: Mapping[str, Any], project: str, items: Mapping[int, Item], has_iterations: bool
) -> dict[str, tuple[str, ...]]:
    item = items.get(issue["number"])
    reason, closed = text_in(issue, "state_reason"), text_in(issue, "closed_at")
    is_dropped = reason in _DROPPED
    milestone = _milestone_name(issue)
    return filled(
        {
            "id": text_in(issue, "number"),
            "project": project,
            "created": text_in(issue, "created_at"),
            "finished": "" if is_dropped else closed,
            "dropped": closed if is_dropped else "",
            "updated": text_in(issue, "updated_at"),
            "title": text_in(issue, "title"),
            "status": (item and item.status) or text_in(issue, "state"),
            "resolution": reason.replace("_", " ") if closed else "",
            "priority": item.priority if item else "",
            "rank": str(item.place) if item else "",
            "assignee": _assignees(issue),
            "type": text_in(object_in(issue, "type"), "name"),
            "labels": _labels(issue),
            "estimate": item.estimate if item else "",
            "sprint": (item.iteration if item else "") if has_iterations else milestone,
            "parent": text_in(issue, "parent_issue_url").rsplit("/", 1)[-1],
            "url": text_in(issue, "html_url"),
        }
    )


def _assignees(issue: Mapping[str, Any]) -> tuple[str, ...]:
    people = objects_in(issue, "assignees") or [object_in(issue, "assignee")]
    return tuple(text_in(person, "login") for person in people)


def _labels(issue: Mapping[str, Any]) -> tuple[str, ...]:
    # A label is an object, and was a text in older answers.
    names = [text_in(label, "name") for label in objects_in(issue, "labels")]
    return tuple(dict.fromkeys(names))


def _milestone_name(issue: Mapping[str, Any]) -> str:
    """Return the milestone of an issue as its sprint; "" when it has no due day, like a release."""
    milestone = object_in(issue, "milestone")
    return text_in(milestone, "title") if text_in(milestone, "due_on") else ""


def _milestones(issues: list[Mapping[str, Any]], project: str) -> tuple[TrackerSprint, ...]:
    sprints: dict[str, TrackerSprint] = {}
    for issue in issues:
        milestone, name = object_in(issue, "milestone"), _milestone_name(issue)
        if name:
            is_closed = text_in(milestone, "state") == "closed"
            sprints[name] = TrackerSprint(
                project,
                name,
                None,
                day_of(text_in(milestone, "due_on")),
                day_of(text_in(milestone, "closed_at")),
                "closed" if is_closed else None,
            )
    return tuple(sorted(sprints.values(), key=lambda sprint: (sprint.end or date.max, sprint.name)))
