"""A field of a tracker's answer in another shape never ends a read in a traceback."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest

from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.changelogs import Moves
from agent.importing.sources.source_request import SourceRequest
from tests.sources import github_server, gitlab_server
from tests.sources.github_server import REPOSITORY, GitHub
from tests.sources.gitlab_server import PROJECT, GitLab
from tests.sources.jira_server import EMAIL, SPRINT, history, sprint_item, status_item
from tests.sources.jira_shop import shop
from tests.sources.reading import Reader, by_id
from tests.sources.tracker_server import Reply, TrackerServer, serving_tracker

ABSENT: Any = object()
SHAPES: tuple[Any, ...] = (
    None,
    True,
    7,
    -1.5,
    10**30,
    "",
    "text",
    [],
    ["text"],
    [[1], {}],
    {},
    {"id": {}},
    ABSENT,
)
Way = tuple[str | int, ...]

MILESTONE = {
    "id": 3,
    "iid": 1,
    "number": 3,
    "title": "Sprint 3",
    "state": "closed",
    "start_date": "2026-03-02",
    "due_date": "2026-03-15",
    "due_on": "2026-03-15T07:00:00Z",
    "closed_at": "2026-03-16T07:00:00Z",
    "updated_at": "2026-03-16T07:00:00Z",
}


def ways(value: Any, before: Way = ()) -> Iterator[Way]:
    """Yield the way to each field within a value, and to the first item of each list."""
    keys: list[str | int] = []
    if isinstance(value, dict):
        keys = [*value]
    elif isinstance(value, list) and value:
        keys = [0]
    for key in keys:
        yield (*before, key)
        yield from ways(value[key], (*before, key))


def changed(value: Any, way: Way, shape: Any) -> Any:
    """Return a copy with another shape at the end of a way."""
    copy = json.loads(json.dumps(value))
    holder = copy
    for key in way[:-1]:
        holder = holder[key]
    if shape is ABSENT:
        del holder[way[-1]]
    else:
        holder[way[-1]] = shape
    return copy


def github_issue(key: int) -> dict[str, Any]:
    return github_server.issue(
        key,
        state="closed",
        state_reason="completed",
        closed_at="2026-03-14T08:00:00Z",
        labels=[{"name": "api"}],
        assignees=[{"login": "ada"}],
        assignee={"login": "ada"},
        milestone=MILESTONE,
        type={"name": "Bug"},
        parent_issue_url="https://api.github.com/repos/acme/web-shop/issues/1",
    )


def gitlab_issue(key: int) -> dict[str, Any]:
    return gitlab_server.issue(
        key,
        state="closed",
        closed_at="2026-03-14T08:00:00Z",
        labels=["api"],
        assignees=[{"name": "Ada"}],
        assignee={"name": "Ada"},
        milestone=MILESTONE,
        iteration=MILESTONE,
        weight=3,
    )


def github(issues: list[Any]) -> tuple[TrackerServer, SourceRequest, Reader]:
    server = served(github_issue(1), issues, f"GET /repos/{REPOSITORY}/issues", GitHub([]).server())
    return server, SourceRequest("github", "", REPOSITORY), Reader()


def gitlab(issues: list[Any]) -> tuple[TrackerServer, SourceRequest, Reader]:
    path = "/api/v4/projects/" + PROJECT.replace("/", "%2F")
    server = served(gitlab_issue(1), issues, f"GET {path}/issues", GitLab([]).server())
    return server, SourceRequest("gitlab", "", PROJECT), Reader()


def served(
    intact: dict[str, Any], others: list[Any], route: str, server: TrackerServer
) -> TrackerServer:
    server.routes |= {route: lambda _: Reply([intact, *others])}
    return server


def read(
    make: Callable[[list[Any]], tuple[TrackerServer, SourceRequest, Reader]], issues: list[Any]
) -> SourceRows:
    server, request, reader = make(issues)
    with serving_tracker(server):
        return reader.read(SourceRequest(request.kind, server.url, request.scope))


@pytest.mark.parametrize(
    ("make", "issue_of"), [(github, github_issue), (gitlab, gitlab_issue)], ids=["github", "gitlab"]
)
def test_field_in_another_shape_is_left_out_and_changes_no_other_task(
    make: Callable[[list[Any]], tuple[TrackerServer, SourceRequest, Reader]],
    issue_of: Callable[[int], dict[str, Any]],
) -> None:
    intact = next(iter(read(make, []).rows)).values
    assert {"id", "title", "status", "assignee", "labels", "sprint"} <= intact.keys()
    kinds = [(way, shape) for way in ways(issue_of(2)) for shape in SHAPES]
    others = [changed(issue_of(key), *kind) for key, kind in enumerate(kinds, start=2)]
    rows = list(read(make, others).rows)
    assert len(rows) > 0.8 * len(kinds)
    assert rows[0].values == intact
    texts = [text for row in rows for several in row.values.values() for text in several]
    assert all(isinstance(text, str) and text for text in texts)


@pytest.mark.parametrize("is_cloud", [True, False])
def test_field_of_jira_in_another_shape_is_left_out_and_changes_no_other_task(
    is_cloud: bool,
) -> None:
    jira = shop(is_cloud=is_cloud)
    whole = jira.issues[1]
    kinds = [(("fields", *way), shape) for way in ways(whole["fields"]) for shape in SHAPES]
    jira.issues += [
        changed(whole, *kind) | {"id": str(20_000 + key), "key": f"SHOP-{key}"}
        for key, kind in enumerate(kinds, start=10)
    ]
    with serving_tracker(jira.server()) as server:
        reader = Reader(email=EMAIL if is_cloud else None)
        rows = by_id(reader.read(SourceRequest("jira", server.url, "Team Alpha")))
    assert len(rows) == 3 + len(kinds)
    assert rows["SHOP-3"].values["labels"] == ("Flagged",)
    assert rows["SHOP-3"].values["parent"] == ("SHOP-2",)
    texts = [text for row in rows.values() for several in row.values.values() for text in several]
    assert all(isinstance(text, str) for text in texts)


@pytest.mark.parametrize("name", ["id", "key"])
@pytest.mark.parametrize("shape", [None, True, ""])
def test_issue_of_jira_without_its_id_or_key_is_words(name: str, shape: Any) -> None:
    jira = shop(is_cloud=False)
    jira.issues = [changed(jira.issues[1], (name,), shape)]
    with (
        serving_tracker(jira.server()) as server,
        pytest.raises(SourceRefused, match="instead of one with an id and a key"),
    ):
        Reader().read(SourceRequest("jira", server.url, "Team Alpha"))


def test_entry_of_a_changelog_in_another_shape_is_left_out() -> None:
    entry = history(1, "2026-03-03T09:00:00.000+0100", sprint_item("7", "8"), status_item("1", "3"))
    for way in ways(entry):
        for shape in SHAPES:
            moves = Moves()
            moves.add([changed(entry, way, shape), history(2, 7, status_item("1", "3"))], [SPRINT])
            assert len(moves.statuses) in (1, 2)
            assert all(isinstance(move[2], str) for move in moves.statuses.values())


def project(key: int) -> dict[str, Any]:
    runs = [{"title": f"Run {key}", "startDate": "2026-04-06", "duration": 14}]
    configuration = {"iterations": runs, "completedIterations": runs}
    fields = {"nodes": [{"name": "Iteration", "configuration": configuration}]}
    return {"id": f"P{key}", "title": "Board", "closed": False, "fields": fields}


def project_item(key: int) -> dict[str, Any]:
    values = [
        {
            "__typename": f"ProjectV2ItemField{kind}Value",
            "name": "Doing",
            "number": 3,
            "title": "Run 1",
            "field": {"name": name},
        }
        for kind, name in (("SingleSelect", "Status"), ("Iteration", "Run"), ("Number", "Points"))
    ]
    content = {"number": key, "repository": {"nameWithOwner": REPOSITORY}}
    return {"id": f"I{key}", "content": content, "fieldValues": {"nodes": values}}


def test_field_of_a_project_in_another_shape_is_left_out() -> None:
    first, item = project(0), project_item(1)
    kinds = [(way, shape) for way in ways(first) for shape in SHAPES]
    others = [changed(project(key), *kind) for key, kind in enumerate(kinds, start=1)]
    row = with_projects([first, *others], [item])
    assert (row["sprint"], row["estimate"], row["status"]) == (("Run 1",), ("3",), ("Doing",))
    kinds = [(way, shape) for way in ways(item) for shape in SHAPES]
    items = [changed(item, *kind) | {"id": f"J{key}"} for key, kind in enumerate(kinds)]
    row = with_projects([first], [item, *items])
    assert (row["sprint"], row["estimate"], row["status"]) == (("Run 1",), ("3",), ("Doing",))


def with_projects(projects: list[Any], items: list[Any]) -> Mapping[str, Sequence[str]]:
    """Return the values of issue 1 beside these projects; the first one has the items."""
    boards: dict[Any, list[Any]] = defaultdict(list, {projects[0]["id"]: items})
    github = GitHub([github_server.issue(1)], projects, boards)
    with serving_tracker(github.server()) as server:
        request = SourceRequest("github", server.url, REPOSITORY, projects=True)
        return next(iter(Reader().read(request).rows)).values


@pytest.mark.parametrize("start", ["9999-12-25", "0001-01-01", "2026-02-30", "tomorrow"])
def test_iteration_at_the_end_of_the_calendar_is_none(start: str) -> None:
    last = project(1)
    last["fields"]["nodes"][0]["configuration"]["iterations"][0]["startDate"] = start
    assert with_projects([project(0), last], [project_item(1)])["sprint"] == ("Run 1",)
