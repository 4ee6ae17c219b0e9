"""Issues of a GitLab project, over the REST API."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

from agent.importing.notices import Notice
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.answers import Refusal
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.last_read import LastRead, setup_of, whole_notice
from agent.importing.sources.limits import MAX_PATH_PARTS
from agent.importing.sources.linked_pages import read_linked
from agent.importing.sources.meanings import GITLAB
from agent.importing.sources.projects import project_text
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.shapes import filled, object_in, objects_in, text_in, texts_in
from agent.importing.sources.source_request import SourceRequest
from agent.importing.sources.sprint_dates import day_of, moment_of
from agent.importing.tasks import TrackerSprint

SprintField = Literal["iteration", "milestone"]
Issues = dict[int, Mapping[str, Any]]
# A read of changes must take the sprints from the same field as the whole one.
_SETUPS: Mapping[SprintField, str] = {
    "iteration": setup_of("gitlab", "iteration"),
    "milestone": setup_of("gitlab", "milestone"),
}
_NOTICE = Notice(
    "GitLab does not tell why an issue was closed: issues closed without work count as completed."
)
ADVICE = Refusal(
    unauthorized=(
        "Make a new one under your avatar > Edit profile > Access tokens, with the scope read_api, "
        "and set GITLAB_TOKEN."
    ),
    forbidden="The token needs the scope read_api, and its account at least the role Reporter.",
    unknown=(
        "Copy the project's address from the browser; a private project is also unknown to a token "
        "without access to it, and to nobody at all: set GITLAB_TOKEN."
    ),
)


def read_gitlab(
    client: TrackerClient, request: SourceRequest, last: LastRead | None, today: date
) -> SourceRows:
    """Read a project. Raises: `SourceRefused`, `SourceUnavailable`."""
    project, notices = project_text(request.scope.split("/")[-1]), [_NOTICE]
    params = {"state": "all", "scope": "all", "order_by": "created_at", "sort": "asc"}
    if request.query:
        params["labels"] = request.query
    if last is not None and last.setup not in _SETUPS.values():
        last = None
        notices.append(whole_notice("another release of dsm read the issues before"))
    changed = {} if last is None else {"updated_after": last.since_text}
    issues, scope, below = _read_issues(client, request.scope, {**params, **changed})
    has_iterations = any(object_in(issue, "iteration") for issue in issues.values())
    if last is not None and has_iterations and last.setup != _SETUPS["iteration"]:
        last = None
        notices.append(whole_notice("the project has iterations now, which are its sprints"))
        issues, scope, below = _read_issues(client, request.scope, params)
    if last is not None:
        has_iterations = last.setup == _SETUPS["iteration"]
        issues = dict(sorted({**issues, **_of_changed_sprints(below, scope, params, last)}.items()))
    field: SprintField = "iteration" if has_iterations else "milestone"
    sprints = {
        sprint.name: sprint
        for issue in issues.values()
        if (sprint := _sprint(issue, project, field, today))
    }
    return SourceRows(
        name=f"project {scope}",
        profile=GITLAB,
        rows=[
            SourceRow(_values(issue, project, field), (), line)
            for line, issue in enumerate(issues.values(), start=1)
        ],
        sprints=tuple(
            sorted(sprints.values(), key=lambda item: (item.start or date.max, item.name))
        ),
        notices=tuple(notices),
        read_at=client.first_moment(),
        setup=_SETUPS[field],
        since=last and last.since,
    )


def _read_issues(
    client: TrackerClient, scope: str, params: Mapping[str, str | int]
) -> tuple[Issues, str, TrackerClient]:
    """Return the issues of a project by number, its path, and the client of its GitLab.

    The first parts of `scope` may be those of a GitLab below a path of its host, which then has
    nothing, or another product, at the host itself. Raises: `SourceRefused`, `SourceUnavailable`.
    """
    parts, refusals = scope.split("/"), list[SourceRefused]()
    for position in range(min(len(parts) - 1, MAX_PATH_PARTS + 1)):
        base = "/".join((client.base, *parts[:position]))
        below = replace(client, base=base)
        project = "/".join(parts[position:])
        path = f"{_path(project)}/issues"
        try:
            return read_linked(below, path, params, "iid", "issues"), project, below
        except SourceRefused as error:
            refusals.append(error)
    # A refused token tells of a GitLab there; else the address as it was given counts.
    raise min(refusals, key=lambda error: error.answer_status not in (401, 403))


def _path(project: str) -> str:
    return f"/api/v4/projects/{quote(project, safe='')}"


def _of_changed_sprints(
    client: TrackerClient, scope: str, params: Mapping[str, str | int], last: LastRead
) -> Issues:
    """Read the issues of iterations or milestones that changed, which is no change of theirs."""
    is_iteration = last.setup == _SETUPS["iteration"]
    what = "iterations" if is_iteration else "milestones"
    path, issues = _path(scope), dict[int, Mapping[str, Any]]()
    sprints = read_linked(client, f"{path}/{what}", {"include_ancestors": "true"}, "id", what)
    for key, sprint in sprints.items():
        moment = moment_of(text_in(sprint, "updated_at"))
        if moment is None or moment >= last.since:
            name = (
                {"iteration_id": key} if is_iteration else {"milestone": text_in(sprint, "title")}
            )
            issues |= read_linked(client, f"{path}/issues", {**params, **name}, "iid", "issues")
    return issues


def _values(issue: Mapping[str, Any], project: str, field: str) -> dict[str, tuple[str, ...]]:
    people = objects_in(issue, "assignees") or [object_in(issue, "assignee")]
    return filled(
        {
            "id": text_in(issue, "iid"),
            "number": text_in(issue, "id"),
            "project": project,
            "created": text_in(issue, "created_at"),
            "finished": text_in(issue, "closed_at") if issue.get("state") == "closed" else "",
            "updated": text_in(issue, "updated_at"),
            "title": text_in(issue, "title"),
            "status": text_in(issue, "state"),
            "assignee": [text_in(person, "name") for person in people],
            # `issue` is what every issue is; the other types tell something.
            "type": text_in(issue, "issue_type"),
            "labels": texts_in(issue, "labels"),
            "estimate": text_in(issue, "weight"),
            "sprint": _sprint_name(issue, field),
            "url": text_in(issue, "web_url"),
        }
    )


def _sprint_name(issue: Mapping[str, Any], field: str) -> str:
    """Return the iteration or milestone of an issue; "" for one without an end, like a release."""
    sprint = object_in(issue, field)
    start, due = text_in(sprint, "start_date"), text_in(sprint, "due_date")
    # Iterations made by a cadence have no title, only their days.
    return (text_in(sprint, "title") or f"{start} - {due}") if due else ""


def _sprint(
    issue: Mapping[str, Any], project: str, field: str, today: date
) -> TrackerSprint | None:
    name, sprint = _sprint_name(issue, field), object_in(issue, field)
    if not name:
        return None
    end = day_of(text_in(sprint, "due_date"))
    is_closed = text_in(sprint, "state") == "closed" or (
        field == "iteration" and end is not None and end < today
    )
    return TrackerSprint(
        project,
        name,
        day_of(text_in(sprint, "start_date")),
        end,
        end if is_closed and field == "iteration" else None,
        "closed" if is_closed else None,
    )
