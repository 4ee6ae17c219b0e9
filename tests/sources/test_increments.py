"""A read of changes, completed by what is known, is as a whole read."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agent.importing.history.increments import completed, whole_reason, with_gone
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.study import study_files
from agent.importing.options import ImportOptions
from agent.importing.reading.recognition import recognise_rows
from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.last_read import LastRead, TrackerTime
from agent.importing.sources.source_request import SourceRequest
from tests.sources import github_server, gitlab_server, jira_server
from tests.sources.github_server import REPOSITORY, GitHub
from tests.sources.gitlab_server import PROJECT, GitLab
from tests.sources.jira_server import EMAIL, RANK, SPRINT, Jira, history, sprint, status
from tests.sources.reading import NOW, Reader, after, by_id
from tests.sources.tracker_server import TrackerServer, serving_tracker

TODAY = date(2026, 6, 1)
DAY = 86_400
LATER = "2026-04-25T08:00:00.000+00:00"
"""Moment after the first read."""


@dataclass
class Repeated:
    """A tracker that is read once, changes, and is read again in both ways."""

    server: TrackerServer
    request: SourceRequest
    email: str | None = None

    def read(self, last: LastRead | None = None) -> SourceRows:
        """Read at the tracker's moment."""
        reader = Reader(email=self.email)
        reader.clock.moment = self.server.moment
        self.server.calls.clear()
        return reader.read(self.request, last)

    def rows(self, source: SourceRows, known: KnownRows | None = None) -> KnownRows:
        """Return what an import knows after a read."""
        before = {} if known is None else {known.project_id: known}
        recognition = recognise_rows(source, ImportOptions(), today=TODAY)
        (rows,) = study_files([recognition], before, None, None, TODAY).rows.values()
        return rows

    def by_changes(self, first: SourceRows, known: KnownRows) -> SourceRows:
        """Read the changes a day later, and complete them."""
        self.server.moment += DAY
        changes = self.read(after(first))
        assert changes.since is not None
        assert whole_reason(changes, known) is None
        return completed(changes, known)


@pytest.fixture
def jira() -> Jira:
    """A board with an ended, a running and a coming sprint, and tasks in each and in none."""
    sprints = [
        sprint(7, "Sprint 7"),
        sprint(8, "Sprint 8", state="active", startDate="2026-04-20T09:00:00.000Z",
               endDate="2026-05-04T09:00:00.000Z", completeDate=None),
        sprint(9, "Next", state="future", startDate=None, endDate=None, completeDate=None),
    ]  # fmt: skip
    done = {"status": status("5"), "resolutiondate": "2026-03-10T08:00:00.000+0100"}
    issues = [
        jira_server.issue(1, issuetype=jira_server.TYPES["Vorhaben"]),
        jira_server.issue(2, **done, **{SPRINT: [sprints[0]]}, parent={"key": "SHOP-1"}),
        jira_server.issue(3, **{SPRINT: [sprints[1]]}),
        jira_server.issue(4, **{SPRINT: [sprints[2]]}),
        jira_server.issue(5),
        jira_server.issue(6, issuetype=jira_server.TYPES["Teilaufgabe"], parent={"key": "SHOP-5"}),
        *(jira_server.issue(number) for number in range(7, 40)),
    ]
    moves = {
        str(20_000 + number): [
            history(number, "2026-03-01T09:00:00.000+0000", jira_server.sprint_item("", key))
        ]
        for number, key in ((2, "7"), (3, "8"), (4, "9"))
    }
    return Jira(issues, sprints=sprints, changelogs=moves)


def board(jira: Jira, server: TrackerServer) -> Repeated:
    return Repeated(
        server, SourceRequest("jira", server.url, "12"), EMAIL if jira.is_cloud else None
    )


def touch(item: dict[str, Any], **fields: Any) -> None:
    """Change an issue of Jira after the first read."""
    item["fields"] |= {"updated": LATER, **fields}


def change_the_board(jira: Jira) -> None:
    """Do in a day what teams do: finish, rename, add, rank, start a sprint, end another."""
    sprints = jira.sprints or []
    sprints[1] |= {"state": "closed", "completeDate": "2026-04-24T16:00:00.000Z"}
    sprints[2] |= {
        "state": "active",
        "name": "Sprint 9",
        "startDate": "2026-04-24T17:00:00.000Z",
        "endDate": "2026-05-08T17:00:00.000Z",
    }
    finished = {"status": status("5"), "resolutiondate": "2026-04-24T12:00:00.000+0200"}
    touch(jira.issues[7], **finished)
    touch(jira.issues[8], summary="Another name", parent={"key": "SHOP-1"})
    touch(jira.issues[9], status=status("3"))
    # A step whose task has not changed, and a task whose step has not.
    touch(jira.issues[5], summary="Another step")
    jira.issues.insert(3, jira_server.issue(50, created=LATER, updated=LATER))
    # Another order of the backlog is no change of an issue.
    jira.issues[10], jira.issues[20] = jira.issues[20], jira.issues[10]


def searched(server: TrackerServer) -> int:
    """Count the issues that were asked for whole: their changelogs were."""
    calls = [call for call in server.calls if call.path.endswith("/changelog/bulkfetch")]
    return sum(len(call.body["issueIdsOrKeys"]) for call in calls)


@pytest.mark.parametrize("is_cloud", [True, False])
def test_changes_of_a_board_end_as_a_whole_read(jira: Jira, is_cloud: bool) -> None:
    jira.is_cloud = is_cloud
    if not is_cloud:
        for place, item in enumerate(jira.issues):
            item["fields"][RANK] = f"0|i{place:04}:"
            values = item["fields"].get(SPRINT) or []
            item["fields"][SPRINT] = [jira_server.server_sprint(value) for value in values]
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        known = repeated.rows(first)
        change_the_board(jira)
        if not is_cloud:
            rewrite_sprints(jira)
        changes = repeated.by_changes(first, known)
        read_whole = searched(server)
        whole = repeated.rows(repeated.read(), known)
    united = repeated.rows(changes, known)
    assert {task.id: task for task in united.tasks} == {task.id: task for task in whole.tasks}
    assert set(united.sprints) == set(whole.sprints)
    assert replace(united, tasks=(), sprints=()) == replace(whole, tasks=(), sprints=())
    names = {"SHOP-3", "SHOP-4", "SHOP-6", "SHOP-8", "SHOP-9", "SHOP-10", "SHOP-50"}
    assert {*by_id(changes)} == names
    assert read_whole == (7 if is_cloud else 0)


def rewrite_sprints(jira: Jira) -> None:
    """Write the sprints into the issues of Jira Server as they are now."""
    now = {str(item["id"]): item for item in jira.sprints or []}
    for item in jira.issues:
        values = item["fields"].get(SPRINT) or []
        keys = [value.split("id=")[1].split(",")[0] for value in values if isinstance(value, str)]
        item["fields"][SPRINT] = [jira_server.server_sprint(now[key]) for key in keys]


def test_commitment_of_a_sprint_that_started_meanwhile_is_known(jira: Jira) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        known = repeated.rows(first)
        change_the_board(jira)
        changes = repeated.by_changes(first, known)
    committed = {item.name: item.committed for item in repeated.rows(changes, known).sprints}
    assert committed["Sprint 9"] == ("SHOP-4",)
    assert committed["Sprint 8"] == ("SHOP-3",)
    assert committed["Sprint 7"] == ("SHOP-2",)


def test_sprint_of_unknown_commitment_needs_a_whole_read(jira: Jira) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        known = repeated.rows(first)
        # Its start was set back to before the last read.
        (jira.sprints or [])[2] |= {"state": "active", "startDate": "2026-04-01T09:00:00.000Z"}
        server.moment += DAY
        changes = repeated.read(after(first))
    assert whole_reason(changes, known) == "nobody knows who was in 'Next' when it started"
    assert whole_reason(changes, None) == "no earlier rows of the project are kept"


@pytest.mark.parametrize(
    "change",
    [
        lambda jira: setattr(jira, "jql", "project = SHOP AND labels = web"),
        lambda jira: setattr(jira, "points", "customfield_10028"),
    ],
)
def test_board_that_is_set_up_otherwise_is_read_as_a_whole(jira: Jira, change: Any) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        change(jira)
        again = repeated.read(after(first))
    assert again.since is None
    assert len(by_id(again)) == 39
    assert again.notices[0].text.startswith("Everything was read again: the board's filter")


def test_board_without_a_change_asks_for_no_issue_but_the_open_sprints(jira: Jira) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        known = repeated.rows(first)
        changes = repeated.by_changes(first, known)
        assert {*by_id(changes)} == {"SHOP-3", "SHOP-4"}
        assert repeated.rows(changes, known).tasks == known.tasks


def test_issue_that_was_deleted_is_named_and_stays(jira: Jira) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        known = repeated.rows(first)
        del jira.issues[11]
        changes = repeated.by_changes(first, known)
        whole = with_gone(repeated.read(), known)
    for source in (changes, whole):
        assert source.notices[-1].text.startswith("SHOP-12 is no longer there: deleted, moved away")
        assert "SHOP-12" in {task.id for task in repeated.rows(source, known).tasks}
    assert "SHOP-12" not in {task.id for task in changes.known}


def milestone(number: int, title: str, updated: str, **fields: Any) -> dict[str, Any]:
    due = {"due_on": "2026-05-01T07:00:00Z", "state": "open", "closed_at": None}
    return {"number": number, "title": title, "updated_at": updated} | due | fields


def test_changes_of_a_repository_end_as_a_whole_read() -> None:
    early, renamed = (milestone(n, f"Sprint {n}", "2026-04-01T08:00:00Z") for n in (1, 2))
    issues = [
        github_server.issue(number, updated_at="2026-04-01T08:00:00Z") for number in range(1, 31)
    ]
    for item in issues[:3]:
        item["milestone"] = early
    for item in issues[3:6]:
        item["milestone"] = renamed
    github = GitHub(issues, milestones=[early, renamed])
    with serving_tracker(github.server()) as server:
        repeated = Repeated(server, SourceRequest("github", server.url, REPOSITORY))
        first = repeated.read()
        known = repeated.rows(first)
        later = "2026-04-24T20:00:00Z"
        issues[10] |= {
            "state": "closed",
            "state_reason": "not_planned",
            "closed_at": later,
            "updated_at": later,
        }
        issues[11] |= {
            "state": "closed",
            "state_reason": "completed",
            "closed_at": later,
            "updated_at": later,
        }
        issues.append(github_server.issue(31, created_at=later, updated_at=later))
        renamed |= {"title": "Release train", "updated_at": later}
        changes = repeated.by_changes(first, known)
        united = repeated.rows(changes, known)
        whole = repeated.rows(repeated.read(), known)
    assert sorted(map(int, by_id(changes))) == [4, 5, 6, 11, 12, 31]
    assert {task.id: task for task in united.tasks} == {task.id: task for task in whole.tasks}
    assert set(united.sprints) == set(whole.sprints)


def test_repository_with_projects_is_read_as_a_whole() -> None:
    github = GitHub([github_server.issue(1), github_server.issue(2)])
    with serving_tracker(github.server()) as server:
        repeated = Repeated(server, SourceRequest("github", server.url, REPOSITORY, projects=True))
        again = repeated.read(after(repeated.read()))
    assert (again.since, [*by_id(again)]) == (None, ["1", "2"])
    assert "which fields of its Projects have changed" in again.notices[0].text


def cycle(key: int, updated: str, **fields: Any) -> dict[str, Any]:
    days = {"start_date": "2026-04-13", "due_date": "2026-04-26", "state": 2}
    return {"id": key, "title": f"Cycle {key}", "updated_at": updated} | days | fields


@pytest.mark.parametrize("name", ["iteration", "milestone"])
def test_changes_of_a_gitlab_project_end_as_a_whole_read(name: str) -> None:
    early, moved = (cycle(n, "2026-04-01T08:00:00.000Z") for n in (1, 2))
    issues = [
        gitlab_server.issue(iid, updated_at="2026-04-01T08:00:00.000Z") for iid in range(1, 31)
    ]
    for item in issues[:3]:
        item[name] = early
    for item in issues[3:6]:
        item[name] = moved
    gitlab = GitLab(issues, **{f"{name}s": [early, moved]})
    with serving_tracker(gitlab.server()) as server:
        repeated = Repeated(server, SourceRequest("gitlab", server.url, PROJECT))
        first = repeated.read()
        known = repeated.rows(first)
        later = "2026-04-24T20:00:00.000Z"
        issues[10] |= {"state": "closed", "closed_at": later, "updated_at": later}
        issues.append(gitlab_server.issue(31, created_at=later, updated_at=later))
        moved |= {"due_date": "2026-04-30", "updated_at": later}
        changes = repeated.by_changes(first, known)
        united = repeated.rows(changes, known)
        whole = repeated.rows(repeated.read(), known)
    assert sorted(map(int, by_id(changes))) == [4, 5, 6, 11, 31]
    assert {task.id: task for task in united.tasks} == {task.id: task for task in whole.tasks}
    assert set(united.sprints) == set(whole.sprints)


def test_project_that_takes_up_iterations_is_read_as_a_whole() -> None:
    gitlab = GitLab([gitlab_server.issue(1), gitlab_server.issue(2)])
    with serving_tracker(gitlab.server()) as server:
        repeated = Repeated(server, SourceRequest("gitlab", server.url, PROJECT))
        first = repeated.read()
        gitlab.issues[1] |= {"iteration": cycle(1, LATER), "updated_at": LATER}
        again = repeated.read(after(first))
    assert (again.since, [*by_id(again)]) == (None, ["1", "2"])
    assert "has iterations now" in again.notices[-1].text


@pytest.mark.parametrize("kind", ["jira", "github", "gitlab"])
def test_read_of_another_release_is_not_gone_on_from(kind: str, jira: Jira) -> None:
    servers: dict[str, tuple[Any, str]] = {
        "jira": (jira, "12"),
        "github": (GitHub([github_server.issue(1)]), REPOSITORY),
        "gitlab": (GitLab([gitlab_server.issue(1)]), PROJECT),
    }
    double, scope = servers[kind]
    with serving_tracker(double.server()) as server:
        request = SourceRequest(kind, server.url, scope)  # type: ignore[arg-type]
        repeated = Repeated(server, request, EMAIL)
        again = repeated.read(LastRead(datetime(2026, 4, 24, tzinfo=UTC), "another"))
    assert again.since is None
    assert any("Everything was read again" in notice.text for notice in again.notices)


@pytest.mark.parametrize(
    ("seconds_ahead", "expected"),
    [(0, NOW - 1), (3600, NOW - 1), (-3600, NOW - 3600)],
)
def test_read_begins_at_the_earlier_of_both_clocks(seconds_ahead: int, expected: float) -> None:
    with serving_tracker(GitHub([github_server.issue(1)]).server()) as server:
        reader = Reader()
        reader.clock.moment = NOW + seconds_ahead
        rows = reader.read(SourceRequest("github", server.url, REPOSITORY))
    assert rows.read_at == datetime.fromtimestamp(expected, UTC)


@pytest.mark.parametrize("seconds_ahead", [-7200, 0, 7200])
def test_changes_are_found_whatever_the_clock_of_this_machine(
    jira: Jira, seconds_ahead: int
) -> None:
    with serving_tracker(jira.server()) as server:
        repeated = board(jira, server)
        first = repeated.read()
        # Minutes after the first read began; no clock of this machine may hide it.
        changed = datetime.fromtimestamp(NOW + 60, UTC)
        jira.issues[20]["fields"]["updated"] = changed.isoformat(timespec="milliseconds")
        server.moment += DAY
        reader = Reader(email=EMAIL)
        reader.clock.moment = server.moment + seconds_ahead
        assert "SHOP-21" in by_id(reader.read(repeated.request, after(first)))


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "Thu, 01 Jan 99999 00:00:00 GMT", "Fri, 32 Apr 2026 03:06:40 GMT"],
)
def test_tracker_without_a_usable_date_leaves_the_own_clock(text: str) -> None:
    time = TrackerTime()
    time.note(NOW, NOW + 2, text)
    assert time.first_moment(NOW + 9).timestamp() == NOW
    assert time.minutes_since(datetime.fromtimestamp(NOW - 600, UTC), NOW) == 11
