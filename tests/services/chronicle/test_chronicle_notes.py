"""Notes are recorded once, and answered in the specification's shapes."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain_services.chronicle import schema
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from tests.services.chronicle.history import daily_report, retrospective, retrospectives

PLANNING: dict[str, Any] = {
    "sprint_id": "NEX005-S02",
    "project_id": "NEX005",
    "sprint_name": "New Sprint for NEX005",
    "sprint_goal": "Complete all assigned tasks for the NEX005 project.",
    "start_date": "2025-09-16",
    "end_date": "2025-09-30",
    "duration_weeks": 2,
    "planned_tasks": ["NEX005-TASK010", "NEX005-TASK011"],
}
RETROSPECTIVE: dict[str, Any] = {
    "sprint_id": "NEX005-S02",
    "project_id": "NEX005",
    "sprint_name": "New Sprint for PHE001",
    "start_date": "2025-09-02",
    "end_date": "2025-09-16",
    "duration_weeks": 2,
    "what_went_well": "Team collaborated well under pressure.",
    "what_could_be_improved": "Better backlog grooming needed.",
    "action_items": [{"description": "Schedule refinement earlier.", "status": "open"}],
    "facilitator_id": "EMP1234",
    "attendees": ["EMP7890", "EMP1234"],
    "tasks_summary": [
        {
            "description": "Build UI for dashboard",
            "status": "in-progress",
            "task_id": "TEST-002-TASK001",
            "employee_id": "E001",
            "progress_percentage": 60,
        }
    ],
}
DAILY: dict[str, Any] = {
    "project_id": "PROJ001",
    "sprint_id": "PROJ001-S01",
    "report_date": "2025-08-03",
    "summary": "2 tasks had progress simulated.",
    "summary_metrics": {
        "total_team_members": 8,
        "total_tasks": 25,
        "completed_tasks": 10,
        "pending_tasks": 15,
    },
    "reports": {
        "2025-08-03": [
            {
                "assigned_to": "EMP001",
                "tasks": [
                    {
                        "id": "TASK001",
                        "yesterday_work": "Completed task X.",
                        "today_work": "Will start task Y.",
                        "impediments": "None.",
                        "created_at": "2025-08-03T10:00:00.000000",
                    }
                ],
            }
        ]
    },
}
NOTES = [
    ("sprint_planning", PLANNING, {"sprint_goal": "Another goal"}),
    ("sprint_retrospective", RETROSPECTIVE, {"what_went_well": "Nothing."}),
    ("daily_scrum_report", DAILY, {"summary": "Another day"}),
]


@pytest.mark.parametrize(("kind", "note", "change"), NOTES)
async def test_repeated_note_keeps_its_id_and_other_content_is_a_conflict(
    chronicle_url: str,
    http: httpx.AsyncClient,
    kind: str,
    note: dict[str, Any],
    change: dict[str, Any],
) -> None:
    url = f"{chronicle_url}/v1/notes/{kind}"
    first = await http.post(url, json=note)
    again = await http.post(url, json=note)
    other = await http.post(url, json=note | change)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json()["note_id"] == again.json()["note_id"]
    assert other.headers["content-type"] == "application/problem+json"


async def test_note_of_an_earlier_release_may_be_sent_again_with_the_facts_of_the_close(
    chronicle: ChronicleClient,
) -> None:
    note = retrospective("P1", 1)
    first = await chronicle.create_sprint_retrospective(note)
    facts: dict[str, Any] = {
        "ended_on": note.start_date,
        "progress_source": "simulated",
        "worked": False,
        "completed_outside": 2,
    }
    again = await chronicle.create_sprint_retrospective(note.model_copy(update=facts))
    assert again.note_id == first.note_id
    await chronicle.create_sprint_retrospectives(
        schema.SprintRetrospectiveBulk(notes=[retrospective("P2", 1, **facts)])
    )
    (stored,) = await chronicle.list_sprint_retrospectives("P1")
    (new,) = await chronicle.list_sprint_retrospectives("P2")
    assert (stored.ended_on, stored.progress_source, stored.worked) == (None, None, True)
    assert {name: getattr(new, name) for name in facts} == facts


async def test_sprint_does_not_end_outside_its_days(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    url = f"{chronicle_url}/v1/notes/sprint_retrospective"
    for day in ("2025-09-01", "2025-09-17"):
        answer = await http.post(url, json=RETROSPECTIVE | {"ended_on": day})
        assert answer.status_code == 400


async def test_planning_is_answered_as_specified(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    url = f"{chronicle_url}/v1/notes/sprint_planning"
    answer = await http.post(url, json=PLANNING)
    (recorded,) = (await http.get(url, params={"sprint_id": "NEX005-S02"})).json()
    created_at = recorded.pop("created_at")
    assert created_at.endswith(("Z", "+00:00"))
    assert recorded == {"note_id": answer.json()["note_id"], **PLANNING}


async def test_a_retrospective_is_answered_as_specified(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    url = f"{chronicle_url}/v1/notes/sprint_retrospective"
    answer = await http.post(url, json=RETROSPECTIVE)
    (recorded,) = (await http.get(url, params={"project_id": "NEX005"})).json()
    assert recorded["retrospective_id"] == answer.json()["note_id"]
    assert {name: recorded[name] for name in RETROSPECTIVE} == RETROSPECTIVE
    assert (recorded["completed_tasks"], recorded["total_tasks"]) == (0, 1)


async def test_a_daily_report_is_answered_by_day_with_employee_ids(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    url = f"{chronicle_url}/v1/notes/daily_scrum_report"
    await http.post(url, json=DAILY)
    answer = (await http.get(url, params={"sprint_id": "PROJ001-S01"})).json()
    assert (answer["project_id"], answer["sprint_id"]) == ("PROJ001", "PROJ001-S01")
    assert answer["summary_metrics"] == DAILY["summary_metrics"]
    (person,) = answer["reports"]["2025-08-03"]
    assert person["employee_id"] == "EMP001"
    assert person["tasks"][0]["yesterday_work"] == "Completed task X."
    assert person["tasks"][0]["created_at"] == "2025-08-03T10:00:00Z"


async def test_reports_are_grouped_by_day_with_the_newest_summary(
    chronicle: ChronicleClient,
) -> None:
    for day, words in [(date(2025, 1, 8), "third"), (date(2025, 1, 7), "second")]:
        await chronicle.create_daily_scrum_report(daily_report("P1", day, summary=words))
    reports = await chronicle.get_daily_scrum_reports(project_id="P1")
    assert list(reports.reports) == [date(2025, 1, 7), date(2025, 1, 8)]
    assert reports.summary == "third"
    one = await chronicle.get_daily_scrum_reports("P1", daily_scrum_date=date(2025, 1, 7))
    assert (list(one.reports), one.summary) == ([date(2025, 1, 7)], "second")


async def test_note_gets_the_id_of_the_caller_unless_it_is_taken(
    chronicle: ChronicleClient,
) -> None:
    note_id = uuid4()
    first = retrospective("P1", 1, retrospective_id=note_id)
    assert (await chronicle.create_sprint_retrospective(first)).note_id == note_id
    assert (await chronicle.create_sprint_retrospective(retrospective("P1", 1))).note_id == note_id
    with pytest.raises(PeerRefused) as refused:
        await chronicle.create_sprint_retrospective(
            retrospective("P1", 2, retrospective_id=note_id)
        )
    assert refused.value.peer_status == 409
    report_id = uuid4()
    report = daily_report("P1", report_id=report_id)
    assert (await chronicle.create_daily_scrum_report(report)).note_id == report_id


@pytest.mark.parametrize(
    "path", ["sprint_planning", "sprint_retrospective", "daily_scrum_report", "decision_audit"]
)
async def test_missing_notes_are_not_found(
    chronicle_url: str, http: httpx.AsyncClient, path: str
) -> None:
    answer = await http.get(f"{chronicle_url}/v1/notes/{path}", params={"project_id": "P1"})
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


async def test_simultaneous_equal_notes_are_recorded_once(chronicle: ChronicleClient) -> None:
    history = retrospectives("P1", [3] * 100)
    reversed_history = schema.SprintRetrospectiveBulk(notes=list(reversed(history.notes)))
    bulks = [history, reversed_history] * 2
    answers = await asyncio.gather(*map(chronicle.create_sprint_retrospectives, bulks))
    assert sorted(answer.created for answer in answers) == [0] * 3 + [100]
    reports = [daily_report("P1")] * 10
    notes = await asyncio.gather(*map(chronicle.create_daily_scrum_report, reports))
    assert len({note.note_id for note in notes}) == 1


async def test_a_bulk_is_recorded_once(chronicle: ChronicleClient) -> None:
    history = retrospectives("P1", [3, 4, 5], action_items=[{"description": "Refine earlier"}])
    first = await chronicle.create_sprint_retrospectives(history, key="import-1")
    again = await chronicle.create_sprint_retrospectives(history)
    assert (first.created, first.existing) == (3, 0)
    assert (again.created, again.existing) == (0, 3)
    notes = await chronicle.list_sprint_retrospectives("P1")
    assert [note.completed_tasks for note in notes] == [3, 4, 5]
    assert [note.action_items[0].description for note in notes] == ["Refine earlier"] * 3


async def test_retrospectives_are_listed_without_their_tasks_on_request(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [3, 4]))
    whole = await chronicle.list_sprint_retrospectives("P1")
    short = await chronicle.list_sprint_retrospectives("P1", with_tasks=False)
    assert [len(note.tasks_summary) for note in short] == [0, 0]
    assert all(note.tasks_summary for note in whole)
    assert short == [note.model_copy(update={"tasks_summary": []}) for note in whole]


async def test_a_bulk_with_one_differing_sprint_records_none_and_names_it(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_sprint_retrospective(retrospective("P1", 2, finished=9))
    with pytest.raises(PeerRefused) as refused:
        await chronicle.create_sprint_retrospectives(retrospectives("P1", [3, 4, 5]))
    assert refused.value.peer_status == 409
    assert refused.value.problem["sprint_ids"] == ["P1-S02"]
    assert [note.sprint_id for note in await chronicle.list_sprint_retrospectives("P1")] == [
        "P1-S02"
    ]


async def test_a_bulk_of_100_sprints_of_20_tasks_is_one_request(
    chronicle: ChronicleClient,
) -> None:
    history = retrospectives("P1", [20] * 100, origin="import")
    assert len(history.model_dump_json()) < 1024 * 1024
    assert (await chronicle.create_sprint_retrospectives(history)).created == 100


async def test_ids_of_other_projects_and_repeated_tasks_are_refused(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    task = RETROSPECTIVE["tasks_summary"][0]
    invalid: list[dict[str, Any]] = [
        {"project_id": "NEX"},
        {"sprint_id": "NEX005-SUB-S02"},
        {"end_date": "2025-09-01"},
        {"tasks_summary": [task, task]},
        {"tasks_summary": [task | {"task_id": f"P-TASK{n:04}"} for n in range(2001)]},
        {"unknown": 1},
    ]
    for change in invalid:
        answer = await http.post(
            f"{chronicle_url}/v1/notes/sprint_retrospective", json=RETROSPECTIVE | change
        )
        assert answer.status_code == 400, change


async def test_a_task_summary_may_have_2000_tasks(chronicle: ChronicleClient) -> None:
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, finished=1500, open_=500))
    (note,) = await chronicle.list_sprint_retrospectives(sprint_id="P1-S01")
    assert (note.completed_tasks, note.total_tasks) == (1500, 2000)


async def test_import_of_finished_tasks_alone_has_no_total(
    chronicle: ChronicleClient,
) -> None:
    known = retrospective("P1", 1, 4, origin="import", planned_tasks_count=6, duration_weeks=None)
    unknown = retrospective("P1", 2, 4, origin="import")
    await chronicle.create_sprint_retrospectives(
        schema.SprintRetrospectiveBulk(notes=[known, unknown])
    )
    notes = await chronicle.list_sprint_retrospectives("P1")
    assert [note.total_tasks for note in notes] == [6, None]
    assert notes[0].duration_weeks is None


async def test_reports_of_several_projects_are_not_merged(chronicle: ChronicleClient) -> None:
    for project, words in (("P1", "One is stuck"), ("P2", "Two is fine")):
        await chronicle.create_daily_scrum_report(daily_report(project, summary=words))
    everything = await chronicle.get_daily_scrum_reports()
    assert (everything.project_id, everything.reports, everything.summary_metrics) == (
        None,
        {},
        None,
    )
    assert everything.summary == "Daily scrums of 2 projects (P1, P2): read each under `sprints`."
    assert {scrums.project_id: scrums.summary for scrums in everything.sprints} == {
        "P1": "One is stuck",
        "P2": "Two is fine",
    }
    assert all(len(scrums.reports) == 1 for scrums in everything.sprints)
    alone = await chronicle.get_daily_scrum_reports("P1")
    assert (alone.summary, len(alone.reports), alone.sprints) == ("One is stuck", 1, [])
