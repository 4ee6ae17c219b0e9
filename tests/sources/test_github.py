"""Issues of GitHub are read page by page, each once, with the reason of their end."""

from datetime import date

from agent.importing.sources.source_request import SourceRequest
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.reading import TOKEN, Reader, by_id
from tests.sources.tracker_server import Fault, Reply, serving_tracker


def request_of(url: str, **fields: object) -> SourceRequest:
    return SourceRequest("github", url, REPOSITORY, **fields)  # type: ignore[arg-type]


def test_issues_of_all_pages_are_read_without_pull_requests() -> None:
    issues = [issue(number) for number in range(1, 251)]
    issues[4]["pull_request"] = {"url": "https://api.github.com/repos/acme/web-shop/pulls/5"}
    reader = Reader()
    with serving_tracker(GitHub(issues).server()) as server:
        rows = by_id(reader.read(request_of(server.url)))
    assert sorted(map(int, rows)) == [number for number in range(1, 251) if number != 5]
    assert reader.steps[-1] == "read 250 issues and pull requests"
    assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {TOKEN}"}
    assert len(server.calls) == 3


def test_values_of_an_issue() -> None:
    sprint = {"title": "Sprint 7", "due_on": "2026-05-01T07:00:00Z", "state": "closed"}
    sprint["closed_at"] = "2026-05-02T09:00:00Z"
    done = issue(
        1,
        title="Zahlung per Überweisung ✓",
        state="closed",
        state_reason="completed",
        closed_at="2026-04-20T10:00:00Z",
        assignees=[{"login": "ada"}, {"login": "grace"}],
        labels=[{"name": "api"}, {"name": "urgent"}],
        milestone=sprint,
        type={"name": "Bug"},
    )
    dropped = issue(2, state="closed", state_reason="not_planned", closed_at="2026-04-21T10:00:00Z")
    release = issue(3, milestone={"title": "2.0", "due_on": None, "state": "open"})
    with serving_tracker(GitHub([done, dropped, release]).server()) as server:
        read = Reader().read(request_of(server.url))
    rows = by_id(read)
    assert rows["1"].values == {
        "id": ("1",),
        "project": ("web-shop",),
        "created": ("2026-03-02T08:00:00Z",),
        "finished": ("2026-04-20T10:00:00Z",),
        "updated": ("2026-04-02T08:00:00Z",),
        "title": ("Zahlung per Überweisung ✓",),
        "status": ("closed",),
        "resolution": ("completed",),
        "assignee": ("ada", "grace"),
        "type": ("Bug",),
        "labels": ("api", "urgent"),
        "sprint": ("Sprint 7",),
        "url": ("https://github.com/acme/web-shop/issues/1",),
    }
    assert rows["2"].values["dropped"] == ("2026-04-21T10:00:00Z",)
    assert "finished" not in rows["2"].values
    # A milestone without a day is a release, not a sprint.
    assert "sprint" not in rows["3"].values
    (milestone,) = read.sprints
    assert (milestone.name, milestone.end, milestone.closed) == (
        "Sprint 7",
        date(2026, 5, 1),
        date(2026, 5, 2),
    )


def test_issue_deleted_between_pages_hides_no_other() -> None:
    github = GitHub([issue(number) for number in range(1, 251)])

    def delete_then_answer(call: object) -> Reply:
        del github.issues[9]
        return server.usual_answer(call)  # type: ignore[arg-type]

    with serving_tracker(github.server()) as server:
        server.faults = [Fault("page=2", delete_then_answer)]
        rows = by_id(Reader().read(request_of(server.url)))
    # Number 10 was read before it was deleted; 101 moved to the first page meanwhile.
    assert sorted(map(int, rows)) == [*range(1, 251)]


def test_issue_on_two_pages_counts_once() -> None:
    github = GitHub([issue(number) for number in range(2, 251)])

    def add_then_answer(call: object) -> Reply:
        github.issues.append(issue(1))
        return server.usual_answer(call)  # type: ignore[arg-type]

    with serving_tracker(github.server()) as server:
        server.faults = [Fault("page=2", add_then_answer)]
        rows = by_id(Reader().read(request_of(server.url)))
    assert sorted(map(int, rows)) == [*range(2, 251)]
