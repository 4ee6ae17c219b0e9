"""Issues of a GitLab project are read with their iterations or milestones."""

from datetime import date

import pytest

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.request_parsing import gitlab_request
from agent.importing.sources.source_request import SourceRequest
from agent.importing.tasks import TrackerSprint
from tests.sources.gitlab_server import PROJECT, GitLab, issue
from tests.sources.reading import TOKEN, Reader, by_id
from tests.sources.tracker_server import Call, Fault, Reply, serving_tracker


def request_of(url: str) -> SourceRequest:
    return SourceRequest("gitlab", url, PROJECT)


def test_values_of_an_issue() -> None:
    milestone = {
        "title": "March",
        "start_date": "2026-03-02",
        "due_date": "2026-03-13",
        "state": "closed",
    }
    done = issue(
        1,
        state="closed",
        closed_at="2026-03-10T09:00:00.000Z",
        assignees=[{"name": "Ada Lovelace", "username": "ada"}, {"name": "Grace Hopper"}],
        labels=["api", "urgent"],
        milestone=milestone,
        weight=3,
        issue_type="incident",
    )
    # A reopened issue keeps the day of its former end in older releases.
    reopened = issue(2, closed_at="2026-03-10T09:00:00.000Z")
    with serving_tracker(GitLab([done, reopened], TOKEN).server()) as server:
        read = Reader().read(request_of(server.url))
    rows = by_id(read)
    assert rows["1"].values == {
        "id": ("1",),
        "number": ("700001",),
        "project": ("web",),
        "created": ("2026-02-03T08:30:00.000Z",),
        "finished": ("2026-03-10T09:00:00.000Z",),
        "updated": ("2026-03-02T08:30:00.000Z",),
        "title": ("Task 1",),
        "status": ("closed",),
        "assignee": ("Ada Lovelace", "Grace Hopper"),
        "type": ("incident",),
        "labels": ("api", "urgent"),
        "estimate": ("3",),
        "sprint": ("March",),
        "url": (f"https://gitlab.example.com/{PROJECT}/-/issues/1",),
    }
    assert "finished" not in rows["2"].values
    assert read.sprints == (
        TrackerSprint("web", "March", date(2026, 3, 2), date(2026, 3, 13), None, "closed"),
    )


def test_iterations_go_before_milestones() -> None:
    iteration = {"title": None, "start_date": "2026-04-20", "due_date": "2026-05-03", "state": 2}
    past = iteration | {"title": "Run 3", "start_date": "2026-04-06", "due_date": "2026-04-19"}
    milestone = {"title": "Spring", "due_date": "2026-06-30", "state": "active"}
    issues = [issue(1, iteration=iteration, milestone=milestone), issue(2, iteration=past)]
    with serving_tracker(GitLab(issues).server()) as server:
        read = Reader().read(request_of(server.url))
    assert by_id(read)["1"].values["sprint"] == ("2026-04-20 - 2026-05-03",)
    assert [(item.name, item.closed, item.state) for item in read.sprints] == [
        ("Run 3", date(2026, 4, 19), "closed"),
        ("2026-04-20 - 2026-05-03", None, None),
    ]


def test_all_pages_are_read_with_their_total() -> None:
    reader = Reader()
    with serving_tracker(GitLab([issue(iid) for iid in range(1, 251)]).server()) as server:
        rows = by_id(reader.read(request_of(server.url)))
    assert len(rows) == 250
    assert reader.steps == [
        "read 100 of 250 issues",
        "read 200 of 250 issues",
        "read 250 of 250 issues",
    ]


def test_issue_deleted_between_pages_hides_no_other() -> None:
    gitlab = GitLab([issue(iid) for iid in range(1, 251)])

    def delete_then_answer(call: Call) -> Reply:
        del gitlab.issues[9]
        return server.usual_answer(call)

    with serving_tracker(gitlab.server()) as server:
        server.faults = [Fault("page=2", delete_then_answer)]
        rows = by_id(Reader().read(request_of(server.url)))
    assert sorted(map(int, rows)) == [*range(1, 251)]


@pytest.mark.parametrize("place", ["/gitlab", "/tools/gitlab"])
@pytest.mark.parametrize(
    "page",
    [
        Reply({"error": "404"}, 404),
        Reply(b"<html>Portal</html>"),
        Reply({}, 302, {"Location": "/login"}),
    ],
)
def test_gitlab_below_a_path_is_found_by_its_answers(place: str, page: Reply) -> None:
    gitlab = GitLab([issue(iid) for iid in range(1, 151)], TOKEN, place)
    with serving_tracker(gitlab.server()) as server:
        server.faults = [Fault(f"^/api/v4/projects/{place[1:4]}", page, times=9)]
        request = gitlab_request(f"{server.url}{place}/{PROJECT}", "", False)
        read = Reader().read(request)
    assert len(by_id(read)) == 150
    assert read.name == f"project {PROJECT}"


def test_refused_token_of_a_gitlab_below_a_path_is_named() -> None:
    with serving_tracker(GitLab([]).server()) as server:
        server.faults = [Fault("^/gitlab/api/v4", Reply({"message": "401 Unauthorized"}, 401))]
        request = gitlab_request(f"{server.url}/gitlab/a/b", "", False)
        with pytest.raises(SourceRefused, match="/gitlab does not accept the token"):
            Reader().read(request)


def test_unknown_project_is_refused_by_the_address_that_was_given() -> None:
    with serving_tracker(GitLab([]).server()) as server:
        request = gitlab_request(f"{server.url}/a/b/c/d/e/f", "", False)
        with pytest.raises(SourceRefused, match="has no /api/v4/projects/a%2Fb%2Fc%2Fd%2Fe%2Ff"):
            Reader().read(request)
        assert len(server.calls) == 3


def test_private_project_asks_a_stranger_for_a_token() -> None:
    with serving_tracker(GitLab([], TOKEN).server()) as server:
        with pytest.raises(SourceRefused, match="set GITLAB_TOKEN"):
            Reader(token=None).read(request_of(server.url))
        assert "private-token" not in server.calls[0].headers
