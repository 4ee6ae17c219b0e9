"""GitHub's Projects give status, iteration, estimate and order to the issues of a repository."""

from datetime import date
from typing import Any

import pytest

from agent.importing.sources.errors import SourceRefused, SourceUnavailable
from agent.importing.sources.source_request import SourceRequest
from agent.importing.tasks import TrackerSprint
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.reading import Reader, by_id
from tests.sources.tracker_server import Fault, Reply, serving_tracker


def board(key: str, iterations: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
    configuration = {"iterations": iterations[1:], "completedIterations": iterations[:1]}
    nodes = [{}, {"name": "Iteration", "configuration": configuration}, {}]
    return {"id": key, "title": key, "closed": False, "fields": {"nodes": nodes}} | fields


def item(number: int | None, *values: dict[str, Any], repository: str = REPOSITORY) -> Any:
    content = {"number": number, "repository": {"nameWithOwner": repository}} if number else {}
    return {"id": f"PVTI_{number}", "content": content, "fieldValues": {"nodes": [*values]}}


def choice(field: str, name: str) -> dict[str, Any]:
    kind = "ProjectV2ItemFieldSingleSelectValue"
    return {"__typename": kind, "name": name, "field": {"name": field}}


def number(field: str, value: float) -> dict[str, Any]:
    kind = "ProjectV2ItemFieldNumberValue"
    return {"__typename": kind, "number": value, "field": {"name": field}}


def iteration(title: str, start: str, days: int = 14) -> dict[str, Any]:
    return {"title": title, "startDate": start, "duration": days}


def in_iteration(title: str) -> dict[str, Any]:
    kind = "ProjectV2ItemFieldIterationValue"
    return {"__typename": kind, **iteration(title, "2026-04-20"), "field": {"name": "Iteration"}}


ITERATIONS = [iteration("Run 1", "2026-04-06"), iteration("Run 2", "2026-04-20")]


def request_of(url: str) -> SourceRequest:
    return SourceRequest("github", url, REPOSITORY, projects=True)


def test_items_add_to_their_issues() -> None:
    milestone = {"title": "2.0", "due_on": "2026-05-01T07:00:00Z", "state": "open"}
    github = GitHub(
        [issue(1, milestone=milestone), issue(2), issue(3)],
        [board("old", [], closed=True), board("P", ITERATIONS)],
        {
            "P": [
                item(None),
                item(
                    2,
                    choice("Status", "In review"),
                    number("Story Points", 3),
                    in_iteration("Run 2"),
                ),
                item(9, choice("Status", "Done"), repository="acme/other"),
                item(1, choice("Status", "Todo"), choice("Priority", "P1"), number("Hours", 8.5)),
            ]
        },
        most=1,
    )
    with serving_tracker(github.server()) as server:
        read = Reader().read(request_of(server.url))
    rows = by_id(read)
    assert {name: rows["2"].values[name] for name in ("status", "rank", "estimate", "sprint")} == {
        "status": ("In review",),
        "rank": ("2",),
        "estimate": ("3",),
        "sprint": ("Run 2",),
    }
    assert rows["1"].values["status"] == ("Todo",)
    assert rows["1"].values["priority"] == ("P1",)
    assert rows["1"].values["estimate"] == ("8.5",)
    # With iterations a milestone is no sprint.
    assert "sprint" not in rows["1"].values
    assert rows["3"].values["status"] == ("open",)
    assert "rank" not in rows["3"].values
    assert read.sprints == (
        TrackerSprint(
            "web-shop", "Run 1", date(2026, 4, 6), date(2026, 4, 19), date(2026, 4, 19), "closed"
        ),
        TrackerSprint("web-shop", "Run 2", date(2026, 4, 20), date(2026, 5, 3), None, "active"),
    )


def test_missing_right_says_which_one() -> None:
    error = {
        "type": "INSUFFICIENT_SCOPES",
        "message": "Your token has not been granted the required scopes: ['read:project']",
    }
    with serving_tracker(GitHub([issue(1)]).server()) as server:
        server.faults = [Fault("graphql", Reply({"errors": [error]}))]
        with pytest.raises(SourceRefused, match="Give the token the right read:project"):
            Reader().read(request_of(server.url))


def test_limit_of_projects_is_words() -> None:
    error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
    with serving_tracker(GitHub([issue(1)]).server()) as server:
        server.faults = [Fault("graphql", Reply({"errors": [error]}))]
        with pytest.raises(SourceUnavailable, match="run the command again in an hour"):
            Reader().read(request_of(server.url))


def test_cursor_that_loops_ends_in_words() -> None:
    github = GitHub([issue(1)], [board("P", [])], {"P": []})
    nodes = [item(1)]

    def reply(_: object) -> Reply:
        info = {"hasNextPage": True, "endCursor": "same"}
        page = {"totalCount": 1, "pageInfo": info, "nodes": nodes}
        return Reply({"data": {"node": {"items": page}}})

    with serving_tracker(github.server()) as server:
        server.faults = [Fault("graphql", reply, times=99, after=1)]
        with pytest.raises(SourceRefused, match="a page that was read before"):
            Reader().read(request_of(server.url))
        assert len(server.calls) <= 5
