"""Trackers' APIs on cassettes: two boards of Jira, a repository of GitHub, a project of GitLab.

`make record` records them from the doubles in tests/sources.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
import vcr

from agent.importing.reading.source_rows import SourceRow
from agent.importing.sources.source_request import SourceRequest
from agent.importing.tasks import TrackerSprint
from tests.recorded.conversation import FOLDER, text_of
from tests.sources import github_server, gitlab_server
from tests.sources.github_server import GitHub
from tests.sources.gitlab_server import GitLab
from tests.sources.jira_server import EMAIL
from tests.sources.jira_shop import shop
from tests.sources.reading import TOKEN, Reader, by_id
from tests.sources.test_github_projects import ITERATIONS, board, choice, in_iteration, item, number
from tests.sources.tracker_server import TrackerServer, serving_tracker

ADDRESS = "http://tracker.test"
CASSETTES = tuple(
    f"test_trackers/{name}" for name in ("jira_cloud", "jira_server", "github", "gitlab")
)
# What tells pages and limits; the others name the machine and its clock.
_HEADERS = ("content-type", "link", "x-total")


@dataclass
class Tape:
    """Requests of this run on their way to the cassette."""

    sent: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path with query, and body of each different request."""

    def request(self, request: Any) -> Any:
        """Return what is matched and recorded of a request."""
        address = urlsplit(request.uri)
        place = address.path + (f"?{address.query}" if address.query else "")
        call = (request.method, place, request.body and json.loads(text_of(request.body)))
        # One request passes here several times.
        if call not in self.sent:
            self.sent.append(call)
        request.uri, request.headers = ADDRESS + place, {}
        return request


def recorded_response(response: dict[str, Any], url: str) -> dict[str, Any]:
    """Return what is recorded of an answer: the tracker has a name in place of its address."""
    headers = {
        name: [value.replace(url, ADDRESS) if url else value for value in values]
        for name, values in response["headers"].items()
        if name.lower() in _HEADERS
    }
    return response | {"headers": headers}


@contextmanager
def tracker(name: str, record_mode: str, server: TrackerServer) -> Iterator[tuple[str, Tape]]:
    """Play the cassette of a tracker, or record it from the server of the tests."""
    tape, recording = Tape(), record_mode != "none"
    path = FOLDER / f"{name}.yaml"
    if recording:
        path.unlink(missing_ok=True)
    player = vcr.VCR(
        record_mode="all" if recording else "none",
        match_on=["method", "path", "query", "body"],
        before_record_request=tape.request,
        before_record_response=lambda response: recorded_response(response, server.url),
    )
    if recording:
        with serving_tracker(server), player.use_cassette(str(path)):
            yield server.url, tape
        return
    with player.use_cassette(str(path)) as cassette:
        tape.sent.clear()  # loading a cassette passes its own requests
        yield ADDRESS, tape
        assert cassette.all_played, "record again: this cassette has calls that are not made"


def facts(rows: dict[str, SourceRow], *fields: str) -> dict[str, list[tuple[str, ...] | None]]:
    """Return some fields of each row."""
    return {key: [row.values.get(name) for name in fields] for key, row in rows.items()}


@pytest.mark.parametrize("is_cloud", [True, False])
def test_board_of_jira(is_cloud: bool, record_mode: str) -> None:
    jira = shop(is_cloud=is_cloud)
    jira.most = 2
    cassette = CASSETTES[0 if is_cloud else 1]
    with tracker(cassette, record_mode, jira.server()) as (url, tape):
        request = SourceRequest("jira", url, "Team Alpha", insecure_http=True)
        read = Reader(email=EMAIL if is_cloud else None).read(request)
    rows = by_id(read)
    assert facts(rows, "status", "estimate", "sprint", "parent") == {
        "SHOP-1": [("Zu erledigen",), None, None, None],
        "SHOP-2": [("Fertig",), ("5",), ("Sprint 7", "Sprint 8, the long one"), ("SHOP-1",)],
        "SHOP-3": [("Zu erledigen",), None, None, ("SHOP-2",)],
    }
    assert [name for _, name in rows["SHOP-2"].transitions] == ["In Arbeit", "Fertig"]
    assert [(item.name, item.committed) for item in read.sprints] == [
        ("Sprint 7", ()),
        ("Sprint 8, the long one", ("SHOP-2",)),
    ]
    searches = [call for call in tape.sent if "/search" in call[1] and "count" not in call[1]]
    assert len(searches) == 2
    if is_cloud:
        first, second = (body for _, _, body in searches)
        assert first["jql"] == "filter = 10412 ORDER BY cf[10019] ASC"
        assert second == first | {"nextPageToken": "t2"}
        assert "customfield_10020" in first["fields"]
        (changelogs,) = [body for _, place, body in tape.sent if "bulkfetch" in place]
        assert changelogs["issueIdsOrKeys"] == ["20001", "20002", "20003"]
        assert changelogs["fieldIds"] == ["status", "customfield_10020"]


def test_repository_of_github(record_mode: str) -> None:
    issues = [
        github_server.issue(
            1, state="closed", state_reason="completed", closed_at="2026-04-20T10:00:00Z"
        ),
        github_server.issue(2, assignees=[{"login": "ada"}], labels=[{"name": "api"}]),
        github_server.issue(3, pull_request={"url": "https://api.github.com/pulls/3"}),
    ]
    fields = (choice("Status", "In review"), number("Estimate", 3), in_iteration("Run 2"))
    double = GitHub(issues, [board("P", ITERATIONS)], {"P": [item(2, *fields), item(1)]}, most=2)
    with tracker(CASSETTES[2], record_mode, double.server()) as (url, tape):
        name = github_server.REPOSITORY
        request = SourceRequest("github", url, name, projects=True, insecure_http=True)
        read = Reader().read(request)
    assert facts(by_id(read), "status", "finished", "rank", "estimate", "sprint") == {
        "1": [("closed",), ("2026-04-20T10:00:00Z",), ("2",), None, None],
        "2": [("In review",), None, ("1",), ("3",), ("Run 2",)],
    }
    assert [item.name for item in read.sprints] == ["Run 1", "Run 2"]
    assert [place for method, place, _ in tape.sent if method == "GET"] == [
        f"/repos/{name}/issues?state=all&sort=created&direction=asc&per_page=100",
        f"/repos/{name}/issues?state=all&sort=created&direction=asc&per_page=100&page=2",
    ]


def test_project_of_gitlab(record_mode: str) -> None:
    milestone = {"title": "March", "start_date": "2026-03-02", "due_date": "2026-03-13"}
    issues = [
        gitlab_server.issue(1, state="closed", closed_at="2026-03-10T09:00:00.000Z", weight=2),
        gitlab_server.issue(2, milestone=milestone | {"state": "active"}),
    ]
    with tracker(CASSETTES[3], record_mode, GitLab(issues).server()) as (url, tape):
        request = SourceRequest("gitlab", url, gitlab_server.PROJECT, insecure_http=True)
        read = Reader().read(request)
    assert facts(by_id(read), "status", "estimate", "sprint") == {
        "1": [("closed",), ("2",), None],
        "2": [("opened",), None, ("March",)],
    }
    assert read.sprints == (TrackerSprint("web", "March", date(2026, 3, 2), date(2026, 3, 13)),)
    assert len(tape.sent) == 1


def test_no_cassette_of_a_tracker_holds_a_token() -> None:
    for name in CASSETTES:
        content = (FOLDER / f"{name}.yaml").read_text().lower()
        assert TOKEN not in content
        assert "private-token" not in content
