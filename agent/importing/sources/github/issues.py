"""Issues of a GitHub repository, over the REST API."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from agent.importing.notices import Notice
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.answers import Refusal
from agent.importing.sources.github.projects import Item, Projects, read_projects
from agent.importing.sources.last_read import LastRead, setup_of, whole_notice
from agent.importing.sources.linked_pages import read_linked
from agent.importing.sources.meanings import GITHUB
from agent.importing.sources.projects import project_text
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.shapes import filled, object_in, objects_in, text_in
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.sprint_dates import day_of, moment_of
from agent.importing.tasks import TrackerSprint

# Closed without work; the other reasons mean that it was done.
_DROPPED = ("not_planned", "duplicate")
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
_SETUP = setup_of("github")


def read_github(
    client: TrackerClient, request: SourceRequest, last: LastRead | None, today: date
) -> SourceRows:
    """Read a repository. Raises: `SourceRefused`, `SourceUnavailable`."""
    repository, project = request.scope, project_text(request.scope.split("/")[-1])
    last, notices = _usable(last, request)
    issues = _read_issues(client, request, last)
    projects = (
        read_projects(client, repository, project, today) if request.projects else _NO_PROJECTS
    )
    # A pull request is in the list of issues too.
    tasks = [issue for issue in issues.values() if issue.get("pull_request") is None]
    has_iterations = bool(projects.iterations)
    return SourceRows(
        name=f"repository {repository}",
        profile=GITHUB,
        rows=[
            SourceRow(_values(issue, project, projects.items, has_iterations), (), line)
            for line, issue in enumerate(tasks, start=1)
        ],
        sprints=projects.iterations or _milestones(tasks, project),
        notices=notices,
        read_at=client.first_moment(),
        setup=_SETUP,
        since=last and last.since,
    )


def _usable(
    last: LastRead | None, request: SourceRequest
) -> tuple[LastRead | None, tuple[Notice, ...]]:
    """Return the last read if changes after it can be told, else why all is read again."""
    if last is None:
        return None, ()
    if request.projects:
        reason = "GitHub does not tell which fields of its Projects have changed"
        return None, (whole_notice(reason),)
    if last.setup != _SETUP:
        return None, (whole_notice("another release of dsm read the issues before"),)
    return last, ()


def _read_issues(
    client: TrackerClient, request: SourceRequest, last: LastRead | None
) -> dict[int, Mapping[str, Any]]:
    """Read all issues by their numbers, or those changed and those of changed milestones."""
    path, what = f"/repos/{request.scope}/issues", "issues and pull requests"
    params = {"state": "all", "sort": "created", "direction": "asc"}
    if request.query:
        params["labels"] = request.query
    if last is None:
        return read_linked(client, path, params, "number", what)
    issues = read_linked(client, path, {**params, "since": last.since_text}, "number", what)
    milestones = read_linked(
        client, f"/repos/{request.scope}/milestones", {"state": "all"}, "number", "milestones"
    )
    for number, milestone in milestones.items():
        # Another name or due day of a milestone is no change of its issues.
        moment = moment_of(text_in(milestone, "updated_at"))
        if moment is None or moment >= last.since:
            values = {**params, "milestone": str(number)}
            issues |= read_linked(client, path, values, "number", what)
    return dict(sorted(issues.items()))


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
