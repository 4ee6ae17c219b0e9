"""A board of Jira is read with its issues, their history, and the real dates of its sprints."""

from datetime import UTC, date, datetime

import pytest

from agent.importing.meaning.statuses import State
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.source_request import SourceRequest
from agent.importing.tasks import Kind, TrackerSprint
from tests.sources import jira_server as double
from tests.sources.jira_server import EMAIL, Jira, history, issue, sprint, status
from tests.sources.jira_shop import shop
from tests.sources.reading import Reader, after, by_id
from tests.sources.tracker_server import Call, Fault, Reply, serving_tracker


def request_of(url: str, board: str = "Team Alpha", **fields: object) -> SourceRequest:
    return SourceRequest("jira", url, board, **fields)  # type: ignore[arg-type]


def reader_of(jira: Jira) -> Reader:
    return Reader(email=EMAIL if jira.is_cloud else None)


@pytest.mark.parametrize("is_cloud", [True, False])
def test_values_of_an_issue(is_cloud: bool) -> None:
    jira = shop(is_cloud=is_cloud)
    with serving_tracker(jira.server()) as server:
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    started = "2026-03-05T08:00:00+00:00" if is_cloud else "2026-03-05T09:00:00+01:00"
    assert rows["SHOP-2"].values == {
        "id": ("SHOP-2",),
        "number": ("20002",),
        "project": ("SHOP",),
        "created": ("2026-02-03T08:30:00+01:00",),
        "started": (started,),
        "finished": ("2026-03-20T17:00:00+01:00",),
        "updated": ("2026-02-04T08:30:00+01:00",),
        "status_changed": ("2026-02-03T08:30:00+01:00",),
        "status_category": ("Done",),
        "title": ("Überweisung prüfen ✓",),
        "status": ("Fertig",),
        "resolution": ("Fertig",),
        "priority": ("Medium",),
        "assignee": ("Ada Lovelace",),
        "email": (EMAIL,),
        "type": ("Story",),
        "labels": ("api", "zahlung"),
        "rank": ("0|i0002:",),
        "estimate": ("5",),
        "sprint": ("Sprint 7", "Sprint 8, the long one"),
        "parent": ("SHOP-1",),
        "url": (f"{server.url}/browse/SHOP-2",),
    }
    assert rows["SHOP-3"].values["labels"] == ("Flagged",)
    assert rows["SHOP-3"].values["parent"] == ("SHOP-2",)


@pytest.mark.parametrize("is_cloud", [True, False])
def test_history_of_an_issue(is_cloud: bool) -> None:
    jira = shop(is_cloud=is_cloud)
    with serving_tracker(jira.server()) as server:
        row = by_id(reader_of(jira).read(request_of(server.url)))["SHOP-2"]
    assert [(moment.astimezone(UTC), name) for moment, name in row.transitions] == [
        (datetime(2026, 3, 5, 8, tzinfo=UTC), "In Arbeit"),
        (datetime(2026, 3, 20, 16, tzinfo=UTC), "Fertig"),
    ]


@pytest.mark.parametrize("is_cloud", [True, False])
def test_sprints_have_their_real_dates(is_cloud: bool) -> None:
    jira = shop(is_cloud=is_cloud)
    with serving_tracker(jira.server()) as server:
        rows = reader_of(jira).read(request_of(server.url))
    day = date(2026, 3, 16)
    assert rows.sprints == (
        TrackerSprint("SHOP", "Sprint 7", date(2026, 3, 2), day, day, "closed", committed=()),
        TrackerSprint(
            "SHOP",
            "Sprint 8, the long one",
            day,
            date(2026, 3, 30),
            None,
            "active",
            committed=("SHOP-2",),
        ),
    )


@pytest.mark.parametrize("is_cloud", [True, False])
def test_statuses_and_types_are_known_in_any_language(is_cloud: bool) -> None:
    jira = shop(is_cloud=is_cloud)
    with serving_tracker(jira.server()) as server:
        profile = reader_of(jira).read(request_of(server.url)).profile
    assert profile.statuses == {
        "zu erledigen": State.TO_DO,
        "in arbeit": State.DOING,
        "prüfung": State.DOING,
        "fertig": State.DONE,
    }
    assert profile.types == {"vorhaben": Kind.CONTAINER, "teilaufgabe": Kind.PART}
    assert profile.name == ("Jira Cloud, by its API" if is_cloud else "Jira Server, by its API")


@pytest.mark.parametrize("is_cloud", [True, False])
def test_all_pages_are_read_each_issue_once(is_cloud: bool) -> None:
    jira = Jira([issue(number) for number in range(1, 251)], is_cloud)
    reader = reader_of(jira)
    with serving_tracker(jira.server()) as server:
        rows = by_id(reader.read(request_of(server.url)))
    assert len(rows) == 250
    assert "read 250 of 250 issues" in reader.steps


def test_board_is_found_by_id_and_by_a_name_in_other_case() -> None:
    jira = Jira([issue(1)])
    with serving_tracker(jira.server()) as server:
        by_number = reader_of(jira).read(request_of(server.url, "12"))
        by_name = reader_of(jira).read(request_of(server.url, "team ALPHA"))
    assert by_number.name == by_name.name == f"board 'Team Alpha' of {server.url}"


@pytest.mark.parametrize(
    ("board", "words"),
    [
        ("Gamma", "No board is named 'Gamma'. The boards are 12 (Team Alpha), 14 (Team Beta)."),
        ("99", "No board is named '99'. The boards are 12 (Team Alpha), 14 (Team Beta)."),
        ("Team", "2 boards are named like 'Team'; give the id of one: 12 (Team Alpha), 14"),
        ("", "Name a board with --board. The boards are 12 (Team Alpha), 14 (Team Beta)."),
    ],
)
def test_unknown_board_is_answered_with_the_list_of_boards(board: str, words: str) -> None:
    jira = Jira([issue(1)])
    with serving_tracker(jira.server()) as server, pytest.raises(SourceRefused) as refused:
        reader_of(jira).read(request_of(server.url, board))
    assert words in str(refused.value)


def test_kanban_board_has_no_sprints() -> None:
    jira = Jira([issue(1)], sprints=None)
    with serving_tracker(jira.server()) as server:
        rows = reader_of(jira).read(request_of(server.url))
    assert rows.sprints == ()
    assert len(by_id(rows)) == 1


def test_filter_that_is_not_shared_leaves_the_issues_of_the_board() -> None:
    jira = Jira([issue(1), issue(2)], is_cloud=False)
    refusal = Reply({"errorMessages": ["The value '10412' does not exist for 'filter'."]}, 400)
    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("/rest/api/2/search", refusal, times=9)]
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert [*rows] == ["SHOP-1", "SHOP-2"]
    assert "/rest/agile/1.0/board/12/issue" in server.paths()


def test_order_of_the_board_is_the_rank_where_jira_keeps_its_text() -> None:
    jira = Jira([issue(9), issue(3), issue(7)])
    with serving_tracker(jira.server()) as server:
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert {key: row.values["rank"] for key, row in rows.items()} == {
        "SHOP-9": ("1",),
        "SHOP-3": ("2",),
        "SHOP-7": ("3",),
    }


@pytest.mark.parametrize("has_bulk", [True, False])
def test_changelog_of_5000_entries_is_read_whole(has_bulk: bool) -> None:
    entries = [
        history(
            number,
            1_772_000_000_000 + number * 60_000,
            double.status_item(*(("1", "3") if number % 2 else ("3", "1"))),
        )
        for number in range(5000)
    ]
    jira = Jira([issue(1)], changelogs={"20001": entries})
    refusal = Reply({"errorMessages": ["not here"]}, 404)
    with serving_tracker(jira.server()) as server:
        if not has_bulk:
            server.faults = [Fault("bulkfetch", refusal, times=9)]
        row = by_id(reader_of(jira).read(request_of(server.url)))["SHOP-1"]
    assert len(row.transitions) == 5000
    assert row.transitions == tuple(sorted(row.transitions))


def test_issue_deleted_between_pages_hides_no_other() -> None:
    jira = Jira([issue(number) for number in range(1, 161)], is_cloud=False)

    def delete_then_answer(call: object) -> Reply:
        del jira.issues[9]
        return server.usual_answer(call)  # type: ignore[arg-type]

    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("startAt=49", delete_then_answer)]
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert sorted(rows) == sorted(f"SHOP-{number}" for number in range(1, 161))


def test_issue_moved_between_pages_counts_once() -> None:
    jira = Jira([issue(number) for number in range(1, 161)], is_cloud=False)

    def move_then_answer(call: object) -> Reply:
        jira.issues.insert(0, jira.issues.pop())
        return server.usual_answer(call)  # type: ignore[arg-type]

    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("startAt=49", move_then_answer)]
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert sorted(rows) == sorted(f"SHOP-{number}" for number in range(1, 161))


def test_fields_without_a_value_and_odd_ones_are_left_out() -> None:
    bare = issue(1, summary=None, status=None, issuetype=None, priority=None, labels=None)
    bare["fields"] |= {"assignee": [], "project": None, double.SPRINT: "nothing", "created": 7}
    wide = issue(2, summary="w" * 10_000, labels=["ok", None, 3], assignee={"displayName": None})
    broken = issue(3, summary="cut \ud83d")
    jira = Jira([bare, wide, broken])
    with serving_tracker(jira.server()) as server:
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert rows["SHOP-1"].values["project"] == ("SHOP",)
    assert not {"title", "status", "assignee", "sprint", "created"} & rows["SHOP-1"].values.keys()
    assert rows["SHOP-2"].values["labels"] == ("ok", "3")
    assert len(rows["SHOP-2"].values["title"][0]) == 10_000
    assert rows["SHOP-3"].values["title"] == ("cut ?",)


def test_done_task_without_a_day_ends_with_its_last_move_to_done() -> None:
    moves = [
        history(1, "2026-03-05T09:00:00.000+0100", double.status_item("1", "5")),
        history(2, "2026-03-06T09:00:00.000+0100", double.status_item("5", "3")),
        history(3, "2026-03-09T09:00:00.000+0100", double.status_item("3", "5")),
    ]
    jira = Jira([issue(1, status=status("5"))], False, [], {"20001": moves})
    with serving_tracker(jira.server()) as server:
        row = by_id(reader_of(jira).read(request_of(server.url)))["SHOP-1"]
    assert row.values["finished"] == ("2026-03-09T09:00:00+01:00",)
    assert row.values["started"] == ("2026-03-06T09:00:00+01:00",)


def test_two_sprints_of_one_name_stay_two() -> None:
    first, second = sprint(7, "Sprint"), sprint(31, "Sprint", startDate="2026-04-02T09:00:00.000Z")
    jira = Jira([issue(1, **{double.SPRINT: [first, second]})], sprints=[first, second])
    with serving_tracker(jira.server()) as server:
        rows = reader_of(jira).read(request_of(server.url))
    assert [item.name for item in rows.sprints] == ["Sprint", "Sprint (31)"]
    assert by_id(rows)["SHOP-1"].values["sprint"] == ("Sprint", "Sprint (31)")


def test_cloud_asks_for_the_address_that_its_token_belongs_to() -> None:
    jira = Jira([issue(1)])
    with (
        serving_tracker(jira.server()) as server,
        pytest.raises(SourceRefused, match="set JIRA_EMAIL"),
    ):
        Reader(email=None).read(request_of(server.url))


def test_commitment_is_who_stood_in_the_sprint_at_its_start() -> None:
    seventh = sprint(7, "Sprint 7", startDate="2026-03-02T09:00:00.000Z")
    coming = sprint(8, "Sprint 8", state="future", startDate=None, endDate=None)

    def moved(day: int, before: str, after: str) -> dict[str, object]:
        moment = f"2026-03-{day:02}T09:00:00.000Z"
        return history(day, moment, double.sprint_item(before, after))

    jira = Jira(
        [
            issue(1, **{double.SPRINT: [seventh]}),
            issue(2, **{double.SPRINT: [seventh]}),
            issue(3, **{double.SPRINT: [seventh], "created": "2026-03-04T09:00:00.000Z"}),
            issue(4),
            issue(5, **{double.SPRINT: [coming]}),
        ],
        sprints=[seventh, coming],
        changelogs={
            "20002": [moved(1, "", "7")],
            "20004": [moved(5, "7", "")],
            "20005": [moved(3, "", "7"), moved(4, "7", "8")],
        },
    )
    with serving_tracker(jira.server()) as server:
        rows = reader_of(jira).read(request_of(server.url))
        later = reader_of(jira).read(request_of(server.url), after(rows))
    # 3 was made after the start, 4 was taken out later, 5 came in after the start.
    assert {item.name: item.committed for item in rows.sprints} == {
        "Sprint 7": ("SHOP-1", "SHOP-2", "SHOP-4"),
        "Sprint 8": None,
    }
    assert [item.committed for item in later.sprints] == [None, None]


def test_list_that_changes_faster_than_it_is_read_ends_in_words() -> None:
    jira = Jira([issue(number) for number in range(1, 161)], is_cloud=False)

    def turn_then_answer(call: Call) -> Reply:
        jira.issues.append(jira.issues.pop(0))
        return server.usual_answer(call)

    with serving_tracker(jira.server()) as server:
        server.faults = [Fault("/rest/api/2/search", turn_then_answer, times=300)]
        with pytest.raises(SourceRefused, match="change faster than they are read"):
            reader_of(jira).read(request_of(server.url))
        assert len(server.calls) < 150


def test_page_that_is_too_large_is_asked_for_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.importing.sources.limits.MAX_BODY_BYTES", 30_000)
    jira = Jira([issue(number) for number in range(1, 61)], is_cloud=False)
    with serving_tracker(jira.server()) as server:
        rows = by_id(reader_of(jira).read(request_of(server.url)))
    assert len(rows) == 60
    sizes = [call.query["maxResults"] for call in server.calls if call.path.endswith("/search")]
    assert (sizes[0], sizes[-1]) == ("50", "25")
